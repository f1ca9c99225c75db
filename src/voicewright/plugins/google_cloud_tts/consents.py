"""What Google speaks, and what a speaker has to say so that it makes a voice of theirs, word for word.

https://docs.cloud.google.com/text-to-speech/docs/chirp3-instant-custom-voice, read in November 2026. The
sentence is sent along as well, so each is as it stands there.
"""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Final

STATEMENTS: Final[tuple[tuple[str, str], ...]] = tuple(
    json.loads(files(__package__).joinpath("consents.json").read_text(encoding="utf-8")).items()
)
"""By language, English first."""
LANGUAGES: Final = tuple(language for language, _ in STATEMENTS)
TRANSFERS: Final = {"en-us": ("de-de", "es-us", "es-es", "fr-ca", "fr-fr", "pt-br")}
"""Which other languages a voice that was made in one speaks."""
_NAMED_OTHERWISE: Final = {"ar": "ar-XA", "zh": "cmn-CN"}


def googles_code(language: str) -> str:
    """What Google calls one of our languages: `en-us` is its `en-US`."""
    first, _, region = language.partition("-")
    return _NAMED_OTHERWISE.get(language) or f"{first}-{region.upper()}"


def our_code(code: str) -> str | None:
    """Which of our languages one of Google's is; None: none."""
    return _BY_GOOGLES.get(code)


_BY_GOOGLES: Final = {googles_code(language): language for language in LANGUAGES}
