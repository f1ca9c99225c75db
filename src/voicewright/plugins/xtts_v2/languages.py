"""The languages that XTTS-v2 speaks, and how much of each it can say at once."""

from __future__ import annotations

from typing import Final

CHARACTERS: Final = {
    "en": 250,
    "es": 239,
    "fr": 273,
    "de": 253,
    "it": 213,
    "pt": 203,
    "pl": 224,
    "tr": 226,
    "ru": 182,
    "nl": 251,
    "cs": 186,
    "ar": 166,
    "zh": 82,
    "hu": 224,
    "ko": 95,
    "ja": 71,
    "hi": 150,
}
"""By BCP 47 code: with longer texts, the library warns, the end of the speech may be missing."""

LANGUAGES: Final = tuple(CHARACTERS)


def model_code(language: str) -> str:
    """What the model calls a language: it knows one Chinese, `zh-cn`."""
    return "zh-cn" if language == "zh" else language
