"""Why the voice of an application's user can't be made or shown."""

from __future__ import annotations

from typing import ClassVar

from voicewright.errors import AppError, ErrorKind


class EndUserInvalid(AppError):
    """What the application calls its user is empty, too long, or has characters that nobody can see."""

    code: ClassVar[str] = "ONBOARDING_USER_INVALID"
    kind: ClassVar[ErrorKind] = ErrorKind.INVALID


class OnboardingJobNotFound(AppError):
    """There is no such job, or it is another user's."""

    code: ClassVar[str] = "ONBOARDING_JOB_NOT_FOUND"
    kind: ClassVar[ErrorKind] = ErrorKind.NOT_FOUND
