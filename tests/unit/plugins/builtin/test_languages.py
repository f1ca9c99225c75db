from __future__ import annotations

import re
from pathlib import Path

import espeakng_loader
import pytest

from voicewright.engines.languages import match_language
from voicewright.plugins.builtin.espeak import Guide
from voicewright.plugins.builtin.languages import GUIDE_VOICES, LANGUAGES

VARIANTS = {  # dialects and second names, which a shorter code of theirs leads to
    "chr-us-qaaa-x-west", "en", "en-gb-x-gbclan", "en-gb-x-gbcwmd", "en-gb-x-rp", "es-mx", "fr", "hbs",
    "hy-arevela", "hy-arevmda", "piqd", "pt-pt", "vi-vn-x-central", "vi-vn-x-south", "zh-cmn", "zh-yue",
}  # fmt: skip
WITHOUT_DICTIONARY = {"fo", "kaa", "xex"}


def test_languages_are_those_of_the_guides_data():
    there = set()
    for file in (Path(espeakng_loader.get_data_path()) / "lang").rglob("*"):
        if file.is_file():
            there |= {code.lower() for code in re.findall(r"(?m)^language\s+(\S+)", file.read_text("utf-8"))}
    assert set(LANGUAGES) == there - VARIANTS - WITHOUT_DICTIONARY


def test_no_language_is_there_twice():
    assert len(set(LANGUAGES)) == len(LANGUAGES)
    assert set(GUIDE_VOICES) <= set(LANGUAGES)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_says_something(language):
    assert Guide.shared().render("1 2 3 a", language).sounds


@pytest.mark.parametrize(
    ("wanted", "meant"),
    [
        ("en", "en-us"),
        ("en_GB", "en-gb"),
        ("fr", "fr-fr"),
        ("fr-ca", "fr-fr"),
        ("zh-CN", "zh"),
        ("pt-PT", "pt"),
    ],
)
def test_usual_codes_find_the_usual_language(wanted, meant):
    assert match_language(wanted, LANGUAGES) == meant
