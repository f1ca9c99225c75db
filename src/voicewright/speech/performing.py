"""Puts the making of one speech together: pieces, stream, what lies ahead, marks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from voicewright.engines.port import SynthesisRequest
from voicewright.speech.ahead import ReadAhead
from voicewright.speech.pieces import Pieces
from voicewright.speech.pool import PooledEngine
from voicewright.speech.production import Occasionally, Production
from voicewright.speech.speaking import Sound
from voicewright.speech.stream import SpeechStream
from voicewright.voices.cache import IN_USE_S

if TYPE_CHECKING:
    import threading

    import numpy as np
    from numpy.typing import NDArray

    from voicewright.engines.port import AudioChunk, EngineInfo
    from voicewright.speech.hooks import Hooks
    from voicewright.speech.listening import PieceListener
    from voicewright.speech.permission import Permission
    from voicewright.speech.pieces import PieceShelf
    from voicewright.speech.pool import EnginePool
    from voicewright.speech.speaking import Speech
    from voicewright.text.script import Piece


@dataclass(frozen=True, slots=True)
class Cast:
    """What speaks a speech, and what watches it.

    Attributes:
        info: of the engine.
        materialise: makes the files of the voice ready; asked again now and then, for what is used is kept.
        permission: to speak with the voice.
        shelf: of what was spoken before.
        listener: hears whether the words were said.
        stop: set by whoever wants it to stop.
    """

    info: EngineInfo
    materialise: Callable[[], Path]
    permission: Permission
    shelf: PieceShelf | None
    listener: PieceListener | None
    stop: threading.Event


def perform(speech: Speech, cast: Cast, pool: EnginePool, hooks: Hooks, *, ahead_s: float) -> ReadAhead:
    """Begin to make a speech; its sound comes through what is answered.

    Args:
        speech: is given its sound.
        cast: of the voice that speaks.
        pool: has the engines.
        hooks: mark what leaves, and have it known again.
        ahead_s: how much may wait for the listener.

    Raises:
        VoiceFilesDamaged: files of the voice are missing or were changed.
    """
    order, figures, rate_hz = speech.order, speech.figures, speech.sample_rate_hz
    manner = SynthesisRequest(
        voice_dir=cast.materialise(),
        text="",
        language=speech.language,
        speed=order.speed,
        seed=order.seed,
        pitch_semitones=order.pitch_semitones,
    )
    ahead = ReadAhead(rate_hz, limit_s=ahead_s)
    engine = PooledEngine(
        pool,
        cast.info,
        user_id=speech.user_id,
        lead_s=ahead.lead_s,
        on_lease=ahead.begin,
        on_usage=figures.note_usage,
    )
    pieces = Pieces(
        engine,
        manner,
        sample_rate_hz=rate_hz,
        figures=figures,
        price_usd=cast.info.dollars_per_1000_characters / 1000,
        shelf=cast.shelf,
        listener=cast.listener,
        stop=cast.stop,
    )
    keep_files = Occasionally(cast.materialise, every_s=IN_USE_S / 3)

    def before_piece(place: int) -> None:
        ahead.await_room(cast.stop)
        keep_files()
        if not place:
            pieces.expect(speech.script.pieces)

    def speak(place: int, piece: Piece) -> Iterator[AudioChunk]:
        return cast.permission.of_piece(place, pieces(place, piece))

    def after_piece(done: int) -> None:
        figures.spoken_pieces = done
        speech.words_estimated = stream.words_estimated

    stream = SpeechStream(
        speech.script,
        speak,
        sample_rate_hz=rate_hz,
        speed=order.speed,
        before_piece=before_piece,
        after_piece=after_piece,
    )

    def blocks() -> Iterator[NDArray[np.float32]]:
        leaving: Iterator[NDArray[np.float32]] = iter(ahead)
        if hooks.marker is not None:
            leaving = hooks.marker.mark(leaving, rate_hz, figures.marks, has_more=ahead.has_more)
        leaving = cast.permission.of_sound(leaving)
        if hooks.memory is not None:
            leaving = hooks.memory.follow(speech, leaving, rate_hz)
        return leaving

    waited_s = figures.waiting_s
    production = Production(stream, ahead, engine=engine, figures=figures, stop=cast.stop, waited_s=waited_s)
    speech.sound(Sound(blocks, stream.words, production.end))
    production.start()
    return ahead
