"""What is spoken, as events: one sound for each text, however many parts the text came in."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Final

import numpy as np
from wyoming.audio import AudioChunk, AudioStart, AudioStop

from voicewright.audio.codecs import to_pcm16
from voicewright.audio.resample import Resampler
from voicewright.speech.stream import SENTENCE_PAUSE_S

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from wyoming.event import Event

_WIDTH: Final = 2
_CHANNELS: Final = 1


class Sound:
    """The sound of one text; its rate is that of the voice that begins, whoever goes on.

    Args:
        write: sends an event, and waits while the client has not read what came before.
    """

    def __init__(self, write: Callable[[Event], Awaitable[None]]) -> None:
        self._write = write
        self._rate_hz = 0
        self._resampler: Resampler | None = None

    async def begin(self, sample_rate_hz: int) -> None:
        """A part of the text begins; after another one, with a pause."""
        if not self._rate_hz:
            self._rate_hz = sample_rate_hz
            await self._write(AudioStart(sample_rate_hz, _WIDTH, _CHANNELS).event())
        else:
            await self._chunk(np.zeros(round(SENTENCE_PAUSE_S * self._rate_hz), np.float32))
        self._resampler = Resampler(sample_rate_hz, self._rate_hz)

    async def send(self, block: NDArray[np.float32]) -> None:
        """Send what was spoken."""
        assert self._resampler is not None  # noqa: S101 - `begin` came first
        await self._chunk(self._resampler.feed(block))

    async def end_of_part(self) -> None:
        """Send what is left of the part."""
        assert self._resampler is not None  # noqa: S101 - as above
        await self._chunk(self._resampler.flush())

    async def stop(self) -> None:
        """End the sound."""
        if self._rate_hz:
            await self._write(AudioStop().event())

    async def _chunk(self, block: NDArray[np.float32]) -> None:
        if len(block):
            pcm = to_pcm16(block).astype("<i2", copy=False).tobytes()
            await self._write(AudioChunk(self._rate_hz, _WIDTH, _CHANNELS, pcm).event())
