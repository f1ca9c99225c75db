"""What OpenAI speaks, and what a speaker has to say so that it makes a voice of theirs, word for word.

https://developers.openai.com/api/docs/guides/custom-voices and .../text-to-speech, read in November 2026.
`GET /v1/audio/consent_phrases` answers the sentences as well.
"""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Final

STATEMENTS: Final[tuple[tuple[str, str], ...]] = tuple(
    json.loads(files(__package__).joinpath("consents.json").read_text(encoding="utf-8")).items()
)
"""By language, English first."""

_SPOKEN: Final = (
    "en af ar az be bg bs ca cs cy da de el es et fa fi fr gl he hi hr hu hy id is it ja kk kn "
    "ko lt lv mi mk mr ms nb ne nl no pl pt ro ru sk sl sr sv sw ta th tl tr uk ur vi zh "
)
LANGUAGES: Final = tuple(_SPOKEN.split())
"""Its models tell them from the text."""
