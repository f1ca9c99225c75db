from __future__ import annotations

import errno
import json
from typing import ClassVar

import pytest

from voicewright.engines.errors import (
    EngineDiskFull,
    EngineError,
    EngineFailed,
    EngineOutOfMemory,
    TooLittleSpeech,
)
from voicewright.engines.host import failures
from voicewright.errors import AppError, ErrorKind


class LampBroken(AppError):
    code: ClassVar[str] = "TEST_LAMP_BROKEN"
    kind: ClassVar[ErrorKind] = ErrorKind.UNAVAILABLE


class LampTooHigh(AppError):
    code: ClassVar[str] = "TEST_LAMP_TOO_HIGH"

    def __init__(self, height_m):
        super().__init__(f"The lamp hangs {height_m} m high.")


def travel(error):
    return failures.from_wire(
        json.loads(json.dumps(failures.to_wire(error, service="The lamp", doing="shine")))
    )


@pytest.mark.parametrize(
    "error",
    [TooLittleSpeech("3 s, 20 s needed"), LampBroken("Change the bulb."), EngineError("no", retryable=True)],
)
def test_error_of_a_known_class_arrives_as_itself(error):
    arrived = travel(error)
    assert type(arrived) is type(error)
    assert (arrived.message, arrived.retryable) == (error.message, error.retryable)
    assert str(arrived) == str(error)


def test_error_with_a_constructor_of_its_own_keeps_all_but_the_class():
    arrived = travel(LampTooHigh(3))
    assert type(arrived) is EngineError
    assert (arrived.code, arrived.kind) == ("TEST_LAMP_TOO_HIGH", ErrorKind.INTERNAL)
    assert arrived.message == "The lamp hangs 3 m high."


def test_error_unknown_here_does_not_change_its_class_for_others():
    wire = {"code": "ELSEWHERE", "kind": "conflict", "message": "m", "retryable": False}
    assert failures.from_wire(wire).code == "ELSEWHERE"
    assert EngineError("m").code == "ENGINE_ERROR"
    assert EngineError("m").kind is ErrorKind.INVALID


def test_foreign_exception_becomes_one_line_that_names_the_service():
    arrived = travel(ValueError("two\nlines"))
    assert type(arrived) is EngineFailed
    assert arrived.message.startswith("The lamp failed in `shine` with ValueError: two lines.")
    assert not arrived.retryable


@pytest.mark.parametrize(
    ("error", "arrives_as"),
    [
        (MemoryError(), EngineOutOfMemory),
        (
            RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried 9 bytes"),
            EngineOutOfMemory,
        ),
        (type("OutOfMemoryError", (RuntimeError,), {})("CUDA out of memory"), EngineOutOfMemory),
        (OSError(errno.ENOSPC, "No space left on device"), EngineDiskFull),
    ],
)
def test_lack_of_space_is_told_apart(error, arrives_as):
    assert type(travel(error)) is arrives_as


def test_endless_message_is_cut():
    assert len(travel(LampBroken("x" * 100_000)).message) == 2000


def test_only_what_was_not_foreseen_is_foreign():
    assert failures.is_foreign(ValueError())
    assert not failures.is_foreign(LampBroken("m"))
