from __future__ import annotations

import pytest

from voicewright.engines.languages import language_unsupported, match_language
from voicewright.engines.testing import TONE_ENGINE
from voicewright.plugins.builtin.plugin import ENGINE as BUILTIN

OFFERED = ("en-gb", "en-us", "de", "pt-br", "zh")


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ("en-us", "en-us"),
        ("EN_us", "en-us"),
        (" de ", "de"),
        ("de-AT", "de"),
        ("zh-hant-tw", "zh"),
        ("en", "en-gb"),
        ("en-au", "en-gb"),
        ("pt", "pt-br"),
        ("fr", None),
        ("d", None),
        ("", None),
    ],
)
def test_language_is_matched_by_lookup(wanted, found):
    assert match_language(wanted, OFFERED) == found


def test_few_languages_are_all_named():
    assert language_unsupported(TONE_ENGINE, "tlh").message == (
        "The engine tone does not speak 'tlh'. Its languages are: en-us, de."
    )


@pytest.mark.parametrize(
    ("wanted", "meant"), [("fr-f", "fr-fr"), ("PT_bx", "pt-br"), ("english", "en-us"), ("deu", "de")]
)
def test_of_many_languages_those_that_may_be_meant_are_named_first_and_then_all(wanted, meant):
    message = language_unsupported(BUILTIN, wanted).message

    assert repr(wanted) in message
    guess, _, listed = message.partition(" lists them: ")
    assert meant in guess.replace("?", "").split()
    assert "voicewright doctor --json" in guess
    assert listed == ", ".join(BUILTIN.capabilities.languages) + "."


@pytest.mark.parametrize("wanted", ["", "??", "spanish"])
def test_what_is_like_no_language_is_refused_without_a_guess(wanted):
    assert "Did you mean" not in language_unsupported(BUILTIN, wanted).message
