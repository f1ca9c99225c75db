from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicewright.text.sentences import split_sentences
from voicewright.wyoming.describe import spelt
from voicewright.wyoming.sentences import SentenceFeed


def fed(parts: list[str]) -> tuple[list[str], str]:
    """What is given out after each part, and what is left."""
    feed = SentenceFeed()
    return [feed.add(part) for part in parts], feed.rest()


def test_a_sentence_is_given_once_the_next_has_begun() -> None:
    assert fed(["Dr", ". Smith ca", "me. H", "e left."]) == (["", "", "Dr. Smith came. ", ""], "He left.")
    assert fed(["One. Two. Th", "ree"]) == (["One. Two. ", ""], "Three")
    assert fed(["One.\n\nTwo. Three"]) == (["One.\n\nTwo. "], "Three")
    assert fed(["今日は。明日", "は。"]) == (["今日は。 ", ""], "明日は。")
    assert fed([" ", "*** "]) == (["", ""], " *** ")
    assert fed([]) == ([], "")


def test_a_text_that_is_held_comes_whole() -> None:
    feed = SentenceFeed()
    feed.hold("<speak>One. ")
    feed.hold("Two.</speak>")
    assert (feed.rest(), feed.rest()) == ("<speak>One. Two.</speak>", "")


@given(st.lists(st.text(alphabet="abc. !?\n'\"", max_size=12), max_size=12))
def test_no_word_is_lost_however_a_text_is_cut(parts: list[str]) -> None:
    given_out, rest = fed(parts)
    words = " ".join(one.text for one in split_sentences("".join(parts)))
    spoken = "".join(given_out) + rest
    assert [*filter(str.isalpha, spoken)] == [*filter(str.isalpha, words)]


@pytest.mark.parametrize(
    ("tag", "shown"), [("en-us", "en-US"), ("de", "de"), ("zh-hant-tw", "zh-Hant-TW"), ("es-419", "es-419")]
)
def test_languages_are_spelt_as_bcp_47_does(tag: str, shown: str) -> None:
    assert spelt(tag) == shown
