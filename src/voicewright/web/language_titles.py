"""What languages are called, for those who don't read tags."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from babel import Locale

if TYPE_CHECKING:
    from collections.abc import Iterable

LANGUAGES: Final = {
    "en-us": "English (US)",
    "en-gb": "English (UK)",
    "ar": "Arabic",
    "bn": "Bengali",
    "cs": "Czech",
    "da": "Danish",
    "de": "German",
    "el": "Greek",
    "es": "Spanish",
    "es-mx": "Spanish (Mexico)",
    "fa": "Persian",
    "fi": "Finnish",
    "fr": "French",
    "he": "Hebrew",
    "hi": "Hindi",
    "hu": "Hungarian",
    "id": "Indonesian",
    "it": "Italian",
    "ja": "Japanese",
    "ko": "Korean",
    "nl": "Dutch",
    "no": "Norwegian",
    "pl": "Polish",
    "pt": "Portuguese",
    "pt-br": "Portuguese (Brazil)",
    "ro": "Romanian",
    "ru": "Russian",
    "sv": "Swedish",
    "tr": "Turkish",
    "uk": "Ukrainian",
    "vi": "Vietnamese",
    "zh": "Chinese",
}
"""By tag; English first, as most start with it, the others by tag."""

_OTHERS: Final = {
    "ca-ba": "Catalan (Balearic)",
    "ca-nw": "Catalan (North-Western)",
    "ca-va": "Catalan (Valencian)",
    "cmn": "Chinese (Mandarin)",
    "cmn-latn-pinyin": "Chinese (Mandarin, in pinyin)",
    "en-gb-scotland": "English (Scotland)",
    "en-us-nyc": "English (US, New York City)",
    "es-us": "Spanish (US)",
    "bpy": "Bishnupriya",
    "hyw": "Armenian (Western)",
    "lfn": "Lingua Franca Nova",
    "mto": "Totontepec Mixe",
    "nci": "Classical Nahuatl",
    "py": "Pyash",
    "qdb": "Lang Belta",
    "qya": "Quenya",
    "ru-cl": "Russian (Classic)",
    "sjn": "Sindarin",
    "tl": "Tagalog",
}
"""What the engines call differently from everybody, or what only they have."""


def language_title(tag: str) -> str:
    """The name of a language; its tag where it has none."""
    code = tag.replace("_", "-").casefold()
    return LANGUAGES.get(code) or _OTHERS.get(code) or _composed(code) or tag


def language_options(tags: Iterable[str]) -> list[tuple[str, str]]:
    """Tags with their titles for a choice, in the order of the titles, no two of which are the same."""
    titles = {tag: language_title(tag) for tag in tags}
    shown = list(titles.values())
    options = [
        (tag, title if shown.count(title) == 1 or title == tag else f"{title} ({tag})")
        for tag, title in titles.items()
    ]
    return sorted(options, key=lambda option: (option[1].casefold(), option[0]))


def _composed(code: str) -> str:
    """Of the language, and in brackets of where it is spoken and how it is written: `French (Belgium)`."""
    english = Locale("en")
    language, *rest = code.split("-")
    name = english.languages.get(language, "")
    kinds = [
        english.territories.get(part.upper()) or english.scripts.get(part.title()) or part for part in rest
    ]
    return f"{name} ({', '.join(kinds)})" if name and kinds else name
