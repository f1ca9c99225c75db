"""Reads the sound out of an answer of OpenAI's, as it comes: events with a last one, or bare samples."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any, Final

from openai import AsyncStream

from voicewright.engines.refusals import bad_answer
from voicewright.engines.samples import whole_samples
from voicewright.plugins.openai_tts.plugin import PROVIDER

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping

    from openai import AsyncOpenAI
    from openai._response import AsyncAPIResponse

    Tell = Callable[[Mapping[str, Any]], None]

DOING: Final = "speaking"
_EVENTS: Final = "text/event-stream"
_NO_SOUND: Final = ("text/", "application/json")


async def read_sound(answer: AsyncAPIResponse[Any], client: AsyncOpenAI, tell: Tell) -> AsyncIterator[bytes]:
    """Yield samples as they come, whole ones only.

    Args:
        answer: of `audio.speech`, with a status of 200.
        client: that asked.
        tell: is told the usage, where the answer has it.

    Raises:
        ProviderAnswerInvalid: it is no sound, it is empty, or it breaks off.
    """
    kind = answer.headers.get("content-type", "").lower()
    if kind.startswith(_EVENTS):
        pieces = _of_events(answer, client, tell)
    elif kind.startswith(_NO_SOUND):
        raise bad_answer(PROVIDER, f"{kind} instead of sound", doing=DOING)
    else:
        pieces = answer.iter_bytes()
    async for samples in whole_samples(pieces, PROVIDER, doing=DOING):
        yield samples


async def _of_events(answer: AsyncAPIResponse[Any], client: AsyncOpenAI, tell: Tell) -> AsyncIterator[bytes]:
    """The sound of `speech.audio.delta`, up to `speech.audio.done`."""
    events: AsyncStream[object] = AsyncStream(
        cast_to=object, response=answer.http_response, client=client, options=None
    )
    async for event in events:
        match event:
            case {"type": "speech.audio.delta", "audio": str(audio)}:
                yield base64.b64decode(audio, validate=True)
            case {"type": "speech.audio.done", **rest}:
                usage = rest.get("usage")
                tell(usage if isinstance(usage, dict) else {})
                return
    raise bad_answer(PROVIDER, "the sound broke off", doing=DOING)
