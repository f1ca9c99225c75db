"""How the figures of many clips spread: a few bars for each, in words, and which flaws there are how often.

Pure; the borders that matter to a verdict are those of `policies`.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

from voicewright.recordings.policies import CLIPPED, NOISY_DB, QUIET_LUFS, TOO_CLIPPED, TOO_NOISY_DB

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

Tone = Literal["good", "warn", "bad"]

_INF: Final = float("inf")
_DETAILS: Final = re.compile(r"\s*\(.*?\)|[:;,].*")
_FIGURES: Final = re.compile(r"^[\d.,]+ ?%? of ")
_NEARLY_ALL: Final = 0.995
SPREAD: Final = ("snr_db", "loudness_lufs", "clipping_ratio")
"""What is looked at of `report.ClipMeasures`."""


@dataclass(frozen=True, slots=True)
class Measured:
    """What is known of one clip."""

    length_s: float
    measures: Mapping[str, Any]
    """`SPREAD` of it, by name."""
    reasons: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Bar:
    """The clips whose figure lies between two borders."""

    label: str
    count: int
    tone: Tone


@dataclass(frozen=True, slots=True)
class Spread:
    """One figure over all clips."""

    name: str
    words: str
    """What the bars say, in a sentence."""
    bars: tuple[Bar, ...]

    @property
    def most(self) -> int:
        """The count of the highest bar."""
        return max((bar.count for bar in self.bars), default=0)


@dataclass(frozen=True, slots=True)
class Flaw:
    """Something that is wrong with some clips."""

    words: str
    count: int


def spreads_of(clips: Sequence[Measured]) -> tuple[Spread, ...]:
    """The spread of noise, loudness, cut-off peaks and lengths; none for no clips."""
    if not clips:
        return ()
    return (
        _spread("Voice above the noise", clips, lambda one: one.measures.get("snr_db"), _SNR, _say_snr),
        _spread("Loudness", clips, lambda one: one.measures.get("loudness_lufs"), _LOUDNESS, _say_loudness),
        _spread("Cut-off peaks", clips, lambda one: one.measures.get("clipping_ratio"), _PEAKS, _say_peaks),
        _spread("Length", clips, lambda one: one.length_s, _LENGTH, _say_length),
    )


def flaws_of(clips: Sequence[Measured]) -> list[Flaw]:
    """What is wrong with how many clips, the most frequent first; reasons that differ in figures are one."""
    counted = Counter(kind for one in clips for kind in {flaw_kind(reason) for reason in one.reasons})
    return [Flaw(words, count) for words, count in counted.most_common()]


def flaw_kind(reason: str) -> str:
    """A reason without its figures and advice: `background noise`."""
    words = _FIGURES.sub("", _DETAILS.sub("", reason)).strip()
    return words[:1].upper() + words[1:]


@dataclass(frozen=True, slots=True)
class _Step:
    below: float
    label: str
    tone: Tone = "good"


_SNR: Final = (
    _Step(TOO_NOISY_DB, f"under {TOO_NOISY_DB:.0f} dB", "bad"),
    _Step(NOISY_DB, f"{TOO_NOISY_DB:.0f}–{NOISY_DB:.0f} dB", "warn"),
    _Step(30.0, f"{NOISY_DB:.0f}–30 dB"),
    _Step(45.0, "30–45 dB"),
    _Step(_INF, "45 dB and more"),
)
_LOUDNESS: Final = (
    _Step(QUIET_LUFS, f"under {QUIET_LUFS:.0f} LUFS".replace("-", "\u2212"), "warn"),
    _Step(-32.0, "\u221242 to \u221232"),
    _Step(-24.0, "\u221232 to \u221224"),
    _Step(-16.0, "\u221224 to \u221216"),
    _Step(_INF, "\u221216 and louder"),
)
_PEAKS: Final = (
    _Step(CLIPPED, "none"),
    _Step(TOO_CLIPPED, "a few", "warn"),
    _Step(_INF, "many", "bad"),
)
_LENGTH: Final = (
    _Step(1.5, "under 1.5 s", "warn"),
    _Step(3.0, "1.5–3 s"),
    _Step(6.0, "3–6 s"),
    _Step(10.0, "6–10 s"),
    _Step(_INF, "over 10 s"),
)


def _spread(
    name: str,
    clips: Sequence[Measured],
    figure: Callable[[Measured], float | None],
    steps: Sequence[_Step],
    say: Callable[[Sequence[float], Sequence[Bar]], str],
) -> Spread:
    values = [value for value in map(figure, clips) if value is not None]
    counts = Counter(next(i for i, step in enumerate(steps) if value < step.below) for value in values)
    bars = tuple(Bar(step.label, counts[place], step.tone) for place, step in enumerate(steps))
    return Spread(name, say(values, bars) if values else "Not measured.", bars)


def _say_snr(values: Sequence[float], bars: Sequence[Bar]) -> str:
    least = math.floor(_middle(values))  # rounded up, it could be more than half of them have
    return f"{_share(bars)} quiet enough behind the voice; half have {least} dB or more."


def _say_loudness(values: Sequence[float], bars: Sequence[Bar]) -> str:
    half = f"{_middle(values):.0f}".replace("-", "\u2212")
    if bars[0].count:
        return f"{_share(bars)} loud enough; the middle is {half} LUFS."
    return f"Loud enough; the middle is {half} LUFS, and a training levels them all."


def _say_peaks(_: Sequence[float], bars: Sequence[Bar]) -> str:
    return f"{_share(bars)} free of cut-off peaks."


def _say_length(values: Sequence[float], _: Sequence[Bar]) -> str:
    return f"The middle is {_middle(values):.1f} s. 3 to 10 s suit a training best."


def _share(bars: Sequence[Bar]) -> str:
    total = sum(bar.count for bar in bars)
    share = sum(bar.count for bar in bars if bar.tone == "good") / total
    if share == 1:
        return "All clips are"
    return f"{min(share, _NEARLY_ALL - 0.005):.0%} of the clips are".replace("%", " %")


def _middle(values: Sequence[float]) -> float:
    return sorted(values)[len(values) // 2]
