"""Enters the voices of a backup again: as they were, next to what has come since."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from voicewright.voices.activation import make_active
from voicewright.voices.figures.models import VoiceRating
from voicewright.voices.finding import newest_of_name, of_job
from voicewright.voices.models import VoiceModel

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable
    from uuid import UUID

    from sqlalchemy.orm import Session

    from voicewright.voices.copies.backup_form import BackupHeader, SavedVoice

_IDENTITY: Final = {
    "id", "name", "name_key", "version", "lineage_id", "parent_id", "training_job_id", "revision",
    "is_active", "created_at",
}  # fmt: skip
"""What a voice that is there keeps when it is overwritten."""


@dataclass(slots=True)
class Restored:
    """What a restore did.

    Attributes:
        header: of the backup.
        restored: voices that are there again.
        replaced: voices that were there, and are as they were in the backup.
        skipped: voices of the backup that are there, and were left as they are.
        active: the active voice now.
    """

    header: BackupHeader
    restored: list[VoiceModel] = field(default_factory=list)
    replaced: list[VoiceModel] = field(default_factory=list)
    skipped: list[UUID] = field(default_factory=list)
    active: VoiceModel | None = None


class Entering:
    """Enters voices in a unit of work that holds the owner's lock.

    Args:
        session: the unit of work.
        owner_id: whose voices.
        done: where it is told what was done.
        overwrite: whether voices that are there become as they were, too.

    Attributes:
        replaced_trees: files' lists that overwritten voices had, and that were still there.
    """

    def __init__(self, session: Session, owner_id: UUID, done: Restored, *, overwrite: bool) -> None:
        self.replaced_trees: list[str] = []
        self._now = datetime.now(UTC)
        """When the voices are brought back, which the cleanup takes as a use of them."""
        self._overwrites = overwrite
        self._session = session
        self._owner_id = owner_id
        self._done = done

    def enter(self, voices: Iterable[SavedVoice], wanted: Collection[UUID]) -> None:
        """Enter those that are wanted, the older versions first."""
        for voice in sorted(voices, key=lambda one: (one.model.name_key, one.model.version)):
            there = self._session.get(VoiceModel, voice.model.id, with_for_update={"key_share": True})
            is_live = there is not None and there.deleted_at is None
            if voice.model.id not in wanted or (is_live and not self._overwrites):
                self._done.skipped.append(voice.model.id)
                continue
            if there is None:
                self._done.restored.append(self._add(voice))
            else:
                self._overwrite(there, voice)
            self._session.flush()
            self._add_ratings(voice)

    def activate(self, voices: Iterable[SavedVoice]) -> None:
        """Make the voice active that was so in the backup."""
        for voice in voices:
            there = self._session.get(VoiceModel, voice.model.id)
            is_mine = there is not None and there.owner_id == self._owner_id and there.deleted_at is None
            if voice.model.is_active and there is not None and is_mine:
                make_active(self._session, there)

    def _add(self, voice: SavedVoice) -> VoiceModel:
        saved = voice.model
        name, name_key, version, lineage_id = self._place_of(voice)
        row = VoiceModel(
            **saved.model_dump(exclude=_IDENTITY),
            id=saved.id,
            owner_id=self._owner_id,
            name=name,
            name_key=name_key,
            version=version,
            lineage_id=lineage_id,
            parent_id=saved.parent_id,
            training_job_id=self._free_job(saved.id, saved.training_job_id),
            revision=saved.revision + 1,
            is_active=False,
            created_at=saved.created_at,
            deleted_at=None,
            purge_at=None,
            undeleted_at=self._now,
            collected_at=None,
        )
        self._session.add(row)
        return row

    def _overwrite(self, row: VoiceModel, voice: SavedVoice) -> None:
        before = {row.artefact_digest, row.references_digest, row.spoken_digest}
        for name, value in voice.model.model_dump(exclude=_IDENTITY).items():
            setattr(row, name, value)
        row.revision += 1
        row.undeleted_at = self._now
        if row.collected_at is None:
            self.replaced_trees += [tree for tree in before - set(voice.model.trees) if tree is not None]
        if row.deleted_at is None:
            self._done.replaced.append(row)
            return
        row.training_job_id = self._free_job(row.id, row.training_job_id)
        row.deleted_at = row.purge_at = row.collected_at = None
        self._done.restored.append(row)

    def _add_ratings(self, voice: SavedVoice) -> None:
        """What somebody has said of it since stays."""
        rows = [{"model_id": voice.model.id, **rating.model_dump()} for rating in voice.ratings]
        if rows:
            self._session.execute(insert(VoiceRating).values(rows).on_conflict_do_nothing())

    def _place_of(self, voice: SavedVoice) -> tuple[str, str, int, UUID]:
        """Its name, number and lineage: as they were, unless other voices have taken them since."""
        saved = voice.model
        mine = VoiceModel.owner_id == self._owner_id
        relative = self._session.scalar(
            select(VoiceModel).where(mine, VoiceModel.lineage_id == saved.lineage_id).limit(1)
        ) or newest_of_name(self._session, self._owner_id, saved.name_key)
        if relative is None:
            return saved.name, saved.name_key, saved.version, saved.lineage_id
        of_name = mine & (VoiceModel.name_key == relative.name_key)
        numbers = set(self._session.scalars(select(VoiceModel.version).where(of_name)))
        version = saved.version if saved.version not in numbers else max(numbers) + 1
        return relative.name, relative.name_key, version, relative.lineage_id

    def _free_job(self, model_id: UUID, training_job_id: UUID | None) -> UUID | None:
        """The training job, unless another voice of it has been entered since."""
        other = of_job(self._session, training_job_id)
        taken = other is not None and other.id != model_id and other.deleted_at is None
        return None if taken else training_job_id
