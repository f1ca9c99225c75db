"""Artefacts from elsewhere: unpacked, stored, and kept for a day until a voice is made of them.

Files for an engine whose provider keeps the voices are a name and no more, and what is called by that name
speaks with the key of whoever runs this. So they are taken only where they name a voice made here.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from sqlalchemy import delete, select

from voicewright.engines.port import PROVIDER_VOICE
from voicewright.recordings.archive_budget import ArchiveBudget, ArchiveLimits
from voicewright.recordings.archives import unpack
from voicewright.voices.errors import ProviderArtefactRefused
from voicewright.voices.models import VoiceUpload
from voicewright.voices.provided.ledger import is_made_here

if TYPE_CHECKING:
    import uuid
    from datetime import datetime
    from pathlib import Path

    from sqlalchemy.orm import Session

    from voicewright.engines.port import EngineInfo
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


def require_made_here(session: Session, info: EngineInfo, content: bytes | None) -> None:
    """Check that files from elsewhere name no voice at a provider, or one that was made here.

    Args:
        session: a unit of work.
        info: of the engine that they are for.
        content: of their file `PROVIDER_VOICE`; None: they have none.

    Raises:
        ProviderArtefactRefused: they do, or may.
    """
    if info.provider is None or not info.provider.keeps_voices:
        return
    if content is None or not is_made_here(session, info.id, content):
        raise ProviderArtefactRefused(
            f"A voice of {info.title} lies at {info.provider.name}, and these files ({PROVIDER_VOICE}) name "
            "none that this installation had made there and still keeps. Have it made here of recordings; a "
            "voice of the engine's own is added with POST /engines/{engineId}/voices."
        )


def find_upload(session: Session, owner_id: uuid.UUID, upload_id: uuid.UUID) -> VoiceUpload | None:
    """An upload of an owner, if it is still there."""
    return session.scalar(
        select(VoiceUpload).where(VoiceUpload.id == upload_id, VoiceUpload.owner_id == owner_id)
    )


def forget_uploads_before(session: Session, moment: datetime) -> list[VoiceUpload]:
    """Refer no more to what was uploaded before a moment; its files are the caller's to let go."""
    old = delete(VoiceUpload).where(VoiceUpload.created_at < moment).returning(VoiceUpload)
    return list(session.scalars(old))
