"""The rules among one person's voices."""

from __future__ import annotations

import dataclasses

import pytest

from voicewright.engines.port import Provider
from voicewright.engines.testing import TONE_ENGINE
from voicewright.speech.choosing import Candidate, in_order, reason_of
from voicewright.voices.models import VoiceModel

WHOLE = dataclasses.replace(TONE_ENGINE.capabilities, streams=False)
NEAR = dataclasses.replace(TONE_ENGINE, title="Near")
SLOW = dataclasses.replace(TONE_ENGINE, title="Slow", capabilities=WHOLE)
FAR = dataclasses.replace(
    TONE_ENGINE, title="Far", provider=Provider("Far", needs=()), dollars_per_1000_characters=0.3
)


def candidate(info, score=None, measured_ms=None):
    return Candidate(VoiceModel(quality_score=score), info, measured_ms)


@pytest.mark.parametrize(
    ("rule", "first", "then"),
    [
        ("named", candidate(FAR, 0.1), candidate(NEAR, 0.9)),
        ("best", candidate(FAR, 0.9), candidate(NEAR, 0.8)),
        ("best", candidate(FAR, 0.1), candidate(NEAR)),
        ("best", candidate(FAR, 0.5), candidate(NEAR, 0.5)),
        ("cost", candidate(SLOW, 0.1, 9000.0), candidate(FAR, 0.9, 10.0)),
        ("cost", candidate(NEAR), candidate(SLOW)),
        ("latency", candidate(NEAR), candidate(FAR)),
        ("latency", candidate(FAR), candidate(SLOW)),
        ("latency", candidate(SLOW, measured_ms=90.0), candidate(NEAR, measured_ms=100.0)),
    ],
)
def test_who_comes_first(rule, first, then):
    assert in_order([first, then], rule) == [first, then]
    if rule != "named" and first.voice.quality_score != then.voice.quality_score:
        assert in_order([then, first], rule) == [first, then]


def test_the_reasons_name_what_counted():
    assert "Near, judged 0.81" in reason_of(candidate(NEAR, 0.81), "best")
    assert reason_of(candidate(NEAR), "best").endswith("that of Near.")
    assert "Near asks nothing" in reason_of(candidate(NEAR), "cost")
    assert "Far asks 0.300 dollars" in reason_of(candidate(FAR), "cost")
    assert "is expected after 1000 ms" in reason_of(candidate(FAR), "latency")
    assert "came lately after 42 ms" in reason_of(candidate(FAR, measured_ms=42.0), "latency")
    assert "asked for" in reason_of(candidate(NEAR), "named")
