"""The errors of the quality package: judges that are missing and recordings that can't be judged."""

from __future__ import annotations

from typing import ClassVar

from voicewright.errors import AppError, ErrorKind


class JudgeMissing(AppError):
    """A library that carries a judge's model is not installed."""

    code: ClassVar[str] = "QUALITY_JUDGE_MISSING"
    kind: ClassVar[ErrorKind] = ErrorKind.MISSING_DEPENDENCY

    def __init__(self, library: str) -> None:
        super().__init__(
            f"The voice can't be judged: the package {library!r} is not installed. "
            f"Install the judges: pip install 'voicewright[quality]'."
        )
