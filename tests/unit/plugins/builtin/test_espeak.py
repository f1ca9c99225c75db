from __future__ import annotations

import numpy as np
import pytest

from voicewright.engines.errors import LanguageUnsupported
from voicewright.plugins.builtin.espeak import SAMPLE_RATE_HZ, Guide, mnemonics, plain


def _names(text: str, language: str = "en-us") -> list[str]:
    return [phone.name for phone in Guide.shared().render(text, language).sounds]


def test_phones_lie_in_order_within_the_wave():
    rendering = Guide.shared().render("Hello, dear world.", "en-us")
    starts = [phone.start_s for phone in rendering.phones]
    assert starts == sorted(starts)
    assert rendering.phones[-1].end_s == pytest.approx(len(rendering.wave) / SAMPLE_RATE_HZ)
    assert [phone.word for phone in rendering.sounds] == sorted(phone.word for phone in rendering.sounds)
    assert {phone.word for phone in rendering.sounds} == {0, 1, 2}
    assert max(phone.stress for phone in rendering.sounds) == 2
    assert not any(phone.is_pause for phone in rendering.sounds)


def test_same_text_is_rendered_the_same_after_another():
    first = Guide.shared().render("One and two.", "en-us")
    Guide.shared().render("Guten Morgen.", "de")
    again = Guide.shared().render("One and two.", "en-us")
    np.testing.assert_array_equal(first.wave, again.wave)
    assert first.phones == again.phones


def test_phoneme_brackets_are_read_as_text():
    assert len(_names("hello [[h@loU]] world")) > len(_names("hello world")) + 4


def test_markup_is_read_as_text():
    assert len(_names("<break time='9s'/> there")) > len(_names("there"))
    assert Guide.shared().render("<break time='9s'/> there", "en-us").wave.size < 6 * SAMPLE_RATE_HZ


@pytest.mark.parametrize("command", ["\x0150S", "\x0199P", "\x01+30R"])
def test_embedded_commands_are_not_obeyed(command):
    before = Guide.shared().render("hello there", "en-us").wave
    Guide.shared().render(f"{command} hello", "en-us")
    np.testing.assert_array_equal(Guide.shared().render("hello there", "en-us").wave, before)


def test_nothing_after_a_nul_or_a_line_end_is_lost():
    whole = _names("one two three")
    for between in ("\0", "\n", "\r", "\x1a", "\u2028"):
        assert _names(f"one{between}two three") == whole


def test_half_of_a_surrogate_pair_is_survived():
    assert _names("hello \ud83d there")


@pytest.mark.parametrize("text", ["", " ", "...", "?!", "\u200b", "[[", "\0\0"])
def test_what_has_no_sound_has_no_sounds(text):
    assert _names(text) == []


def test_control_characters_become_spaces_and_letters_stay():
    assert plain("a\x01b\tc\x7fd\u00e9\u4f60") == "a b c d\u00e9\u4f60"


@pytest.mark.parametrize(
    "text", ["12:30, 1,000 and 3.5%", "\U0001f600", "\u043c\u0438\u0440", "\u4f60\u597d"]
)
def test_digits_emoji_and_other_scripts_have_sounds(text):
    assert _names(text)


def test_unknown_language_is_named():
    with pytest.raises(LanguageUnsupported, match="qqq"):
        Guide.shared().render("a", "qqq")


def test_phones_are_spoken_in_words_of_two_syllables_and_pauses_are_kept():
    phones = ["p", "ɹ", "ɪ", "n", "t", "ɪ", "ŋ", "ɡ", "uː", "|", "b", "ʊ", "k", "s"]
    assert mnemonics(phones) == "[[p|r|'I|n|t|I|N g|'u:]], [[b|'U|k|s]]"
    sounds = Guide.shared().render_phones(phones).sounds
    assert [sound.name for sound in sounds] == [
        "p",
        "r",
        "I",
        "n",
        "t",
        "I",
        "N",
        "g",
        "u:",
        "b",
        "U",
        "k",
        "s",
    ]
    assert [sound.word for sound in sounds] == [0] * 7 + [1] * 2 + [2] * 4


def test_phones_of_no_english_are_left_out():
    assert mnemonics(["ǃ", "b", "]]", "iː"]) == "[[b|'i:]]"
    assert not Guide.shared().render_phones(["ǃ"]).sounds
    assert not Guide.shared().render_phones([]).sounds
