"""The languages of Chatterbox's models."""

from __future__ import annotations

from typing import Final

LANGUAGES: Final = (
    "en",
    "ar",
    "da",
    "de",
    "el",
    "es",
    "fi",
    "fr",
    "he",
    "hi",
    "it",
    "ja",
    "ko",
    "ms",
    "nl",
    "no",
    "pl",
    "pt",
    "ru",
    "sv",
    "sw",
    "tr",
    "zh",
)
"""Of the multilingual model."""
SPOKEN: Final = {"multilingual": LANGUAGES, "english": ("en",), "turbo": ("en",)}
"""By the model."""
