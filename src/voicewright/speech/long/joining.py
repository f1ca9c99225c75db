"""Joins chunks to one sound: without clicks, of one loudness, with natural pauses, never all in memory."""

from __future__ import annotations

import io
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING, Final

import numpy as np

from voicewright.audio.codecs import to_pcm16
from voicewright.engines.port import SpokenWord
from voicewright.speech.stream import PARAGRAPH_PAUSE_S, SENTENCE_PAUSE_S

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from voicewright.speech.long.models import LongChunk

FADE_S: Final = 0.005
"""At both ends of a chunk; an engine's speech begins and ends in near silence, so nothing is lost."""
MOST_GAIN_DB: Final = 3.0
"""By which a chunk may be brought to the loudness of the others: more would undo what the speaker meant."""
_PEAK: Final = 10 ** (-1.0 / 20)
_SILENCE_BLOCK_S: Final = 1.0


@dataclass(frozen=True, slots=True)
class Seam:
    """A chunk in its place."""

    chunk: LongChunk
    silence_before_s: float
    gain: float
    start_s: float
    """Where it begins in the joined sound."""


def lay_out(chunks: Sequence[LongChunk], speed: float) -> list[Seam]:
    """Say where each chunk of one voice comes, and how loud.

    Args:
        chunks: all spoken, in their order.
        speed: that they were spoken at: pauses that nobody asked for are as much shorter.
    """
    levels = [chunk.loudness_lufs for chunk in chunks if chunk.loudness_lufs is not None]
    level = median(levels) if levels else None
    seams: list[Seam] = []
    at_s, pause_s = 0.0, 0.0
    for chunk in chunks:
        silence_s = chunk.pause_before_s + pause_s
        seams.append(Seam(chunk, silence_s, _gain(chunk, level), at_s + silence_s))
        at_s += silence_s + (chunk.audio_s or 0.0)
        usual_s = (PARAGRAPH_PAUSE_S if chunk.ends_paragraph else SENTENCE_PAUSE_S) / speed
        pause_s = usual_s if chunk.pause_after_s is None else chunk.pause_after_s
    return seams


def joined(
    seams: Iterable[Seam],
    fetch: Callable[[LongChunk], NDArray[np.float32]],
    sample_rate_hz: int,
    *,
    before_chunk: Callable[[], None] = lambda: None,
) -> Iterator[NDArray[np.float32]]:
    """The whole sound, block by block; one chunk at a time is in memory.

    Args:
        seams: as `lay_out` gives them.
        fetch: gives the sound of a chunk, (n,) in +-1.
        sample_rate_hz: of all of them.
        before_chunk: called before each; what it raises ends the sound.
    """
    for seam in seams:
        before_chunk()
        yield from _silence(seam.silence_before_s, sample_rate_hz)
        sound = fetch(seam.chunk)
        yield smoothed(sound, sample_rate_hz, seam.gain)


def smoothed(sound: NDArray[np.float32], sample_rate_hz: int, gain: float) -> NDArray[np.float32]:
    """A chunk without its direct current, at another level, that comes from silence and goes to silence."""
    if not len(sound):
        return sound
    sound = sound - sound.mean(dtype=np.float64).astype(np.float32)
    peak = float(np.abs(sound).max())
    if gain > 1.0 and peak * gain > _PEAK:
        gain = max(1.0, _PEAK / peak)
    sound *= np.float32(gain)
    length = min(round(FADE_S * sample_rate_hz), len(sound) // 2)
    ramp = (0.5 - 0.5 * np.cos(np.pi * np.arange(length) / max(length, 1))).astype(np.float32)
    sound[:length] *= ramp
    sound[len(sound) - length :] *= ramp[::-1]
    return sound


def words_of(seams: Iterable[Seam]) -> list[SpokenWord]:
    """When each word is said in the joined sound."""
    return [
        SpokenWord(text, seam.start_s + start_s, seam.start_s + end_s)
        for seam in seams
        for text, start_s, end_s in seam.chunk.words or ()
    ]


def to_flac(sound: NDArray[np.float32], sample_rate_hz: int) -> bytes:
    """A chunk as it is kept."""
    import soundfile  # noqa: PLC0415 - only when something is written

    file = io.BytesIO()
    soundfile.write(file, to_pcm16(sound), sample_rate_hz, "PCM_16", format="FLAC")
    return file.getvalue()


def from_flac(data: bytes) -> NDArray[np.float32]:
    """The same sound again."""
    import soundfile  # noqa: PLC0415 - only when something is read

    sound, _ = soundfile.read(io.BytesIO(data), dtype="float32")
    return np.asarray(sound, dtype=np.float32)


def _gain(chunk: LongChunk, level: float | None) -> float:
    if level is None or chunk.loudness_lufs is None:
        return 1.0
    return math.pow(10, max(-MOST_GAIN_DB, min(MOST_GAIN_DB, level - chunk.loudness_lufs)) / 20)


def _silence(length_s: float, sample_rate_hz: int) -> Iterator[NDArray[np.float32]]:
    left = round(length_s * sample_rate_hz)
    most = round(_SILENCE_BLOCK_S * sample_rate_hz)
    while left > 0:
        yield np.zeros(min(left, most), dtype=np.float32)
        left -= most
