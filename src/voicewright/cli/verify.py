"""`voicewright verify`: what is known about a file of sound."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from voicewright.cli.application import Application, command
from voicewright.cli.decoders import quiet_decoders

if TYPE_CHECKING:
    from collections.abc import Sequence

    from voicewright.provenance.listener import Passage
    from voicewright.provenance.verification import SpeechMatch, Verification

_NEAR_S: Final = 3.0
"""What is marked is a window of about this length: what lies nearer to the next is one passage to people."""
_SHOWN: Final = 5


@command
def verify(
    *,
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(help="Sound in any format.")],
    as_json: Annotated[bool, typer.Option("--json", help="Answer with one JSON object.")] = False,
) -> dict[str, Any]:
    """Say whether a machine spoke what is in a file, with which voice, and how sure that is."""
    from voicewright.provenance.views import VerificationView

    application: Application = ctx.obj
    provenance = application.provenance
    with quiet_decoders():
        found = provenance.verify(None, file)
    if not as_json:
        _print(found)
    answer: dict[str, Any] = VerificationView.of(found).model_dump(mode="json")
    return answer


def _print(found: Verification) -> None:
    manifest, watermark = found.manifest, found.watermark
    signer = f", by {manifest.signer}" if manifest.signer else ""
    problems = f" ({', '.join(manifest.problems)})" if manifest.problems else ""
    print(f"manifest     {manifest.state}{signer}{problems}")
    sure = "" if watermark.confidence is None else f" ({watermark.confidence:.2f})"
    told = [_places(watermark.passages), watermark.reason or ""]
    print(f"watermark    {watermark.state.replace('_', ' ')}{sure} {'; '.join(filter(None, told))}".rstrip())
    for match in found.matches:
        print(f"speech       {_words(match)}")
    if not found.matches:
        print("speech       none that was made here")
    print(f"\n{found.conclusion}")


def _places(passages: Sequence[Passage]) -> str:
    """Where they are: those that are near to each other as one, and no more than a line of them."""
    joined: list[tuple[float, float]] = []
    for one in passages:
        if joined and one.start_s - joined[-1][1] <= _NEAR_S:
            joined[-1] = (joined[-1][0], max(joined[-1][1], one.end_s))
        else:
            joined.append((one.start_s, one.end_s))
    shown = ", ".join(f"{start_s:.1f}-{end_s:.1f} s" for start_s, end_s in joined[:_SHOWN])
    if len(joined) <= _SHOWN:
        return shown
    return f"{shown} and in {len(joined) - _SHOWN:,} more places up to {joined[-1][1]:.1f} s (--json has all)"


def _words(match: SpeechMatch) -> str:
    assert match.made_at is not None  # noqa: S101 - whoever has the machine may know all
    part = "" if match.part is None else f" part {match.part}"
    voice = f"voice {match.voice_model_id}" if match.voice_name is None else f"'{match.voice_name}'"
    return (
        f"{match.start_s:.1f}-{match.end_s:.1f} s: {match.synthesis_id}{part}, made at "
        f"{match.made_at:%Y-%m-%d %H:%M} UTC with {voice}, version "
        f"{match.voice_model_version} ({match.engine}), confidence {match.confidence:.2f}"
    )
