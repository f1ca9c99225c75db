"""The languages that Kokoro speaks here, and how its voices' names tell theirs.

A voice is named like `bf_emma`: the language, the sex, a name. Japanese and Chinese are left out: what reads
them for the model needs dictionaries that are no part of the packages, and espeak-ng's phones are not those
that the model has learnt for them.
"""

from __future__ import annotations

from typing import Final

LANGUAGES: Final = ("en-us", "en-gb", "es", "fr", "hi", "it", "pt-br")
SPOKEN_BY: Final = {
    "a": "en-us",
    "b": "en-gb",
    "e": "es",
    "f": "fr",
    "h": "hi",
    "i": "it",
    "p": "pt-br",
    "j": "ja",
    "z": "zh",
}
"""By the first letter of a voice's name."""
NAMES: Final = {
    "en-us": "American English",
    "en-gb": "British English",
    "es": "Spanish",
    "fr": "French",
    "hi": "Hindi",
    "it": "Italian",
    "pt-br": "Brazilian Portuguese",
    "ja": "Japanese",
    "zh": "Chinese",
}
