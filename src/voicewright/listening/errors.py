"""What blind tests refuse."""

from __future__ import annotations

from typing import ClassVar

from voicewright.errors import AppError, ErrorKind


class ListeningError(AppError):
    """The root of the errors of this package."""

    code: ClassVar[str] = "LISTENING_ERROR"
    kind: ClassVar[ErrorKind] = ErrorKind.INVALID


class ListeningTestInvalid(ListeningError):
    """No test can be made of these voices and sentences; the fields say why."""

    code: ClassVar[str] = "LISTENING_TEST_INVALID"


class ListeningTestNotFound(ListeningError):
    """There is no such test of this account."""

    code: ClassVar[str] = "LISTENING_TEST_NOT_FOUND"
    kind: ClassVar[ErrorKind] = ErrorKind.NOT_FOUND


class ListeningTrialNotFound(ListeningError):
    """The test has no such trial."""

    code: ClassVar[str] = "LISTENING_TRIAL_NOT_FOUND"
    kind: ClassVar[ErrorKind] = ErrorKind.NOT_FOUND


class ListeningTestNotReady(ListeningError):
    """Not all of its sentences are spoken yet."""

    code: ClassVar[str] = "LISTENING_TEST_NOT_READY"
    kind: ClassVar[ErrorKind] = ErrorKind.CONFLICT


class ListeningTrialNotHeard(ListeningError):
    """Who votes has not heard both sounds."""

    code: ClassVar[str] = "LISTENING_TRIAL_NOT_HEARD"
    kind: ClassVar[ErrorKind] = ErrorKind.CONFLICT


class ListeningTestFinished(ListeningError):
    """The test is finished: who was who has been told, so that no vote counts any more."""

    code: ClassVar[str] = "LISTENING_TEST_FINISHED"
    kind: ClassVar[ErrorKind] = ErrorKind.CONFLICT


class ListeningTestNotFinished(ListeningError):
    """The test goes on: what came of it would tell who is who."""

    code: ClassVar[str] = "LISTENING_TEST_NOT_FINISHED"
    kind: ClassVar[ErrorKind] = ErrorKind.CONFLICT
