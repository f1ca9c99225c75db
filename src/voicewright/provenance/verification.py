"""What is known about a file, put together and said in words that claim no more than was found."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Final

from voicewright.provenance.identifying import EARLIER_TAKES
from voicewright.provenance.manifests import moment_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from voicewright.accounts.caller import Caller
    from voicewright.provenance.identifying import Found
    from voicewright.provenance.listener import Watermark
    from voicewright.provenance.manifests import Manifest

NO_NAMES: Final[Mapping[uuid.UUID, str]] = {}


@dataclass(frozen=True, slots=True)
class SpeechMatch:
    """A speech of this instance that is in the file; who may not know more learns the day."""

    made_on: date
    start_s: float
    """Where it begins in the file."""
    end_s: float
    confidence: float
    """0.5 to 1."""
    speed: float
    """How much faster the file is than the speech was; 1 as it was spoken."""
    synthesis_id: uuid.UUID | None = None
    part: int | None = None
    """Number of the item or paragraph, where only that is known to be in the file."""
    made_at: datetime | None = None
    voice_model_id: uuid.UUID | None = None
    voice_name: str | None = None
    """As it is called now."""
    voice_model_version: int | None = None
    engine: str | None = None
    user_id: uuid.UUID | None = None
    """Who had it spoken."""


@dataclass(frozen=True, slots=True)
class Verification:
    """What is known about a file."""

    duration_s: float
    manifest: Manifest
    watermark: Watermark
    matches: tuple[SpeechMatch, ...]
    """The surest first."""
    made_here: bool | None
    """None: it can't be told."""
    conclusion: str
    """All of it in words."""


def as_seen_by(
    caller: Caller | None, found: Found, speed: float, *, names: Mapping[uuid.UUID, str] = NO_NAMES
) -> SpeechMatch:
    """A match, with what somebody may know of it.

    Args:
        caller: who asks; None: whoever has this machine.
        found: the match.
        speed: at which the file had to be played to be found.
        names: what voices are called.
    """
    speech, match = found
    told = SpeechMatch(
        made_on=speech.made_at.date(),
        start_s=round(match.start_s / speed, 1),
        end_s=round(match.end_s / speed, 1),
        confidence=match.confidence,
        speed=speed,
    )
    if not (caller is None or caller.is_admin or caller.user_id in {speech.user_id, speech.owner_id}):
        return told
    return SpeechMatch(
        made_on=told.made_on,
        start_s=told.start_s,
        end_s=told.end_s,
        confidence=told.confidence,
        speed=speed,
        synthesis_id=speech.synthesis_id,
        part=speech.part % EARLIER_TAKES or None,
        made_at=speech.made_at,
        voice_model_id=speech.model_id,
        voice_name=names.get(speech.model_id),
        voice_model_version=speech.model_version,
        engine=speech.engine,
        user_id=speech.user_id,
    )


def conclude(
    duration_s: float, manifest: Manifest, watermark: Watermark, matches: Sequence[SpeechMatch]
) -> Verification:
    """Put together what was found."""
    words = [*_of_manifest(manifest), *_of_matches(matches), *_of_watermark(watermark, matches)]
    made_here = True if manifest.state == "trusted" or matches else None
    if made_here is None and watermark.state != "found" and not manifest.says_generated:
        words.append(
            "That proves nothing: whoever changes the speed by 5 %, or the pitch by a semitone, removes the "
            "watermark; a conversion removes the manifest; and other programs leave neither."
        )
    return Verification(duration_s, manifest, watermark, tuple(matches), made_here, " ".join(words))


def _of_manifest(manifest: Manifest) -> list[str]:
    made_at = moment_of(manifest)
    day = "" if made_at is None else f" on {made_at.date().isoformat()}"
    if manifest.state == "trusted":
        return [f"The file is as this instance signed it: speech made by a machine{day}."]
    if manifest.state == "valid":
        says = "says that a machine made it" if manifest.says_generated else "does not say how it was made"
        signer = manifest.signer or "somebody unknown"
        return [f"The file is as {signer!r} signed it, whom this instance does not know; it {says}."]
    if manifest.state == "invalid":
        return ["The file has a manifest that does not fit it: one of the two was changed after the signing."]
    return []


def _of_matches(matches: Sequence[SpeechMatch]) -> list[str]:
    if not matches:
        return []
    best = matches[0]
    how = "surely" if best.confidence >= 0.8 else "probably"  # noqa: PLR2004 - see `matching.Match`
    speed = "" if best.speed == 1 else f", at {best.speed:g} times its speed"
    more = "" if len(matches) == 1 else f" {len(matches) - 1} more of its speeches may be in it."
    where = f"From {best.start_s:.1f} s to {best.end_s:.1f} s"
    return [f"{where} it is {how} speech that this instance made on {best.made_on.isoformat()}{speed}.{more}"]


def _of_watermark(watermark: Watermark, matches: Sequence[SpeechMatch]) -> list[str]:
    if watermark.state == "unknown":
        return [f"Whether there is a watermark can't be told: {watermark.reason}."]
    if watermark.state == "not_found":
        return ["No watermark was heard."] if matches else ["No watermark was heard, and no known speech."]
    where = " and ".join(f"{one.start_s:.1f}-{one.end_s:.1f} s" for one in watermark.passages[:3])
    more = "" if len(watermark.passages) <= 3 else " and more"  # noqa: PLR2004 - the same three
    heard = f"It carries the watermark of speech made by a machine ({where}{more})."
    if matches:
        return [heard]
    others = "By whom, it does not say: programs other than this one use the same watermark,"
    return [f"{heard} {others} and no known speech of this instance is in the file."]
