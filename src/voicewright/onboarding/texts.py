"""What a new voice says first, where nobody has written anything for it."""

from __future__ import annotations

from typing import Final

MAX_SAMPLE_TEXT_CHARACTERS: Final = 500

_ENGLISH: Final = "Hello, this is my cloned voice."
_BY_LANGUAGE: Final = {
    "cs": "Dobrý den, toto je můj naklonovaný hlas.",
    "de": "Hallo, das ist meine geklonte Stimme.",
    "es": "Hola, esta es mi voz clonada.",
    "fr": "Bonjour, voici ma voix clonée.",
    "it": "Ciao, questa è la mia voce clonata.",
    "nl": "Hallo, dit is mijn gekloonde stem.",
    "pl": "Dzień dobry, to jest mój sklonowany głos.",
    "pt": "Olá, esta é a minha voz clonada.",
}


def default_text(language: str) -> str:
    """A sentence in a language, by its BCP 47 tag; in English where there is none."""
    return _BY_LANGUAGE.get(language.partition("-")[0].lower(), _ENGLISH)
