from __future__ import annotations

import pytest

from voicewright.plugins.builtin.languages import LANGUAGES as SPOKEN
from voicewright.web.language_titles import LANGUAGES, language_options, language_title


@pytest.mark.parametrize(
    ("tag", "title"),
    [
        ("PT_BR", "Portuguese (Brazil)"),
        ("ba", "Bashkir"),
        ("en", "English"),
        ("fr-be", "French (Belgium)"),
        ("fa-latn", "Persian (Latin)"),
        ("en-us-nyc", "English (US, New York City)"),
        ("ca-va", "Catalan (Valencian)"),
        ("xx", "xx"),
    ],
)
def test_a_tag_has_a_name(tag, title):
    assert language_title(tag) == title


def test_choices_are_in_the_order_of_their_titles_and_none_is_there_twice():
    options = language_options([*SPOKEN, *LANGUAGES])
    titles = [title for _, title in options]
    assert titles == sorted(titles, key=str.casefold)
    assert len(set(titles)) == len(titles) == len({*SPOKEN, *LANGUAGES})
    assert [tag for tag, title in options if tag == title] == []


def test_those_that_are_alike_say_their_tags():
    options = dict(language_options(["en_us", "de", "en-us"]))
    assert options == {"en-us": "English (US) (en-us)", "en_us": "English (US) (en_us)", "de": "German"}
