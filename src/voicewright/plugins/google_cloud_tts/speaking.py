"""Speaks at Google: one call that streams, begun again where it failed before there was any sound."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final

import grpc  # type: ignore[import-untyped]
from google.api_core.exceptions import (
    GoogleAPICallError,
    ServiceUnavailable,
    TooManyRequests,
    from_grpc_error,
)
from google.cloud import texttospeech_v1beta1 as tts
from google.rpc.error_details_pb2 import RetryInfo  # type: ignore[import-untyped]

from voicewright.engines.refusals import bad_answer
from voicewright.plugins.google_cloud_tts.plugin import ENGINE, PROVIDER
from voicewright.plugins.google_cloud_tts.refusing import explained

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Iterator

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
    call: Any = None
    try:
        call, sound = await _begin(connection, voice, text, rate)
        yield _whole(sound)
        while (further := await _next(connection, call)) is not None:
            yield _whole(further)
    except Exception as error:
        raise explained(error, doing=DOING, timeout_s=connection.timeout_s) from error
    finally:
        if call is not None:
            call.cancel()  # nothing, where it has ended


async def _begin(
    connection: Connection, voice: tts.VoiceSelectionParams, text: str, rate: float
) -> tuple[Any, bytes]:
    """The call and its first sound; asked again where that is temporarily refused."""
    async with asyncio.timeout(connection.timeout_s):
        for attempt in range(1, _ATTEMPTS + 1):
            client, metadata = await asyncio.to_thread(connection.client)
            # the bare call: the SDK's wrapper gives none to cancel before there is sound
            begin: Any = client.transport.streaming_synthesize
            call = begin(_requests(voice, text, rate), metadata=metadata)
            try:
                sound = await _next(connection, call)
                while sound == b"":
                    sound = await _next(connection, call)
            except _TEMPORARY as error:
                if attempt == _ATTEMPTS:
                    raise
                await asyncio.sleep(_wait_s(error, attempt))
                continue
            except BaseException:
                call.cancel()
                raise
            if sound is None:
                raise bad_answer(PROVIDER, "no sound", doing=DOING)
            return call, sound
    raise AssertionError("the last attempt returns or raises")


async def _next(connection: Connection, call: Any) -> bytes | None:
    """The next piece, None at the end. Where nobody waits any more, the thread ends with the call."""
    async with asyncio.timeout(connection.timeout_s):
        try:
            answer = await asyncio.to_thread(next, call, None)
        except grpc.RpcError as error:
            raise from_grpc_error(error) from error  # type: ignore[no-untyped-call]
    return None if answer is None else bytes(answer.audio_content)


def _whole(sound: bytes) -> bytes:
    if len(sound) % 2:
        raise bad_answer(PROVIDER, "half a sample", doing=DOING)
    return sound


def _requests(
    voice: tts.VoiceSelectionParams, text: str, rate: float
) -> Iterator[tts.StreamingSynthesizeRequest]:
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
