"""Artefacts that were uploaded: unpacked, stored, and kept for a day until a voice is made of them."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from sqlalchemy import delete, select

from voicewright.recordings.archive_budget import ArchiveBudget, ArchiveLimits
from voicewright.recordings.archives import unpack
from voicewright.voices.models import VoiceUpload

if TYPE_CHECKING:
    import uuid
    from datetime import datetime
    from pathlib import Path

    from sqlalchemy.orm import Session

    from voicewright.settings import Settings

UPLOADS_KEPT_FOR: Final = timedelta(days=1)
_MIB: Final = 1 << 20


def unpack_artefact(archive: Path, folder: Path, settings: Settings) -> Path:
    """Unpack an uploaded archive with the care that strangers' archives need (`recordings.archives`).

    Args:
        archive: what was uploaded.
        folder: an empty one, for its files.
        settings: limits of uploads.

    Returns:
        The folder with the files of the artefact.

    Raises:
        ArchiveUnreadable, ArchiveUnsafe, ArchiveTooLarge, StorageFull: nothing of it may be used.
    """
    limits = ArchiveLimits(
        max_files=settings.max_upload_files,
        max_bytes=settings.max_upload_mb * _MIB,
        max_file_bytes=settings.max_upload_file_mb * _MIB,
        reserve_mb=settings.min_free_disk_mb,
        keeps_archives=True,  # PyTorch writes weights as zip files
    )
    return unpack(archive, folder, ArchiveBudget(limits, folder))


def find_upload(session: Session, owner_id: uuid.UUID, upload_id: uuid.UUID) -> VoiceUpload | None:
    """An upload of an owner, if it is still there."""
    return session.scalar(
        select(VoiceUpload).where(VoiceUpload.id == upload_id, VoiceUpload.owner_id == owner_id)
    )


def forget_uploads_before(session: Session, moment: datetime) -> list[VoiceUpload]:
    """Refer no more to what was uploaded before a moment; its files are the caller's to let go."""
    old = delete(VoiceUpload).where(VoiceUpload.created_at < moment).returning(VoiceUpload)
    return list(session.scalars(old))
