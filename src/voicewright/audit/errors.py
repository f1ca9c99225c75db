"""What can go wrong with the audit trail."""

from __future__ import annotations

from typing import ClassVar

from voicewright.errors import AppError, ErrorKind


class AuditHeadsInvalid(AppError):
    """The file of heads to compare the audit trail with is none, or was edited."""

    code: ClassVar[str] = "AUDIT_HEADS_INVALID"
    kind: ClassVar[ErrorKind] = ErrorKind.INVALID
