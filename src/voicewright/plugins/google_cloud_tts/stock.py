"""Google's own voices of Chirp 3: each persona speaks many languages, and Google lists each pair."""

from __future__ import annotations

import asyncio
import difflib
import re
from typing import TYPE_CHECKING, Final

from voicewright.engines.errors import StockVoiceNotFound
from voicewright.engines.port import StockVoice
from voicewright.engines.refusals import bad_answer
from voicewright.plugins.google_cloud_tts.consents import LANGUAGES, googles_code, our_code
from voicewright.plugins.google_cloud_tts.plugin import PROVIDER
from voicewright.plugins.google_cloud_tts.refusing import explained

if TYPE_CHECKING:
    from voicewright.plugins.google_cloud_tts.connection import Connection

_DOING: Final = "listing its voices"
_NAME: Final = re.compile(r"(?P<code>[a-z]{2,3}-[A-Z]{2})-Chirp3-HD-(?P<persona>\w+)")


async def list_stock(connection: Connection) -> tuple[StockVoice, ...]:
    """List the personas, each with those of our languages that it speaks.

    Raises:
        ProviderError: as it says.
    """
    try:
        client, metadata = await asyncio.to_thread(connection.client)
        answer = await asyncio.to_thread(client.list_voices, timeout=connection.timeout_s, metadata=metadata)
    except Exception as error:
        raise explained(error, doing=_DOING, timeout_s=connection.timeout_s) from error
    spoken: dict[str, set[str]] = {}
    for voice in answer.voices:
        named = _NAME.fullmatch(voice.name)
        language = named and our_code(named["code"])
        if named and language:
            spoken.setdefault(named["persona"], set()).add(language)
    if not spoken:
        raise bad_answer(PROVIDER, "no voice of Chirp 3", doing=_DOING)
    return tuple(
        StockVoice(persona, persona, tuple(each for each in LANGUAGES if each in spoken[persona]))
        for persona in sorted(spoken)
    )


def find_stock(voices: tuple[StockVoice, ...], wanted: str) -> tuple[StockVoice, str]:
    """Find a persona by its name, or by Google's name for one in a language; with that language.

    Raises:
        StockVoiceNotFound: names those that may have been meant.
    """
    named = _NAME.fullmatch(wanted)
    persona, language = (named["persona"], our_code(named["code"])) if named else (wanted, None)
    found = next((voice for voice in voices if voice.id == persona), None)
    if found is None or (named and language not in found.languages):
        close = difflib.get_close_matches(persona, [voice.id for voice in voices], n=1)
        hint = f" Did you mean {close[0]!r}?" if close else ""
        raise StockVoiceNotFound(
            f"{PROVIDER.name} has no voice {wanted!r}.{hint} Its voices are: "
            f"{', '.join(voice.id for voice in voices)}."
        )
    return found, language or found.languages[0]


def stock_name(persona: str, language: str) -> str:
    """Google's name for a persona in a language."""
    return f"{googles_code(language)}-Chirp3-HD-{persona}"
