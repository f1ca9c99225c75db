"""What is told of backups and restores: camelCase, moments in UTC."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Self
from uuid import UUID

from pydantic import Field

from voicewright.answers import UtcMoment, View

if TYPE_CHECKING:
    from voicewright.voices.copies.backups import Backup, NewBackup
    from voicewright.voices.copies.restored_rows import Restored
    from voicewright.voices.models import VoiceModel


_ID: Final = "backup_20250115T103000Z_1a2b3c4d"
EXAMPLE_PATH: Final = f"store://local/backups/6f1c9a52-8a3e-4b61-9f0e-2f9d6f1f7a11/{_ID}.json"


class BackupView(View):
    """A backup of a user's voices."""

    id: str = Field(examples=[_ID])
    backup_path: str = Field(description="What a restore takes.", examples=[EXAMPLE_PATH])
    created_at: UtcMoment
    models: int = Field(description="Versions of voices in it.", examples=[3])
    files: int = Field(examples=[12])
    bytes: int = Field(
        description="Of all its files, as they lie in the store: compressed and sealed.", examples=[812_345]
    )

    @classmethod
    def of(cls, backup: Backup) -> Self:
        """Show a backup."""
        header = backup.header
        return cls(
            id=backup.place.id,
            backup_path=backup.place.told,
            created_at=header.created_at,
            models=header.models,
            files=header.files,
            bytes=header.bytes,
        )


class BackupPageView(View):
    """A page of backups."""

    backups: list[BackupView]
    total: int
    limit: int
    offset: int


class NewBackupView(BackupView):
    """A backup that was just made."""

    new_files: int = Field(description="Files that no earlier backup had.", examples=[3])
    new_bytes: int = Field(description="Of these.", examples=[203_100])
    left_out: list[UUID] = Field(
        description="Voice models whose files are missing or damaged, and that are not in it.", examples=[[]]
    )

    @classmethod
    def of_new(cls, backup: NewBackup) -> Self:
        """Show it."""
        return cls(
            **BackupView.of(backup).model_dump(),
            new_files=backup.new_files,
            new_bytes=backup.new_bytes,
            left_out=list(backup.left_out),
        )


class RestoredModelView(View):
    """A voice model that is as it was."""

    id: UUID
    name: str = Field(examples=["Ann"])
    version: int

    @classmethod
    def of(cls, voice: VoiceModel) -> Self:
        """Show it."""
        return cls(id=voice.id, name=voice.name, version=voice.version)


class RestoreView(View):
    """What a restore did."""

    backup_path: str = Field(examples=[EXAMPLE_PATH])
    created_at: UtcMoment = Field(description="When the backup was made.")
    restored: list[RestoredModelView] = Field(description="Those that are there again.")
    replaced: list[RestoredModelView] = Field(
        description="Those that were there, and are as they were in the backup.", examples=[[]]
    )
    skipped: list[UUID] = Field(description="Those that are there, and were left alone.", examples=[[]])
    active_model_id: UUID | None = Field(description="The active voice model now.")

    @classmethod
    def of(cls, done: Restored, path: str) -> Self:
        """Show what was done."""
        return cls(
            backup_path=path,
            created_at=done.header.created_at,
            restored=[RestoredModelView.of(voice) for voice in done.restored],
            replaced=[RestoredModelView.of(voice) for voice in done.replaced],
            skipped=done.skipped,
            active_model_id=None if done.active is None else done.active.id,
        )
