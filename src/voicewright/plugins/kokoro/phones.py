"""Reads a text as the phones that Kokoro has learnt.

espeak-ng knows the words; the model's alphabet differs from its own: diphthongs and affricates are one letter
each, and English is written without length marks and with fewer letters.
"""
# ruff: noqa: RUF001 - letters of the IPA are meant

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from phonemizer.backend import EspeakBackend

if TYPE_CHECKING:
    from collections.abc import Mapping

_TIE: Final = "^"
"""Between the letters of one sound, so that they are told from two sounds."""
_ESPEAK_NAMES: Final = {"fr": "fr-fr"}
_DIPHTHONGS: Final = {"a^ɪ": "I", "a^ʊ": "W", "e^ɪ": "A", "ɔ^ɪ": "Y", "d^ʒ": "ʤ", "t^ʃ": "ʧ"}
_OTHERS: Final = {
    **_DIPHTHONGS,
    "o^ʊ": "O",
    "ə^ʊ": "Q",
    "d^z": "ʣ",
    "t^s": "ʦ",
    "s^s": "S",
    "-": "",
    _TIE: "",
}
_ENGLISH: Final = {
    **_DIPHTHONGS,
    "ə^l": "ᵊl",
    "ʔˌn\u0329": "tn",
    "ʔn\u0329": "tn",
    "ʔn": "tn",
    "ʔ": "t",
    "ʲo": "jo",
    "ʲə": "jə",
    "ʲ": "",
    "\u0303": "",
    "ɚ": "əɹ",
    "ɐ": "ə",
    "ɬ": "l",
    "e": "A",
    "r": "ɹ",
    "x": "k",
    "ç": "k",
    "o": "ɔ",
    _TIE: "",
}
_AMERICAN: Final = {**_ENGLISH, "o^ʊ": "O", "ɜːɹ": "ɜɹ", "ɜː": "ɜɹ", "ɪə": "iə", "ː": "", "ɾ": "T"}
_BRITISH: Final = {**_ENGLISH, "ə^ʊ": "Q", "e^ə": "ɛː", "iə": "ɪə"}
_ALPHABETS: Final = {"en-us": _AMERICAN, "en-gb": _BRITISH}
_SYLLABIC: Final = re.compile("(\\S)\u0329")
_QUOTES: Final = str.maketrans({"«": "“", "»": "”"})


class Reader:
    """Reads texts of one language.

    Args:
        language: one of Kokoro's here.
    """

    def __init__(self, language: str) -> None:
        self._espeak = EspeakBackend(
            _ESPEAK_NAMES.get(language, language),
            preserve_punctuation=True,
            with_stress=True,
            tie=_TIE,
            # words in a foreign script are read by another voice, whose name is no part of the text
            language_switch="remove-flags",
        )
        self._alphabet = _ALPHABETS.get(language, _OTHERS)
        self._letters = _pattern(self._alphabet)

    def read(self, text: str) -> str:
        """The phones of a text, with its punctuation; empty where there is nothing to say."""
        found = self._espeak.phonemize([text.translate(_QUOTES)], strip=True)
        phones = " ".join(found).strip()
        written = self._letters.sub(lambda letter: self._alphabet[letter[0]], phones)
        return _SYLLABIC.sub(r"ᵊ\1", written)


def _pattern(alphabet: Mapping[str, str]) -> re.Pattern[str]:
    """Matches the letters of an alphabet, the longest first."""
    return re.compile("|".join(re.escape(each) for each in sorted(alphabet, key=len, reverse=True)))
