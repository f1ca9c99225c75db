from __future__ import annotations

import pytest

from voicewright.plugins.xtts_v2.languages import CHARACTERS
from voicewright.plugins.xtts_v2.texts import halves, is_sayable, pieces, plain


def test_typographic_signs_become_plain_and_unseen_ones_go():
    assert plain("\u201eSo\u201c \u2013 it\u2019s\u00a0late\u2026\u200b\x07") == '"So" - it\'s late...'


def test_sentences_are_said_one_by_one_and_short_ones_with_the_next():
    text = "Oh! That was a rather long sentence. And this is the next of them."
    assert pieces(text, "en") == ["Oh! That was a rather long sentence.", "And this is the next of them."]
    assert pieces("... \n ?! --", "en") == []


@pytest.mark.parametrize("language", sorted(CHARACTERS))
@pytest.mark.parametrize(
    "text",
    [
        "word " * 300,
        "a" * 2000,
        "One phrase of a few words, and again one, " * 30,
        "\u4f60\u597d\uff0c\u4e16\u754c\u3002" * 60,
        "\u092f\u0939 \u090f\u0915 \u0935\u093e\u0915\u094d\u092f \u0939\u0948\u0964 " * 30,
    ],
)
def test_every_piece_fits_and_nothing_gets_lost(language, text):
    parts = pieces(text, language)
    assert all(0 < len(part) <= CHARACTERS[language] for part in parts)
    assert [each for each in "".join(parts) if each.isalnum()] == [each for each in text if each.isalnum()]


def test_long_sentences_are_cut_at_phrases_first():
    text = f"{'The first part of it is long ' * 5}, {'and so is the other one ' * 5}."
    first, second = pieces(text, "en")
    assert first.endswith("long ,")
    assert second.startswith("and so")


def test_halves_are_cut_between_words_where_there_are_any():
    assert halves("one two three four") == ("one two three", "four")
    assert halves("abcd") == ("ab", "cd")


def test_what_has_no_letter_can_not_be_said():
    assert not is_sayable("\N{GRINNING FACE} ... ")
    assert is_sayable("\u4f60")
