from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from voicewright.recordings.policies import Circumstances, judge
from voicewright.recordings.report import ClipMeasures, Verdict

FINE = ClipMeasures(
    snr_db=40,
    clipping_ratio=0,
    loudness_lufs=-22,
    bandwidth_hz=11_025,
    dnsmos_ovrl=3.3,
    dnsmos_sig=3.6,
    speaker_cosine=0.95,
)
AROUND = Circumstances(duration_s=6, speech_s=5, text="The birch canoe slid on the smooth planks.")


def test_a_fine_clip_is_good_without_reasons():
    assert judge(FINE, AROUND) == (Verdict.GOOD, ())
    bare = replace(FINE, dnsmos_ovrl=None, dnsmos_sig=None, speaker_cosine=None)
    assert judge(bare, AROUND) == (Verdict.GOOD, ())


@pytest.mark.parametrize(
    ("measures", "around", "verdict", "words"),
    [
        ({"snr_db": 14}, {}, Verdict.USABLE, "background noise"),
        ({"snr_db": 3}, {}, Verdict.REJECTED, "nearly as loud"),
        ({"clipping_ratio": 0.001}, {}, Verdict.USABLE, "peaks are cut off"),
        ({"clipping_ratio": 0.05}, {}, Verdict.REJECTED, "heavily distorted"),
        ({"bandwidth_hz": 3400}, {}, Verdict.USABLE, "telephone recording: effective bandwidth 3.4 kHz"),
        ({"bandwidth_hz": 5500}, {}, Verdict.USABLE, "muffled: effective bandwidth 5.5 kHz"),
        ({"loudness_lufs": -50}, {}, Verdict.USABLE, "very quietly"),
        ({"dnsmos_ovrl": 1.8}, {}, Verdict.USABLE, "mediocre"),
        ({"dnsmos_ovrl": 1.1}, {}, Verdict.REJECTED, "very poor"),
        ({"speaker_cosine": 0.5}, {"other_speaker": True}, Verdict.REJECTED, "different speaker"),
        ({"speaker_cosine": 0.7}, {"doubtful_speaker": True}, Verdict.USABLE, "may be a different speaker"),
        ({}, {"problem": "cut off: 1.0 s of 2.0 s are there"}, Verdict.USABLE, "the file is cut off"),
        ({}, {"invalid_share": 0.0001}, Verdict.USABLE, "not numbers"),
        ({}, {"invalid_share": 0.2}, Verdict.REJECTED, "20.0% of the samples"),
        ({}, {"speech_s": 1.0}, Verdict.USABLE, "mostly silence"),
        ({}, {"text": "word " * 90}, Verdict.USABLE, "does not seem to belong"),
        ({}, {"text": "Hi"}, Verdict.USABLE, "does not seem to belong"),
    ],
)
def test_every_flaw_has_its_verdict_and_its_words(measures, around, verdict, words):
    found, reasons = judge(replace(FINE, **measures), replace(AROUND, **around))
    assert found is verdict
    assert any(words in reason for reason in reasons)


@settings(deadline=None)
@given(
    st.builds(
        ClipMeasures,
        snr_db=st.floats(0, 100),
        clipping_ratio=st.floats(0, 1),
        loudness_lufs=st.floats(-100, 0),
        bandwidth_hz=st.floats(0, 11_025),
        dnsmos_ovrl=st.none() | st.floats(1, 5),
    ),
    st.floats(0, 1),
)
def test_a_verdict_is_good_exactly_when_there_is_no_reason(measures, invalid):
    verdict, reasons = judge(measures, replace(AROUND, invalid_share=invalid))
    assert (verdict is Verdict.GOOD) == (not reasons)
    assert len(set(reasons)) == len(reasons)
