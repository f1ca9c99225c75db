"""Speaks at Google: one call that streams, begun again where it failed before there was any sound."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final

from google.api_core.exceptions import GoogleAPICallError, ServiceUnavailable, TooManyRequests
from google.cloud import texttospeech_v1beta1 as tts
from google.rpc.error_details_pb2 import RetryInfo  # type: ignore[import-untyped]

from voicewright.engines.refusals import bad_answer
from voicewright.plugins.google_cloud_tts.plugin import ENGINE, PROVIDER
from voicewright.plugins.google_cloud_tts.refusing import explained

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator

    from voicewright.plugins.google_cloud_tts.connection import Connection

DOING: Final = "speaking"
SLOWEST, FASTEST = 0.25, 2.0
_ATTEMPTS: Final = 3
_PAUSE_S: Final = 0.5
_TEMPORARY: Final = (ServiceUnavailable, TooManyRequests)


async def speak(
    connection: Connection, voice: tts.VoiceSelectionParams, text: str, rate: float
) -> AsyncGenerator[bytes, None]:
    """Yield samples as they come.

    Args:
        connection: to Google.
        voice: with its language.
        text: in one call.
        rate: how fast.

    Raises:
        ProviderError: as it says.
    """
    stream: Any = None
    try:
        stream, pieces, sound = await _begin(connection, voice, text, rate)
        yield _whole(sound)
        while (further := await _next(connection, pieces)) is not None:
            yield _whole(further)
    except Exception as error:
        raise explained(error, doing=DOING, timeout_s=connection.timeout_s) from error
    finally:
        if stream is not None:
            stream.cancel()  # nothing, where it has ended


async def _begin(
    connection: Connection, voice: tts.VoiceSelectionParams, text: str, rate: float
) -> tuple[Any, AsyncIterator[Any], bytes]:
    """The call, its answers, and the first sound of them; asked again where that is temporarily refused."""
    async with asyncio.timeout(connection.timeout_s):
        for attempt in range(1, _ATTEMPTS + 1):
            client, metadata = await connection.client()
            stream = await client.streaming_synthesize(
                _requests(voice, text, rate), timeout=None, metadata=metadata
            )
            pieces = aiter(stream)
            try:
                sound = await _next(connection, pieces)
                while sound == b"":
                    sound = await _next(connection, pieces)
            except _TEMPORARY as error:
                if attempt == _ATTEMPTS:
                    raise
                await asyncio.sleep(_wait_s(error, attempt))
                continue
            if sound is None:
                raise bad_answer(PROVIDER, "no sound", doing=DOING)
            return stream, pieces, sound
    raise AssertionError("the last attempt returns or raises")


async def _next(connection: Connection, pieces: AsyncIterator[Any]) -> bytes | None:
    """The next piece, None at the end; the call is cancelled where nobody waits for it any more."""
    async with asyncio.timeout(connection.timeout_s):
        answer = await anext(pieces, None)
    return None if answer is None else bytes(answer.audio_content)


def _whole(sound: bytes) -> bytes:
    if len(sound) % 2:
        raise bad_answer(PROVIDER, "half a sample", doing=DOING)
    return sound


async def _requests(
    voice: tts.VoiceSelectionParams, text: str, rate: float
) -> AsyncIterator[tts.StreamingSynthesizeRequest]:
    yield tts.StreamingSynthesizeRequest(
        streaming_config=tts.StreamingSynthesizeConfig(
            voice=voice,
            streaming_audio_config=tts.StreamingAudioConfig(
                audio_encoding=tts.AudioEncoding.PCM,
                sample_rate_hertz=ENGINE.capabilities.sample_rate_hz,
                speaking_rate=rate,
            ),
        )
    )
    yield tts.StreamingSynthesizeRequest(input=tts.StreamingSynthesisInput(text=text))


def _wait_s(error: GoogleAPICallError, attempt: int) -> float:
    """As long as Google says, or longer each time."""
    for detail in error.details:
        if isinstance(detail, RetryInfo):
            return float(detail.retry_delay.ToTimedelta().total_seconds())
    return _PAUSE_S * 2.0 ** (attempt - 1)
