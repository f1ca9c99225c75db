from __future__ import annotations

import io
from pathlib import Path

import pytest
from rich.console import Console

from voicewright.cli.report import evaluation_json, megabytes, print_evaluation, print_list, spoken_words
from voicewright.speech.say import SayResult
from voicewright.voices.models import VoiceModel

EVALUATION = {
    "similarity": 0.9,
    "naturalness": 0.7,
    "clarity": None,
    "consistency": 0.8,
    "overall": 0.81,
    "raw": {"speaker_cosine": 0.93, "dnsmos_ovrl": 2.9, "dnsmos_sig": 3.2, "dnsmos_bak": 3.9, "wer": None},
    "reasons": ["Words [could] not be judged."],
    "sentences": [],
}


def printed(show: object, *args: object) -> str:
    console = Console(file=io.StringIO(), width=100, highlight=False)
    show(console, *args)  # type: ignore[operator]
    return console.file.getvalue()  # type: ignore[attr-defined]


def test_programs_get_the_promised_fields_and_no_others() -> None:
    assert evaluation_json(EVALUATION) == {
        "similarity": 0.9,
        "naturalness": 0.7,
        "clarity": None,
        "consistency": 0.8,
        "overall": 0.81,
        "raw": {"speaker_cosine": 0.93, "dnsmos_ovrl": 2.9, "dnsmos_sig": 3.2, "wer": None},
    }
    assert evaluation_json(None) is None


def test_people_get_scores_figures_and_reasons() -> None:
    text = printed(print_evaluation, EVALUATION)

    assert "0.90" in text
    assert "speaker cosine 0.930" in text
    assert "word error rate unknown" in text
    assert "Words [could] not be judged." in text


def test_a_voice_without_evaluation_says_so() -> None:
    assert "Not evaluated" in printed(print_evaluation, None)


def test_an_empty_list_is_not_announced() -> None:
    assert printed(print_list, "Notes:", []) == ""
    assert "- one" in printed(print_list, "Notes:", ["one"])


@pytest.mark.parametrize(
    ("synthesis_s", "pace"),
    [
        (1.2, ": 9.6 s; the engine took 1.2 s, 8.0 x faster than it sounds"),
        (9.7, ": 9.6 s; the engine took 9.7 s, as fast as it sounds"),
        (19.2, ": 9.6 s; the engine took 19.2 s, 2.0 x slower than it sounds"),
        (0.0, ": 9.6 s"),
    ],
)
def test_how_fast_it_was_said_is_told_by_what_it_sounds_like(synthesis_s: float, pace: str) -> None:
    said = SayResult(VoiceModel(), Path("a.wav"), 9.6, synthesis_s / 9.6, synthesis_s, 9.6, 0.25, 3)
    assert spoken_words(said) == f"a.wav{pace}; first audio after 250 ms, with all that had to start"


def test_sizes_are_told_as_people_read_them() -> None:
    assert megabytes(5_400_000) == "5.4 MB"
    assert megabytes(5_400_000_000) == "5.4 GB"
