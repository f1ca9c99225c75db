"""What of a spoken sentence is taken for right and what for wrong; the words are those a recogniser heard."""

from __future__ import annotations

import numpy as np
import pytest

from voicewright.speech.truth import Pace, judge, judge_words, loudest_rms, said_twice

TEXT = "We bought fresh bread, cheese and a jar of honey at the market this morning."
LENGTH_S = 5.0


def verdict(
    heard: str | None, *, text: str = TEXT, duration_s: float = LENGTH_S, loudest: float = 0.2
) -> str:
    """Empty where it is good."""
    found = judge(
        text, duration_s=duration_s, loudest=loudest, language="en-us", heard=heard, usual_s=LENGTH_S / 60
    )
    assert found.good == (not found.reason)
    return found.reason


@pytest.mark.parametrize(
    "heard",
    [
        "we bought fresh bread cheese and a jar of honey at the market this morning",
        "we bought fresh french cheese said in a jar of honey at the market in this morning",
        "we both fresh bread cheese and each our of honey at the mark this mourning",
        None,
    ],
)
def test_what_was_heard_a_little_wrong_is_good(heard: str | None) -> None:
    assert verdict(heard) == ""


def test_what_is_missing_in_a_row_is_found() -> None:
    assert "were not heard" in verdict("we bought fresh bread cheese and")
    assert "were not heard" in verdict("jar of honey at the market this morning")
    assert "were not heard" in verdict("we bought fresh bread at the market this morning")


def test_what_was_said_again_is_found() -> None:
    again = "a jar of honey at the market"
    more = f"we bought fresh bread cheese and {again} {again} this morning"
    assert "more were heard" in verdict(more)
    twice = "we bought fresh bread cheese and a jar of honey jar of honey at the market this morning"
    assert verdict(twice) == "“jar of honey” was heard twice"
    assert said_twice(["it", "was", "good", "it", "was", "good"]) == "it was good"
    assert verdict("it is what it is what it is", text="It is what it is what it is.", duration_s=2.0) == ""


def test_silence_noise_and_another_text_are_found() -> None:
    assert verdict(None, loudest=0.0) == "there is nothing but silence"
    assert verdict("") == "no words were heard"
    assert verdict("turn left where the church was") == "hardly a word of the text was heard"


def test_the_length_tells_where_nobody_knows_the_language() -> None:
    assert "too short" in verdict(None, duration_s=2.0)
    assert "too long" in verdict(None, duration_s=12.0)
    assert "too long" in verdict(None, text="Yes.", duration_s=8.0)
    assert verdict(None, text="Yes.", duration_s=0.5) == ""
    assert verdict(None, text="...", duration_s=0.5) == ""


def test_of_a_word_or_two_a_recogniser_makes_anything() -> None:
    assert verdict("yellow", text="Hello.", duration_s=0.6) == ""


def test_the_better_of_two_attempts_has_the_higher_score() -> None:
    written = ["one", "two", "three", "four", "five", "six", "seven", "eight"]
    half = judge_words(written, written[:4])
    most = judge_words(written, written[:6])
    assert half.score < most.score < judge_words(written, written).score == 1.0


def test_a_voice_has_a_pace_when_enough_of_it_was_heard() -> None:
    pace = Pace(least=3)
    for duration_s in (5.0, 6.0):
        pace.note(TEXT, duration_s, "en-us")
    pace.note("Yes.", 9.0, "en-us")
    before = pace.usual_s
    pace.note(TEXT, 9.0, "en-us")
    after = pace.usual_s
    assert before is None
    assert after == pytest.approx((6.0 - 0.35) / 60)


def test_one_loud_moment_is_enough() -> None:
    samples = np.zeros(22_050, dtype="<i2")
    assert loudest_rms(samples.tobytes(), 22_050) == 0.0
    samples[:2205] = 16_384
    assert loudest_rms(samples.tobytes(), 22_050) == pytest.approx(0.5)
    assert loudest_rms(samples[:10].tobytes(), 22_050) == pytest.approx(0.5)
    assert loudest_rms(b"", 22_050) == 0.0
