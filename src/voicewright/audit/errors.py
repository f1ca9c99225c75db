"""What can go wrong with the audit trail."""

from __future__ import annotations

from typing import ClassVar

from voicewright.errors import AppError, ErrorKind


class AuditHeadsInvalid(AppError):
    """The file of heads to compare the audit trail with is none, or was edited."""

    code: ClassVar[str] = "AUDIT_HEADS_INVALID"
    kind: ClassVar[ErrorKind] = ErrorKind.INVALID


class AuditTrailBroken(AppError):
    """Rows of the audit trail were changed, removed or slipped in; each place is named."""

    code: ClassVar[str] = "AUDIT_TRAIL_BROKEN"
    kind: ClassVar[ErrorKind] = ErrorKind.CONFLICT
