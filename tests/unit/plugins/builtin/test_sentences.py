from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicewright.plugins.builtin.sentences import LONGEST_PIECE, sentences


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        (" \n ", []),
        ("One.", ["One."]),
        ("One. Two! Three? Four\u2026 Five", ["One.", "Two!", "Three?", "Four\u2026", "Five"]),
        ("He said \u201cno.\u201d Then he left.", ["He said \u201cno.", "Then he left."]),
        ("It costs 3.50 at 12:30, says example.org.", ["It costs 3.50 at 12:30, says example.org."]),
        ("Dr. Smith met J. K. Rowling. They talked.", ["Dr. Smith met J. K. Rowling.", "They talked."]),
        ("\u4f60\u597d\u3002\u518d\u89c1\uff01", ["\u4f60\u597d\u3002", "\u518d\u89c1\uff01"]),
        ("A title\n\nThe text  goes\non.", ["A title", "The text goes on."]),
    ],
)
def test_text_is_cut_at_the_ends_of_sentences(text, expected):
    assert sentences(text) == expected


def test_long_sentence_is_cut_at_its_clauses():
    clause = "and then the river turned to the left"
    pieces = sentences(", ".join([clause] * 12) + ".")
    assert len(pieces) > 1
    assert all(piece.rstrip(",.").endswith("left") for piece in pieces)


def test_numbers_in_a_long_sentence_stay_whole():
    text = " ".join(["the price of 1,000 pieces at 12:30 was named"] * 8)
    assert " ".join(sentences(text)) == text


def test_word_without_end_is_cut_somewhere():
    pieces = sentences("a" * 2000)
    assert "".join(pieces).replace(" ", "") == "a" * 2000


@given(st.text(alphabet=st.sampled_from("ab ,.;:!?\n\u3002\uff0c\u201d'()3"), max_size=1200))
def test_every_piece_is_short_and_no_letter_is_lost(text):
    pieces = sentences(text)
    assert all(0 < len(piece) <= LONGEST_PIECE for piece in pieces)
    letters = [c for c in text if c.isalnum()]
    assert [c for c in "".join(pieces) if c.isalnum()] == letters
