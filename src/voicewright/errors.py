"""The tree of domain errors: a stable code, a kind, and a message that says what to do next.

Errors know nothing of HTTP or of the terminal. The edges (`cli`, `api`) turn a kind into an exit
status or a response; only a kind decides, never a class. Each domain keeps its own errors in its own
`errors.py`, as subclasses of `AppError` with a `code` of their own; `docs/errors.md` lists every code and a
test holds the two together.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, ClassVar, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

INSTALL_PACKAGES: Final = "pip install --no-deps -r requirements/lock.txt"
"""Brings every package that the project can use, from the folder of the project, without a compiler."""
OPERATORS: Final = ("voicewright.db.", "voicewright.home.", "voicewright.settings", "voicewright.storage.")
"""The messages of these packages are for whoever runs the service: they name paths, hosts and users."""


class ErrorKind(StrEnum):
    """What went wrong, seen from whoever asked."""

    INVALID = "invalid"
    """The input can't be used as it is; asking again with the same input fails again."""
    MALFORMED = "malformed"
    """What came can't even be read: broken JSON, a form without its boundary."""
    UNSUPPORTED_TYPE = "unsupported_type"
    """What came has another type than what is asked for."""
    TOO_LARGE = "too_large"
    UNAUTHENTICATED = "unauthenticated"
    """Nobody knows who asks."""
    FORBIDDEN = "forbidden"
    """It is known who asks, and they may not."""
    NOT_FOUND = "not_found"
    CONFLICT = "conflict"
    """The state does not allow it now, for example another process holds the lock."""
    PRECONDITION = "precondition"
    """What the caller knows of the thing is out of date: somebody else changed it."""
    OVER_BUDGET = "over_budget"
    """It would cost more than somebody allowed."""
    RATE_LIMITED = "rate_limited"
    """Too often; asking again later succeeds."""
    MISSING_DEPENDENCY = "missing_dependency"
    """Something that can be installed or configured is not there."""
    NO_SPACE = "no_space"
    """The disk or the memory is full; nothing was changed."""
    UNAVAILABLE = "unavailable"
    """Something this depends on is away (database, host process); asking again may succeed."""
    CANCELLED = "cancelled"
    INTERNAL = "internal"
    """A bug, or an engine that broke its contract."""


@dataclass(frozen=True, slots=True)
class FieldFault:
    """What is wrong with one field of a request.

    Attributes:
        field: its name as the caller wrote it; of one inside another, `options.epochs`.
        message: one sentence.
    """

    field: str
    message: str


class AppError(Exception):
    """The root of every error that a user may see.

    Args:
        message: one or two sentences that name what and say what to do.
        retryable: overrides the class's own answer to "may the same request succeed later?".
        fields: where single fields of a request are to blame, which and why.
    """

    code: ClassVar[str] = "INTERNAL_ERROR"
    kind: ClassVar[ErrorKind] = ErrorKind.INTERNAL
    default_retryable: ClassVar[bool] = False

    def __init__(
        self, message: str, *, retryable: bool | None = None, fields: Iterable[FieldFault] = ()
    ) -> None:
        super().__init__(message)
        self.message = message
        self.retryable = self.default_retryable if retryable is None else retryable
        self.fields = tuple(fields)
