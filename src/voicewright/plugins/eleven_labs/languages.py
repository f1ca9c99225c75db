"""What ElevenLabs' models speak."""

from __future__ import annotations

from typing import Final

LANGUAGES: Final = (
    "en", "ar", "bg", "cs", "da", "de", "el", "es", "fi", "fil", "fr", "hi", "hr", "id", "it", "ja", "ko",
    "ms", "nl", "pl", "pt", "ro", "ru", "sk", "sv", "ta", "tr", "uk", "zh",
)  # fmt: skip
"""Of `eleven_multilingual_v2`; the newer models speak all of these, and more."""
_TOLD: Final = ("eleven_flash_v2_5", "eleven_turbo_v2_5", "eleven_v3")
"""Models that can be told the language; the others find it out."""


def code_for(model: str, language: str) -> str | None:
    """What a model is told of the language of a text; None: nothing."""
    return language.split("-", maxsplit=1)[0] if model.startswith(_TOLD) else None
