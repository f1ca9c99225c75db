from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicewright.quality.wer import edits, word_error_rate, words_of

words = st.lists(st.sampled_from("abcd"), max_size=8)


def test_case_punctuation_and_hyphens_do_not_count():
    assert words_of("Well-known: the Reader's BOOK, page\u2014one.") == words_of(
        "well known the reader\u2019s book page one"
    )


def test_other_languages_keep_their_letters():
    assert words_of("Über Straßen, überall!", "de") == ["über", "strassen", "überall"]
    assert words_of("Ещё до восхода.", "ru") == ["ещё", "до", "восхода"]


def test_languages_without_spaces_are_compared_by_character():
    assert words_of("太阳, 出来", "zh") == ["太", "阳", "出", "来"]


def test_combining_marks_stay_with_their_letters():
    assert words_of("हिन्दी में", "hi") == ["हिन्दी", "में"]


@pytest.mark.parametrize(
    ("reference", "heard", "expected"),
    [("a b c", "a b c", 0), ("a b c", "a x c", 1), ("a b c", "a c", 1), ("a c", "a b c", 1), ("", "a b", 2)],
)
def test_edits_count_replaced_missing_and_added_words(reference, heard, expected):
    assert edits(reference.split(), heard.split()) == expected


@given(words, words, words)
def test_edits_are_a_distance(one, two, three):
    assert edits(one, two) == edits(two, one)
    assert (edits(one, two) == 0) == (one == two)
    assert edits(one, three) <= edits(one, two) + edits(two, three)
    assert abs(len(one) - len(two)) <= edits(one, two) <= max(len(one), len(two))


def test_the_rate_is_pooled_over_all_words():
    assert word_error_rate([("a b c d", "a b c d"), ("e f", "e")]) == pytest.approx(1 / 6)


def test_nothing_heard_is_all_wrong():
    assert word_error_rate([("one two", "")]) == 1.0


def test_no_words_no_rate():
    assert word_error_rate([("...", "noise")]) is None
    assert word_error_rate([]) is None
