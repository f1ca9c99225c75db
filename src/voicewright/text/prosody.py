"""What `break` and `prosody` of SSML ask for, in seconds, in times the speed and in semitones."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from voicewright.text.script import Manner

if TYPE_CHECKING:
    from voicewright.text.refusals import Refusals

LONGEST_BREAK_S: Final = 10.0
SLOWEST, FASTEST = 0.25, 4.0
MOST_SEMITONES: Final = 12.0

_STRENGTHS: Final = {
    "none": 0.0, "x-weak": 0.1, "weak": 0.2, "medium": 0.4, "strong": 0.7, "x-strong": 1.2,
}  # fmt: skip
_RATES: Final = {
    "x-slow": 0.5, "slow": 0.75, "medium": 1.0, "fast": 1.25, "x-fast": 1.6, "default": 1.0,
}  # fmt: skip
_PITCHES: Final = {
    "x-low": -5.0, "low": -2.5, "medium": 0.0, "high": 2.5, "x-high": 5.0, "default": 0.0,
}  # fmt: skip
_VOLUMES: Final = frozenset({"default", "medium", "+0dB", "0dB", "-0dB"})
_TIME: Final = re.compile(r"\+?([0-9]{1,6}(?:\.[0-9]{1,6})?|\.[0-9]{1,6})(ms|s)")
_NUMBER: Final = re.compile(r"([+-]?)([0-9]{1,4}(?:\.[0-9]{1,4})?|\.[0-9]{1,4})(%|st|Hz)?", re.IGNORECASE)


def break_s(attributes: Mapping[str, str], refuse: Refusals) -> float:
    """How long a `break` is."""
    strength = attributes.get("strength", "medium")
    if strength not in _STRENGTHS:
        refuse.invalid(f"the strength {strength[:40]!r} of <break> is none of {', '.join(_STRENGTHS)}")
    if "time" not in attributes:
        return _STRENGTHS[strength]
    found = _TIME.fullmatch(attributes["time"].strip())
    if found is None:
        refuse.invalid(f"the time {attributes['time'][:40]!r} of <break> is not of the form 500ms or 1.5s")
    pause_s = float(found[1]) / (1000 if found[2] == "ms" else 1)
    if pause_s > LONGEST_BREAK_S:
        refuse.invalid(f"a break of {pause_s:g} s is longer than {LONGEST_BREAK_S:g} s")
    return pause_s


def changed(manner: Manner, attributes: Mapping[str, str], refuse: Refusals) -> Manner:
    """The manner within a `prosody`: speeds multiply, pitches add, both end where engines end."""
    if "volume" in attributes and attributes["volume"] not in _VOLUMES:
        refuse.unsupported("another volume than medium", "<prosody> changes rate and pitch")
    speed = manner.speed * _rate(attributes.get("rate", "medium").strip(), refuse)
    pitch = manner.pitch_semitones + _pitch(attributes.get("pitch", "medium").strip(), refuse)
    return Manner(
        speed=min(max(speed, SLOWEST), FASTEST),
        pitch_semitones=min(max(pitch, -MOST_SEMITONES), MOST_SEMITONES),
    )


def _rate(written: str, refuse: Refusals) -> float:
    if written in _RATES:
        return _RATES[written]
    found = _NUMBER.fullmatch(written)
    if found is None or found[3] not in {"%", None} or (found[1] and found[3] is None):
        refuse.invalid(
            f"the rate {written[:40]!r} is neither of {', '.join(_RATES)} nor of the form 80%, +10% or 1.2"
        )
    number = float(found[2]) / (100 if found[3] else 1)
    if found[1]:
        number = 1 + math.copysign(number, -1 if found[1] == "-" else 1)
    if number <= 0:
        refuse.invalid(f"at a rate of {written!r} nothing would ever be said")
    return number


def _pitch(written: str, refuse: Refusals) -> float:
    if written in _PITCHES:
        return _PITCHES[written]
    found = _NUMBER.fullmatch(written)
    unit = (found[3] or "").lower() if found else ""
    if unit == "hz":
        refuse.unsupported("a pitch in Hz", "A pitch is relative to the voice: +2st, -10%, low, high")
    if found is None or not unit:
        refuse.invalid(
            f"the pitch {written[:40]!r} is neither of {', '.join(_PITCHES)} nor of the form +2st or +10%"
        )
    number = math.copysign(float(found[2]), -1 if found[1] == "-" else 1)
    if unit == "st":
        return number
    factor = 1 + number / 100 if found[1] else number / 100
    if factor <= 0:
        refuse.invalid(f"there is no pitch of {written!r}")
    return 12 * math.log2(factor)
