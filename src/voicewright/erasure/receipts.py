"""The receipt of a deleted account: what was deleted, when, and a digest over all of it."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Self
from uuid import UUID

from pydantic import BaseModel, Field

if TYPE_CHECKING:
    from collections.abc import Mapping

    from voicewright.erasure.models import Erasure


class Receipt(BaseModel):
    """What was deleted with an account."""

    id: UUID = Field(description="Of the receipt: `GET /admin/erasures/{id}` shows it again.")
    user_id: UUID
    requested_by: UUID | None = Field(
        description="The account itself, or an administrator; null: the command line."
    )
    requested_at: datetime
    state: str = Field(
        description="`complete`; `erasing`: objects that nobody can read any more are still to be removed.",
        examples=["complete"],
    )
    deleted: dict[str, int] = Field(
        description="Rows of the database by kind.", examples=[{"accounts": 1, "samples": 12, "clips": 40}]
    )
    bytes: int = Field(description="Of recordings and voices, before compression.", examples=[52428800])
    objects: int | None = Field(
        description="Removed from the stores, backups among them; null: not counted yet.", examples=[61]
    )
    key_destroyed_at: datetime = Field(
        description="Since then nobody can read the files; but for copies that were made elsewhere of the "
        "database or of a backup, which have the sealed key in them."
    )
    completed_at: datetime | None
    sha256: str = Field(
        description="Of the other fields as JSON: sorted, without spaces, times in UTC.",
        examples=["9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"],
    )

    @classmethod
    def of(cls, erasure: Erasure) -> Self:
        """From the row; the same row makes the same receipt."""
        told = {
            "id": str(erasure.id),
            "user_id": str(erasure.user_id),
            "requested_by": None if erasure.requested_by is None else str(erasure.requested_by),
            "requested_at": _text(erasure.requested_at),
            "state": erasure.state,
            "deleted": erasure.deleted,
            "bytes": erasure.bytes,
            "objects": erasure.objects,
            "key_destroyed_at": _text(erasure.key_destroyed_at),
            "completed_at": None if erasure.completed_at is None else _text(erasure.completed_at),
        }
        return cls.model_validate(told | {"sha256": digest_of(told)})


def digest_of(told: Mapping[str, object]) -> str:
    """SHA-256 of a receipt's fields, as they are shown; its own digest is left out."""
    content = {name: value for name, value in told.items() if name != "sha256"}
    return hashlib.sha256(
        json.dumps(content, ensure_ascii=True, sort_keys=True, separators=(",", ":")).encode()
    ).hexdigest()


def _text(moment: datetime) -> str:
    """As it is shown in JSON."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
