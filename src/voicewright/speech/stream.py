"""Speaks a script piece by piece as one stream of audio, and measures how fast it came."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Final, Protocol

import numpy as np

from voicewright.engines.errors import OptionsInvalid
from voicewright.speech.errors import NothingSpoken
from voicewright.speech.timings import words_of_piece

if TYPE_CHECKING:
    import threading

    from numpy.typing import NDArray

    from voicewright.engines.port import AudioChunk, SpokenWord, SynthesisRequest
    from voicewright.text.script import Piece, Script

SENTENCE_PAUSE_S: Final = 0.25
PARAGRAPH_PAUSE_S: Final = 0.6
FADE_S: Final = 0.003
"""In and out at the edges of a piece: an engine that stops above zero would click there."""
SLOWEST, FASTEST = 0.25, 4.0
DEEPEST, HIGHEST = -12.0, 12.0
_ONE_PITCH: Final = "This engine speaks at the pitch of the voice only. Leave it alone, also in the markup."
_FULL_SCALE: Final = 32768.0

SpeakPiece = Callable[[int, "Piece"], "Iterator[AudioChunk]"]
"""Speaks one piece, given with its number."""


class Speaker(Protocol):
    """What is needed of an engine to speak; `EngineClient` has it."""

    def synthesize(
        self, request: SynthesisRequest, *, cancel: threading.Event | None = None
    ) -> Generator[AudioChunk, None, None]:
        """Speak; chunks come as they are made. Closing it stops the work."""


def spoken_by(
    speaker: Speaker, manner: SynthesisRequest, *, cancel: threading.Event | None = None
) -> SpeakPiece:
    """What has an engine speak pieces.

    Args:
        speaker: the engine.
        manner: voice, language, speed, pitch and seed of the whole; each piece has its own text, and its
            manner changes speed and pitch, within what engines can do.
        cancel: set by another thread to stop.
    """
    return lambda _place, piece: speaker.synthesize(request_of(piece, manner), cancel=cancel)


def check_manner(speed: float, pitch_semitones: float, *, shifts_pitch: bool) -> None:
    """Refuse what no engine does, or this one does not.

    Raises:
        OptionsInvalid: names what is wrong.
    """
    if not SLOWEST <= speed <= FASTEST:
        raise OptionsInvalid(f"The speed is {speed:g}, but has to be between {SLOWEST:g} and {FASTEST:g}.")
    if not DEEPEST <= pitch_semitones <= HIGHEST:
        raise OptionsInvalid(
            f"The pitch is {pitch_semitones:g} semitones, but has to be between {DEEPEST:g} and {HIGHEST:g}."
        )
    if pitch_semitones and not shifts_pitch:
        raise OptionsInvalid(_ONE_PITCH)


def check_pitches(script: Script, *, shifts_pitch: bool) -> None:
    """Refuse at once what the engine would refuse in the middle.

    Raises:
        OptionsInvalid: the markup asks for another pitch.
    """
    if not shifts_pitch and any(piece.manner.pitch_semitones for piece in script.pieces):
        raise OptionsInvalid(_ONE_PITCH)


def request_of(piece: Piece, manner: SynthesisRequest) -> SynthesisRequest:
    """What an engine is asked for one piece of a whole."""
    speed = manner.speed * piece.manner.speed
    pitch = manner.pitch_semitones + piece.manner.pitch_semitones
    return replace(
        manner,
        text=piece.spoken,
        speed=min(max(speed, SLOWEST), FASTEST),
        pitch_semitones=min(max(pitch, DEEPEST), HIGHEST),
    )


class SpeechStream:
    """The speech of one script: iterate once over float32 blocks (n,) in +-1, then read the figures.

    Args:
        script: what is spoken.
        speak: speaks a piece; warm and with the voice loaded if the figures are to mean anything.
        sample_rate_hz: of what it makes.
        speed: of the whole; pauses shrink with it.
        before_piece: called with the number of each piece; what it raises ends the speech there.
        after_piece: called with the number of pieces spoken.
        clock: seconds, for the figures.
    """

    def __init__(
        self,
        script: Script,
        speak: SpeakPiece,
        *,
        sample_rate_hz: int,
        speed: float = 1.0,
        before_piece: Callable[[int], None] = lambda _place: None,
        after_piece: Callable[[int], None] = lambda _done: None,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self.script = script
        self.sample_rate_hz = sample_rate_hz
        self.first_audio_s = 0.0
        """Waited for the first audio, seconds."""
        self.synthesis_s = 0.0
        """Spent waiting for audio."""
        self.speech_s = 0.0
        """Length of what the engine made."""
        self.output_s = 0.0
        """Length of the speech, with its pauses."""
        self.words: list[SpokenWord] = []
        """As they were written, with their times in the whole; those of a piece come when it was spoken."""
        self.words_estimated = False
        """The engine did not tell when it said the words of some piece."""
        self._speak = speak
        self._speed = speed
        self._before_piece = before_piece
        self._after_piece = after_piece
        self._clock = clock
        self._lead_in_s = script.lead_in_s
        """Silence that is still to come before the first sound."""

    @property
    def real_time_factor(self) -> float:
        """Seconds of waiting per second of the engine's audio: below 1 is faster than listening.

        The pauses between pieces cost no work, so counting them would flatter the engine.
        """
        return self.synthesis_s / self.speech_s if self.speech_s else 0.0

    def __iter__(self) -> Iterator[NDArray[np.float32]]:
        """Speak.

        Raises:
            NothingSpoken: the engine gave no audio for the whole text.
            AppError: what the engine or `before_piece` raised.
        """
        pieces = self.script.pieces
        for place, piece in enumerate(pieces):
            self._before_piece(place)
            for block in faded(self._blocks(place, piece), round(FADE_S * self.sample_rate_hz)):
                if self._lead_in_s:
                    yield self._silence(self._lead_in_s)
                    self._lead_in_s = 0.0
                self._count(block)
                self.speech_s += len(block) / self.sample_rate_hz
                yield block
            self._after_piece(place + 1)
            pause_s = self._pause_after(piece, last=place + 1 == len(pieces))
            if self.speech_s and pause_s:
                yield self._silence(pause_s)
        if not self.speech_s:
            raise NothingSpoken(
                "The engine gave no audio for this text. Try another text or retrain the voice."
            )

    def _pause_after(self, piece: Piece, *, last: bool) -> float:
        """What was asked for is as long as was asked for; the usual pauses go with the speed."""
        if piece.pause_after_s is not None or last:
            return piece.pause_after_s or 0.0
        return (PARAGRAPH_PAUSE_S if piece.ends_paragraph else SENTENCE_PAUSE_S) / self._speed

    def _silence(self, pause_s: float) -> NDArray[np.float32]:
        silence = np.zeros(round(pause_s * self.sample_rate_hz), dtype=np.float32)
        self._count(silence)
        return silence

    def _count(self, block: NDArray[np.float32]) -> None:
        self.output_s += len(block) / self.sample_rate_hz

    def _blocks(self, place: int, piece: Piece) -> Iterator[NDArray[np.float32]]:
        """Yield the engine's chunks as floats, counting only the time that the engine took."""
        began_s = self.output_s + self._lead_in_s
        told: list[SpokenWord] = []
        samples = 0
        asked_s = self._clock()
        for chunk in self._speak(place, piece):
            self.synthesis_s += self._clock() - asked_s
            told += chunk.words
            if chunk.pcm:
                self.first_audio_s = self.first_audio_s or self.synthesis_s
                block = np.frombuffer(chunk.pcm, dtype="<i2").astype(np.float32) / np.float32(_FULL_SCALE)
                samples += len(block)
                yield block
            asked_s = self._clock()
        self.synthesis_s += self._clock() - asked_s
        if samples:
            ended_s = began_s + samples / self.sample_rate_hz
            self.words += words_of_piece(piece, told, began_s, ended_s)
            self.words_estimated |= not told


def faded(blocks: Iterator[NDArray[np.float32]], fade: int) -> Iterator[NDArray[np.float32]]:
    """Blocks whose first samples come up from zero and whose last ones go down to it.

    The last few samples are held back until it is known whether more comes.
    """
    if fade < 1:
        yield from blocks
        return
    ramp = (np.arange(1, fade + 1, dtype=np.float32)) / np.float32(fade + 1)
    begun, held = 0, np.zeros(0, dtype=np.float32)
    for block in blocks:
        if begun < fade:
            rising = ramp[begun : begun + len(block)]
            block[: len(rising)] *= rising
            begun += len(rising)
        joined = np.concatenate([held, block]) if len(held) else block
        held = joined[max(0, len(joined) - fade) :]
        if len(joined) > fade:
            yield joined[:-fade]
    if len(held):
        yield held * ramp[: len(held)][::-1]
