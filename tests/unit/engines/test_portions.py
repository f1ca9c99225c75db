"""Texts in portions that a provider takes at once."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from voicewright.engines.portions import portions, speakable


def utf8_bytes(text):
    return len(text.encode())


@given(st.text(max_size=300), st.integers(min_value=4, max_value=40))
def test_nothing_is_lost_and_nothing_is_too_long(text, most):
    for size in (len, utf8_bytes):
        said = list(portions(text, most, size))
        assert all(0 < size(portion) <= most for portion in said)
        assert "".join("".join(said).split()) == "".join(text.split())


def test_portions_end_between_words():
    assert list(portions("one two three four", 9)) == ["one two", "three", "four"]
    assert list(portions("abcdefgh ij", 5)) == ["abcde", "fgh", "ij"]
    assert list(portions("  ", 5)) == []


def test_control_characters_are_not_said():
    assert speakable("x\x00y\u200b z") == "x y  z"
    assert speakable("?! 😀\n") == ""
