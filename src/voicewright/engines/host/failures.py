"""How an error crosses from the host process to the caller: code, kind, message, retryable.

An `AppError` crosses as what it is. Anything else becomes `EngineFailed`, which names the service and the
exception in one line; its traceback goes to the log lines. Lack of memory or disk is told apart from both.
"""

from __future__ import annotations

import errno
from typing import Any

from voicewright.engines.errors import EngineDiskFull, EngineError, EngineFailed, EngineOutOfMemory
from voicewright.errors import AppError, ErrorKind

_MESSAGE_CHARACTERS = 2000
_OUT_OF_MEMORY_NAMES = frozenset({"OutOfMemoryError"})
"""torch's class for a full GPU, known by name because torch can't be imported here."""
_OUT_OF_MEMORY_TEXT = "can't allocate memory"
"""What torch's CPU allocator says, in a plain RuntimeError."""


def to_wire(error: BaseException, *, service: str, doing: str) -> dict[str, Any]:
    """Describe `error`, raised by `service` (a name for people) while it was `doing` something."""
    if not isinstance(error, AppError):
        error = _foreign(error, service=service, doing=doing)
    return {
        "code": error.code,
        "kind": error.kind.value,
        "message": error.message[:_MESSAGE_CHARACTERS],
        "retryable": error.retryable,
    }


def from_wire(wire: dict[str, Any]) -> AppError:
    """Make the error again: of its own class if that is loaded here, else an `EngineError` with its code."""
    code, message, retryable = str(wire["code"]), str(wire["message"]), bool(wire["retryable"])
    kind = ErrorKind(wire["kind"])
    known = _find(AppError, code)
    if known is not None and known.kind is kind:
        return known(message, retryable=retryable)
    error = EngineError(message, retryable=retryable)
    # The class is not importable here (an engine's own, in another environment): the instance carries what
    # the class would. `ClassVar` forbids the plain assignment, not the thing.
    vars(error).update(code=code, kind=kind)
    return error


def is_foreign(error: BaseException) -> bool:
    """Tell whether the service did not foresee this error, so that its traceback is worth keeping."""
    return not isinstance(error, AppError)


def _foreign(error: BaseException, *, service: str, doing: str) -> AppError:
    text = " ".join(str(error).split())
    said = f"{type(error).__name__}: {text}" if text else type(error).__name__
    if isinstance(error, OSError) and error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return EngineDiskFull(
            f"The disk is full ({service}, `{doing}`: {said}). Free some space and try again."
        )
    if (
        isinstance(error, MemoryError)
        or type(error).__name__ in _OUT_OF_MEMORY_NAMES
        or _OUT_OF_MEMORY_TEXT in text
    ):
        return EngineOutOfMemory(
            f"{service} ran out of memory in `{doing}` ({said}). Close other programs, use less speech or a "
            "smaller batch size, and try again."
        )
    return EngineFailed(
        f"{service} failed in `{doing}` with {said}. This is a fault in it, not in your input "
        "alone; the log lines have the details."
    )


def _find(base: type[AppError], code: str) -> type[AppError] | None:
    if base.code == code and base.__init__ is AppError.__init__:
        return base
    return next((found for each in base.__subclasses__() if (found := _find(each, code))), None)
