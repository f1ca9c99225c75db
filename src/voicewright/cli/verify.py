"""`voicewright verify`: what is known about a file of sound."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from voicewright.cli.application import Application, command

if TYPE_CHECKING:
    from voicewright.provenance.verification import SpeechMatch, Verification


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
    found = application.provenance.verify(None, file)
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
    where = ", ".join(f"{one.start_s:.1f}-{one.end_s:.1f} s" for one in watermark.passages)
    told = [where, watermark.reason or ""]
    print(f"watermark    {watermark.state.replace('_', ' ')}{sure} {'; '.join(filter(None, told))}".rstrip())
    for match in found.matches:
        print(f"speech       {_words(match)}")
    if not found.matches:
        print("speech       none that was made here")
    print(f"\n{found.conclusion}")


def _words(match: SpeechMatch) -> str:
    assert match.made_at is not None  # noqa: S101 - whoever has the machine may know all
    part = "" if match.part is None else f" part {match.part}"
    return (
        f"{match.start_s:.1f}-{match.end_s:.1f} s: {match.synthesis_id}{part}, made at "
        f"{match.made_at:%Y-%m-%d %H:%M} UTC with voice {match.voice_model_id} version "
        f"{match.voice_model_version} ({match.engine}), confidence {match.confidence:.2f}"
    )
