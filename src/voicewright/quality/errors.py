"""The errors of the quality package.

AppError
├── JudgeMissing          a package that carries a judge's model is not installed
├── LanguageUnrecognised  no recogniser for this language
└── NothingToJudge        no sentences, no recordings, or not a sound in any of them
"""

from __future__ import annotations

from typing import ClassVar

from voicewright.errors import AppError, ErrorKind


class JudgeMissing(AppError):
    """A package that carries a judge's model is not installed; the message says how to get it."""

    code: ClassVar[str] = "QUALITY_JUDGE_MISSING"
    kind: ClassVar[ErrorKind] = ErrorKind.MISSING_DEPENDENCY


class LanguageUnrecognised(AppError):
    """There is no recogniser for this language on this machine; the message says what would bring one."""

    code: ClassVar[str] = "LANGUAGE_UNRECOGNISED"
    kind: ClassVar[ErrorKind] = ErrorKind.MISSING_DEPENDENCY


class NothingToJudge(AppError):
    """An evaluation was asked for without sentences, without recordings, or with nothing but silence."""

    code: ClassVar[str] = "NOTHING_TO_JUDGE"
    kind: ClassVar[ErrorKind] = ErrorKind.INVALID
