from __future__ import annotations

import pytest

from voicewright.engines.languages import match_language

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
