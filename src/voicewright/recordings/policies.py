"""The rules of intake: limits, and how measures become a verdict with reasons. Pure, no files."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from voicewright.recordings.report import Verdict

if TYPE_CHECKING:
    from voicewright.recordings.report import ClipMeasures


@dataclass(frozen=True, slots=True)
class IntakeLimits:
    """What intake takes in."""

    max_clip_s: float = 15.0
    """Longer recordings are cut at pauses."""
    min_clip_s: float = 0.5
    split_pause_s: float = 3.0
    """In a recording without transcript a pause this long ends a clip."""
    max_file_s: float = 12 * 3600.0
    """What comes later in a file is left out, with a note."""
    max_files: int = 20_000
    dnsmos_clips: int = 6
    """DNSMOS costs most of a second per clip: of more clips than this, an even sample is scored."""
    workers: int | None = None
    """Files worked on at once; None: one per core, at most 8."""


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What is known of a clip besides its measures."""

    duration_s: float
    speech_s: float
    text: str | None = None
    problem: str | None = None
    """What was wrong with the file, for example that it is cut off."""
    invalid_share: float = 0.0
    """Share of samples in the file that were NaN or infinite."""
    other_speaker: bool = False
    doubtful_speaker: bool = False


NOISY_DB: Final = 20.0
TOO_NOISY_DB: Final = 6.0
CLIPPED: Final = 0.0002
TOO_CLIPPED: Final = 0.01
QUIET_LUFS: Final = -42.0
_TELEPHONE_HZ: Final = 4200.0
_NARROW_HZ: Final = 7000.0
_POOR_OVRL: Final = 2.2
_BAD_OVRL: Final = 1.4
_SPEECH_SHARE: Final = 0.35
_FASTEST_CHARACTERS_PER_S: Final = 40.0
_SLOWEST_CHARACTERS_PER_S: Final = 1.0
_MANY_INVALID: Final = 0.01
_RATE_NEEDS_S: Final = 1.0


def judge(measures: ClipMeasures, around: Circumstances) -> tuple[Verdict, tuple[str, ...]]:
    """Weigh one clip.

    Returns:
        The verdict, and for every flaw one sentence; a good clip has none.
    """
    harmful = _harmful(measures, around)
    flaws = harmful + _flaws(measures, around, told=bool(harmful))
    if harmful:
        return Verdict.REJECTED, tuple(flaws)
    return (Verdict.USABLE if flaws else Verdict.GOOD), tuple(flaws)


def _harmful(measures: ClipMeasures, around: Circumstances) -> list[str]:
    """What a voice must not learn."""
    reasons = []
    if around.other_speaker:
        reasons.append(
            "sounds like a different speaker than the other clips"
            f" (likeness {measures.speaker_cosine or 0.0:.2f})"
        )
    if measures.snr_db < TOO_NOISY_DB:
        reasons.append(
            f"the background is nearly as loud as the voice (speech only {measures.snr_db:.0f} dB above it)"
        )
    if measures.clipping_ratio > TOO_CLIPPED:
        reasons.append(
            f"heavily distorted: {measures.clipping_ratio:.1%} of the samples are cut off;"
            " lower the input level"
        )
    if around.invalid_share > _MANY_INVALID:
        reasons.append(
            f"{around.invalid_share:.1%} of the samples in the file are not numbers; export it again"
        )
    if measures.dnsmos_ovrl is not None and measures.dnsmos_ovrl < _BAD_OVRL:
        reasons.append(f"very poor sound quality (DNSMOS {measures.dnsmos_ovrl:.1f} of 5)")
    return reasons


def _flaws(measures: ClipMeasures, around: Circumstances, *, told: bool) -> list[str]:
    """What makes a clip worth less; where the worst is `told` already, its text is not looked at."""
    reasons = []
    if around.problem:
        reasons.append(f"the file is {around.problem}")
    if around.doubtful_speaker:
        reasons.append(f"may be a different speaker (likeness {measures.speaker_cosine or 0.0:.2f})")
    if TOO_NOISY_DB <= measures.snr_db < NOISY_DB:
        reasons.append(
            f"background noise: speech is only {measures.snr_db:.0f} dB above it; record in a quieter room"
        )
    if CLIPPED < measures.clipping_ratio <= TOO_CLIPPED:
        reasons.append(
            f"some peaks are cut off ({measures.clipping_ratio:.2%} of the samples); lower the input level"
        )
    reasons.extend(_narrow(measures.bandwidth_hz))
    if measures.loudness_lufs < QUIET_LUFS:
        reasons.append(
            f"recorded very quietly ({measures.loudness_lufs:.0f} LUFS); move closer to the microphone"
        )
    if 0 < around.invalid_share <= _MANY_INVALID:
        reasons.append("some samples in the file are not numbers; they were replaced by silence")
    if measures.dnsmos_ovrl is not None and _BAD_OVRL <= measures.dnsmos_ovrl < _POOR_OVRL:
        reasons.append(f"mediocre sound quality (DNSMOS {measures.dnsmos_ovrl:.1f} of 5)")
    if around.speech_s < _SPEECH_SHARE * around.duration_s:
        reasons.append(f"mostly silence: {around.speech_s:.1f} s of speech in {around.duration_s:.1f} s")
    if not told:
        reasons.extend(_unlikely_text(around))
    return reasons


def _narrow(bandwidth_hz: float) -> list[str]:
    reach = f"effective bandwidth {bandwidth_hz / 1000:.1f} kHz"
    if bandwidth_hz < _TELEPHONE_HZ:
        return [f"sounds like a telephone recording: {reach}; the voice will sound dull"]
    if bandwidth_hz < _NARROW_HZ:
        return [f"muffled: {reach}; the voice will sound dull"]
    return []


def _unlikely_text(around: Circumstances) -> list[str]:
    if not around.text or around.speech_s < _RATE_NEEDS_S:
        return []
    rate = len(around.text) / around.speech_s
    if rate > _FASTEST_CHARACTERS_PER_S or rate < _SLOWEST_CHARACTERS_PER_S:
        return [
            (
                f"the transcript does not seem to belong to it ({len(around.text)} characters"
                f" for {around.speech_s:.1f} s of speech)"
            )
        ]
    return []
