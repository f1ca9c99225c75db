from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicewright.quality import maps
from voicewright.quality.figures import UNKNOWN_DNSMOS, Dnsmos
from voicewright.quality.findings import Findings, SentenceFigures
from voicewright.quality.scoring import WEIGHTS, overall, score

CLEAN = Dnsmos(3.2, 3.5, 4.0)


def sentence(**changes):
    figures = SentenceFigures(
        "one two three four", "a.wav", 2.0, 0.9, CLEAN, heard="one two three four", words=4, wrong_words=0
    )
    return replace(figures, **changes)


def findings(*sentences, **changes):
    found = Findings("en-us", "pocketsphinx", sentences, speaker_cosine=0.93, references=4)
    return replace(found, **changes)


def test_overall_weighs_the_four_components():
    scores = score(findings(sentence(), sentence(speaker_cosine=0.86, wrong_words=2)))
    assert scores.similarity == pytest.approx(maps.similarity(0.93), abs=1e-4)
    assert scores.naturalness == pytest.approx(maps.naturalness(3.2), abs=1e-4)
    assert scores.clarity == pytest.approx(maps.clarity(0.25), abs=1e-4)
    assert scores.consistency == pytest.approx(maps.consistency(0.02), abs=1e-4)
    expected = (
        0.4 * scores.similarity + 0.3 * scores.naturalness + 0.2 * scores.clarity + 0.1 * scores.consistency
    )
    assert scores.overall == pytest.approx(expected)


def test_without_a_recogniser_clarity_is_unknown_and_the_others_share_its_weight():
    unheard = sentence(heard=None, wrong_words=None)
    scores = score(findings(unheard, unheard, recogniser=None))
    assert scores.clarity is None
    assert scores.raw["wer"] is None
    expected = (0.4 * scores.similarity + 0.3 * scores.naturalness + 0.1 * scores.consistency) / 0.8
    assert scores.overall == pytest.approx(expected)


def test_one_sentence_says_nothing_about_consistency():
    scores = score(findings(sentence()))
    assert scores.consistency is None
    assert scores.similarity is not None


def test_a_silent_sentence_costs_naturalness_and_clarity():
    silent = sentence(silent=True, speaker_cosine=math.nan, dnsmos=UNKNOWN_DNSMOS, heard="", wrong_words=4)
    whole, half = score(findings(sentence(), sentence())), score(findings(sentence(), silent))
    assert half.naturalness < whole.naturalness
    assert half.clarity < whole.clarity
    assert half.overall < whole.overall


def test_a_voice_that_says_nothing_scores_nothing():
    silent = sentence(silent=True, speaker_cosine=math.nan, dnsmos=UNKNOWN_DNSMOS, heard="", wrong_words=4)
    scores = score(findings(silent, silent, speaker_cosine=math.nan))
    assert (scores.similarity, scores.naturalness, scores.clarity, scores.overall) == (0.0, 0.0, 0.0, 0.0)


def test_a_judge_without_an_answer_makes_its_component_unknown():
    scores = score(findings(sentence(dnsmos=UNKNOWN_DNSMOS), sentence(dnsmos=UNKNOWN_DNSMOS)))
    assert scores.naturalness is None
    assert scores.raw["dnsmos_ovrl"] is None
    unlike = score(findings(sentence(), sentence(), speaker_cosine=math.nan))
    assert unlike.similarity is None


parts = st.fixed_dictionaries({name: st.none() | st.floats(0, 1) for name in WEIGHTS})


@given(parts)
def test_overall_lies_between_the_lowest_and_the_highest_known_component(some):
    known = [part for part in some.values() if part is not None]
    if known:
        assert min(known) - 1e-9 <= overall(some) <= max(known) + 1e-9
    else:
        assert overall(some) == 0.0


@given(parts, st.sampled_from(sorted(WEIGHTS)), st.floats(0, 1))
def test_a_better_component_never_lowers_the_overall_score(some, name, better):
    if some[name] is not None:
        assert overall({**some, name: max(some[name], better)}) >= overall(some) - 1e-9
