"""Owns how the judges call a language: by its ISO 639-1 code, as the test sentences and Whisper do."""

from __future__ import annotations

from typing import Final

_CALLED: Final = {"cmn": "zh", "nb": "no"}
"""Mandarin is the Chinese, and Bokmål the Norwegian, that is meant where nothing else is said."""
_LATIN: Final = "latn"


def primary_language(code: str) -> str:
    """Return the language of a BCP 47 code, without its region (`en-US`: `en`, `cmn`: `zh`).

    Mandarin in Latin letters (`cmn-latn-pinyin`) is not called Chinese: its reader can't read Chinese script.
    """
    primary, *rest = code.lower().split("-")
    return primary if _LATIN in rest else _CALLED.get(primary, primary)
