"""Whether a speech may go on, and what becomes of its sound when it may not."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from concurrent.futures import Future

import numpy as np
import pytest

from voicewright.engines.port import AudioChunk
from voicewright.speech.permission import FRESH_S, Permission
from voicewright.voices.errors import VoiceNotFound

CHUNK = AudioChunk(b"\x01\x00", 1000)
BLOCK = np.zeros(1, np.float32)


class Permit:
    """Answers at once, as it is told; time passes when it is told."""

    def __init__(self) -> None:
        self.now_s = 100.0
        self.asked = 0
        self.allowed = True

    def ask(self) -> Future[None]:
        self.asked += 1
        answer: Future[None] = Future()
        if self.allowed:
            answer.set_result(None)
        else:
            answer.set_exception(VoiceNotFound("It is gone."))
        return answer

    def permission(self) -> Permission:
        return Permission(self.ask, chosen_s=self.now_s, clock=lambda: self.now_s)


def piece() -> Generator[AudioChunk, None, None]:
    yield from (CHUNK, CHUNK)


def sound() -> Iterator[np.ndarray]:
    while True:
        yield BLOCK


def test_each_piece_is_asked_for_but_the_first_of_a_voice_that_was_just_chosen() -> None:
    permit = Permit()
    permission = permit.permission()
    assert len(list(permission.of_piece(0, piece()))) == 2
    assert permit.asked == 0
    assert len(list(permission.of_piece(1, piece()))) == 2
    assert permit.asked == 1

    late = permit.permission()
    permit.now_s += FRESH_S
    list(late.of_piece(0, piece()))
    assert permit.asked == 2


def test_nothing_leaves_of_a_piece_that_is_refused_nor_of_what_waits() -> None:
    permit = Permit()
    permission = permit.permission()
    waiting = permission.of_sound(sound())
    next(waiting)
    permit.allowed = False
    engine = piece()
    with pytest.raises(VoiceNotFound):
        next(iter(permission.of_piece(1, engine)))
    assert next(engine, None) is None, "it is closed"
    with pytest.raises(VoiceNotFound):
        next(waiting)


def test_a_piece_without_a_sound_is_refused_as_well() -> None:
    permit = Permit()
    permit.allowed = False
    silent = (chunk for chunk in ())
    with pytest.raises(VoiceNotFound):
        list(permit.permission().of_piece(1, silent))


def test_sound_that_waits_is_asked_for_again_and_not_with_every_block() -> None:
    permit = Permit()
    waiting = permit.permission().of_sound(sound())
    for _ in range(50):
        next(waiting)
    assert permit.asked == 0
    permit.now_s += FRESH_S
    for _ in range(50):
        next(waiting)
    assert permit.asked == 1
    permit.now_s += FRESH_S
    permit.allowed = False
    with pytest.raises(VoiceNotFound):
        next(waiting)
