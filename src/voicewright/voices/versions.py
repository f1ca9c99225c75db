"""The versions of one voice: their order, what is current, and what differs between two of them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import func, select

from voicewright.voices.activation import active_voice
from voicewright.voices.entering import Entry, enter_voice, facts_of, trees_of
from voicewright.voices.errors import VoiceIsCurrent
from voicewright.voices.finding import owned_by
from voicewright.voices.models import VoiceModel

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping
    from uuid import UUID

    from sqlalchemy import ColumnElement
    from sqlalchemy.orm import Session

    from voicewright.storage.trees import TreeFile

_COMPARED: Final = {
    "provider": "engine",
    "engine_version": "engine_version",
    "code_version": "code_version",
    "language": "language",
    "sample_rate": "sample_rate_hz",
    "dataset_hash": "dataset_hash",
    "speech_seconds": "speech_s",
    "training_seconds": "train_s",
    "training_job_id": "training_job_id",
    "quality_score": "quality_score",
    "stored_bytes": "stored_bytes",
    "notes": "notes",
    "metadata": "details",
}
"""By the name that a view has for it, the attribute of a voice."""

Pair = tuple[Any, Any]
"""Of this version and of the other one; None where it has no such thing."""


@dataclass(frozen=True, slots=True)
class FileDiff:
    """How the files of two versions differ, by their names."""

    only_this: tuple[str, ...]
    only_other: tuple[str, ...]
    changed: tuple[str, ...]
    same: tuple[str, ...]

    @classmethod
    def of(cls, this: Iterable[TreeFile], other: Iterable[TreeFile]) -> FileDiff:
        """Compare two lists of files by their digests; none of them is read."""
        mine, theirs = ({file.path: file.sha256 for file in files} for files in (this, other))
        both = sorted(mine.keys() & theirs.keys())
        return cls(
            only_this=tuple(sorted(mine.keys() - theirs.keys())),
            only_other=tuple(sorted(theirs.keys() - mine.keys())),
            changed=tuple(name for name in both if mine[name] != theirs[name]),
            same=tuple(name for name in both if mine[name] == theirs[name]),
        )


@dataclass(frozen=True, slots=True)
class VersionDiff:
    """What differs between two versions; what is equal is left out."""

    this: VoiceModel
    other: VoiceModel
    facts: dict[str, Pair]
    options: dict[str, Pair]
    evaluation: dict[str, Pair]
    files: FileDiff

    @classmethod
    def of(cls, this: VoiceModel, other: VoiceModel, files: FileDiff) -> VersionDiff:
        """Compare two voices."""
        facts = {
            name: (getattr(this, attribute), getattr(other, attribute))
            for name, attribute in _COMPARED.items()
        }
        return cls(
            this=this,
            other=other,
            facts={name: pair for name, pair in facts.items() if pair[0] != pair[1]},
            options=_differing(this.options, other.options),
            evaluation=_differing(_figures(this), _figures(other)),
            files=files,
        )


def of_lineage(
    session: Session, voice: VoiceModel, *, limit: int, offset: int
) -> tuple[list[VoiceModel], int]:
    """A page of the versions of a voice that are not deleted, the newest first, and how many there are."""
    where = _of_lineage(voice)
    page = select(VoiceModel).where(where).order_by(VoiceModel.version.desc()).limit(limit).offset(offset)
    total = session.scalar(select(func.count()).select_from(VoiceModel).where(where))
    return list(session.scalars(page)), total or 0


def current_version(session: Session, voice: VoiceModel) -> VoiceModel:
    """The newest version of a voice: the one that its name means."""
    found, _ = of_lineage(session, voice, limit=1, offset=0)
    return found[0]


def roll_back(session: Session, voice: VoiceModel) -> tuple[VoiceModel, VoiceModel | None]:
    """Make an older version the current one: a new version with its files, whose parent it is.

    It is active where a version of this voice was, or no voice at all. The caller holds the owner's lock and
    the files (`artefacts.hold_files`).

    Returns:
        The new version, and the voice that was active before.

    Raises:
        VoiceIsCurrent: it is the newest version.
    """
    if current_version(session, voice).id == voice.id:
        raise VoiceIsCurrent(f"{voice.label}, is the current version already.")
    before = active_voice(session, voice.owner_id)
    activates = before is None or before.lineage_id == voice.lineage_id
    entry = Entry.of(replace(facts_of(voice), parent_id=voice.id))
    return enter_voice(session, voice.owner_id, entry, trees_of(voice), activates=activates), before


@dataclass(frozen=True, slots=True)
class VersionSummary:
    """What a list says of all versions of a voice together."""

    count: int
    active_version: int | None
    """None: none of them is."""


def summaries_of(session: Session, owner_id: UUID, lineages: Collection[UUID]) -> dict[UUID, VersionSummary]:
    """Of some voices of an owner, by their lineages."""
    active = func.max(VoiceModel.version).filter(VoiceModel.is_active)
    rows = session.execute(
        select(VoiceModel.lineage_id, func.count(), active)
        .where(owned_by(owner_id), VoiceModel.lineage_id.in_(lineages))
        .group_by(VoiceModel.lineage_id)
    )
    return {lineage: VersionSummary(count, version) for lineage, count, version in rows}


def same_person(session: Session, voice: VoiceModel) -> list[VoiceModel]:
    """The other voices of the same speaker, each in its newest version; none where nobody named one."""
    if voice.speaker_key is None:
        return []
    found = session.scalars(
        select(VoiceModel)
        .where(
            owned_by(voice.owner_id),
            VoiceModel.speaker_key == voice.speaker_key,
            VoiceModel.lineage_id != voice.lineage_id,
        )
        .order_by(VoiceModel.version)
    )
    newest = {one.lineage_id: one for one in found}
    return sorted(newest.values(), key=lambda one: one.created_at, reverse=True)


def _of_lineage(voice: VoiceModel) -> ColumnElement[bool]:
    return owned_by(voice.owner_id) & (VoiceModel.lineage_id == voice.lineage_id)


def _figures(voice: VoiceModel) -> dict[str, Any]:
    """The numbers and words of an evaluation; not what it heard in single sentences."""
    return {
        name: value
        for name, value in (voice.evaluation or {}).items()
        if value is None or isinstance(value, str | int | float | bool)
    }


def _differing(this: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, Pair]:
    return {
        name: (this.get(name), other.get(name))
        for name in sorted(this.keys() | other.keys())
        if this.get(name) != other.get(name)
    }
