from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from voicewright.text.errors import TextEmpty
from voicewright.text.legible import can_be_said
from voicewright.text.reading import CLAUSE_PAUSE_S, read_script
from voicewright.text.sentences import LONGEST

if TYPE_CHECKING:
    from voicewright.text.script import Piece


def pieces(text: str, language: str = "en-us", **kwargs) -> tuple[Piece, ...]:
    return read_script(text, language=language, **kwargs).pieces


def test_a_piece_for_each_sentence_as_written_and_as_said() -> None:
    read = pieces("Dr. Smith paid $5. “Why?” she asked.\n\nNobody knew.")

    assert [(one.text, one.spoken) for one in read] == [
        ("Dr. Smith paid $5.", "Doctor Smith paid five dollars."),
        ("“Why?” she asked.", "“Why?” she asked."),
        ("Nobody knew.", "Nobody knew."),
    ]
    assert [(one.paragraph, one.ends_paragraph) for one in read] == [(0, False), (0, True), (1, True)]
    assert {one.pause_after_s for one in read} == {None}


def test_normalisation_can_be_left_out_and_other_languages_are_left_to_the_engine() -> None:
    assert pieces("It costs $5.", normalise=False)[0].spoken == "It costs $5."
    assert pieces("价格是5元。", "cmn")[0].spoken == "价格是5元。"
    assert pieces("Το 1999 ήταν 5 €.", "el")[0].spoken == "Το 1999 ήταν 5 €."


@pytest.mark.parametrize(
    "text",
    [
        "",
        "  \n ",
        "😀👍🏽🇩🇪",
        "...",
        "?! — *",
        "\x00\x07\x1b",
        "\u200b\u200f\u2066\ufeff",
        "\u0301\u0301",
        "\ud800",
    ],
)
@pytest.mark.parametrize("normalise", [True, False])
def test_what_can_not_be_said_at_all_is_refused(text: str, *, normalise: bool) -> None:
    with pytest.raises(TextEmpty, match="no letters and no digits"):
        pieces(text, normalise=normalise)


@pytest.mark.parametrize(
    "text",
    [
        "a" * 4_000,
        "9" * 4_000,
        "$" + "9" * 400,
        "e\u0301" * 4_000,
        "e" + "\u0301" * 4_000,
        "你" * 4_000,
        "مرحبا" * 800,
        "שלום עולם " * 400,
        "\u202eabc\u202c \u2067def\u2069 " * 300,
        "a\u200bb\u200cc\u200dd " * 500,
        "Hello мир 你好 مرحبا שלום " * 200,
        "1½ " * 1_500,
        "a.b@c.de " * 600,
        "1,000,000,000 " * 300,
        "\ue000\ue001 a\uf8ff " * 300,
    ],
)
@pytest.mark.parametrize("language", ["en-us", "de", "ar", "cmn"])
def test_pieces_of_bounded_length_of_whatever_comes(text: str, language: str) -> None:
    read = pieces(text, language)

    assert max(len(one.spoken) for one in read) <= LONGEST
    assert max(len(one.text) for one in read) <= LONGEST
    assert all(can_be_said(one.spoken) and one.text for one in read)
    assert all("\ue000" <= letter <= "\uf8ff" for one in read for letter in one.spoken) is False
    assert [one.paragraph for one in read] == [0] * len(read)


@settings(deadline=None)
@given(st.text(max_size=200), st.sampled_from(["en-us", "de", "fr-fr", "es", "ja", "ar"]), st.booleans())
def test_any_text_makes_pieces_or_is_refused(text: str, language: str, normalise: object) -> None:
    try:
        read = pieces(text, language, normalise=bool(normalise), longest=80)
    except TextEmpty:
        return
    assert all(0 < len(one.spoken) <= 80 and can_be_said(one.spoken) for one in read)
    assert read[-1].ends_paragraph
    numbers = [one.paragraph for one in read]
    assert numbers == sorted(numbers)


def test_a_sentence_that_is_too_long_is_cut_where_one_breathes() -> None:
    long = "The house, " + "which had been empty for so long, " * 12 + "was sold for 1,000,000 at 14:30."
    read = pieces(long, normalise=False)

    assert len(read) == 2
    assert read[0].text.endswith(",")
    assert [one.pause_after_s for one in read] == [CLAUSE_PAUSE_S, None]
    # not within a number or a time
    assert all("1,000,000 at 14:30" in one.text for one in read[1:])
    assert " ".join(one.text for one in read) == long


def test_accents_stay_on_their_letters_where_a_word_is_cut() -> None:
    read = pieces("q\u0323" * 400)

    assert all(one.text.startswith("q") for one in read)


def test_what_can_not_be_seen_is_gone_and_words_stay_apart() -> None:
    (read,) = pieces("One\u2028two\x85three fo\u00adur fi\u200bve\u202e six 𝓼𝓮𝓿𝓮𝓷 ｅｉｇｈｔ ﬁ")

    assert read.text == "One two three four five six seven eight fi"


def test_joiners_stay_where_a_script_needs_them() -> None:
    assert pieces("می\u200cخواهم a\u200cb", "fa")[0].text == "می\u200cخواهم ab"
