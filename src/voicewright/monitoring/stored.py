"""What the installation keeps: bytes by kind and by account, room on the disk, keys, and what is to go."""

from __future__ import annotations

import shutil
import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import func, literal, select, union_all

from voicewright.accounts.models import User
from voicewright.recordings.models import Sample
from voicewright.speech.long.models import LongSpeech
from voicewright.speech.models import CachedPiece, Synthesis
from voicewright.storage.models import UserKey
from voicewright.voices.models import VoiceModel, VoiceUpload
from voicewright.voices.provided.models import ProviderVoice

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy.orm import Session

SHOWN: Final = 20
"""Accounts that are named."""
VOICES: Final = "voices"
RECORDINGS: Final = "recordings"


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of what is kept."""

    key: str
    title: str
    count: int
    bytes: int


@dataclass(frozen=True, slots=True)
class OwnerBytes:
    """What one account keeps."""

    user_id: uuid.UUID
    voices_bytes: int
    recordings_bytes: int
    spoken_bytes: int

    @property
    def bytes(self) -> int:
        """Together."""
        return self.voices_bytes + self.recordings_bytes + self.spoken_bytes


@dataclass(frozen=True, slots=True)
class Keys:
    """The keys of the accounts' files."""

    sealed: dict[str, int]
    """How many each master key has sealed, by its id."""
    destroyed: int
    """Those of deleted accounts: their files can't be read by anybody."""
    without: int
    """Accounts that have none yet, as nothing of theirs was ever kept."""


@dataclass(frozen=True, slots=True)
class ToGo:
    """What is deleted, and not gone yet."""

    resting: int
    """Deleted voices that can still be brought back."""
    resting_bytes: int
    due: int
    """Deleted voices whose time has passed: the next sweep removes their files."""
    due_bytes: int
    uploads: int
    """Voices that were uploaded and never registered; they go after a day."""
    at_providers: int
    """Voices that are deleted here, and not at the company that made them."""
    at_providers_since: datetime | None


@dataclass(frozen=True, slots=True)
class Stored:
    """All of it."""

    kinds: list[Kind]
    """The largest first; before compression and encryption."""
    owners: list[OwnerBytes]
    """The largest first, `SHOWN` at most."""
    keys: Keys
    to_go: ToGo
    database_bytes: int

    @property
    def bytes(self) -> int:
        """Of all kinds."""
        return sum(kind.bytes for kind in self.kinds)

    @property
    def voices_bytes(self) -> int:
        """Of the voices that are there."""
        return sum(kind.bytes for kind in self.kinds if kind.key == VOICES)


@dataclass(frozen=True, slots=True)
class Disk:
    """The disk that a folder lies on."""

    total_bytes: int
    free_bytes: int

    @property
    def used_share(self) -> float:
        """0..1."""
        return 1 - self.free_bytes / self.total_bytes if self.total_bytes else 0.0


def read_stored(session: Session) -> Stored:
    """Sums of the tables' own columns; no file is looked at."""
    return Stored(
        kinds=sorted(_kinds(session), key=lambda kind: -kind.bytes),
        owners=_owners(session),
        keys=_keys(session),
        to_go=_to_go(session),
        database_bytes=session.scalar(select(func.pg_database_size(func.current_database()))) or 0,
    )


def kept_bytes(session: Session) -> int:
    """Of recordings and of what was spoken; voices are in the figures of the installation already."""
    columns = (Sample.size_bytes, Synthesis.file_bytes)
    return sum(int(session.scalar(select(func.sum(column))) or 0) for column in columns)


def disk_of(folder: Path) -> Disk | None:
    """The disk below a folder of this machine; None where it can't be asked."""
    try:
        usage = shutil.disk_usage(folder)
    except OSError:
        return None
    return Disk(usage.total, usage.free)


def _kinds(session: Session) -> list[Kind]:
    live = VoiceModel.deleted_at.is_(None)
    kept = VoiceModel.deleted_at.is_not(None) & VoiceModel.collected_at.is_(None)
    spoken, joined = Synthesis.file_digest.is_not(None), LongSpeech.file_digest.is_not(None)
    of: list[tuple[str, str, Any]] = [
        (VOICES, "Voices", _counted(VoiceModel.stored_bytes).where(live)),
        ("deleted", "Deleted voices that can come back", _counted(VoiceModel.stored_bytes).where(kept)),
        (RECORDINGS, "Recordings", _counted(Sample.size_bytes)),
        ("spoken", "What was spoken", _counted(Synthesis.file_bytes).where(spoken)),
        ("long", "Long texts and batches", _counted(LongSpeech.file_bytes).where(joined)),
        ("repeated", "Speech kept for repeating", _counted(CachedPiece.bytes)),
        ("uploads", "Uploads that wait", _counted(VoiceUpload.bytes)),
    ]
    kinds = []
    for key, title, query in of:
        count, size_bytes = session.execute(query).one()
        kinds.append(Kind(key, title, count, int(size_bytes)))
    return kinds


def _owners(session: Session) -> list[OwnerBytes]:
    nothing = literal(0)
    voices = select(
        VoiceModel.owner_id.label("user_id"),
        func.sum(VoiceModel.stored_bytes).label("voices"),
        nothing.label("recordings"),
        nothing.label("spoken"),
    )
    live = voices.where(VoiceModel.deleted_at.is_(None)).group_by(VoiceModel.owner_id)
    recordings = select(Sample.owner_id, nothing, func.sum(Sample.size_bytes), nothing).group_by(
        Sample.owner_id
    )
    spoken = (
        select(Synthesis.user_id, nothing, nothing, func.sum(Synthesis.file_bytes))
        .where(Synthesis.file_digest.is_not(None))
        .group_by(Synthesis.user_id)
    )
    each = union_all(live, recordings.group_by(Sample.owner_id), spoken).subquery()
    total = func.sum(each.c.voices + each.c.recordings + each.c.spoken)
    rows = session.execute(
        select(each.c.user_id, func.sum(each.c.voices), func.sum(each.c.recordings), func.sum(each.c.spoken))
        .group_by(each.c.user_id)
        .order_by(total.desc(), each.c.user_id)
        .limit(SHOWN)
    )
    return [OwnerBytes(row[0], *map(int, row[1:])) for row in rows]


def _keys(session: Session) -> Keys:
    by_master = select(UserKey.master_key_id, func.count()).group_by(UserKey.master_key_id)
    counts = dict(session.execute(by_master).all())
    has_key = select(UserKey.owner_id).where(UserKey.owner_id == User.id)
    without = select(func.count()).select_from(User).where(~has_key.exists())
    return Keys(
        sealed={key_id: count for key_id, count in sorted(counts.items(), key=str) if key_id is not None},
        destroyed=counts.get(None, 0),
        without=session.scalar(without) or 0,
    )


def _to_go(session: Session) -> ToGo:
    there = VoiceModel.deleted_at.is_not(None) & VoiceModel.collected_at.is_(None)
    rests = VoiceModel.purge_at > func.now()
    size_bytes = func.coalesce(func.sum(VoiceModel.stored_bytes).filter(rests), 0)
    all_bytes = func.coalesce(func.sum(VoiceModel.stored_bytes), 0)
    resting, resting_bytes, every, every_bytes = session.execute(
        select(func.count().filter(rests), size_bytes, func.count(), all_bytes).where(there)
    ).one()
    unwanted = ProviderVoice.unwanted_since
    at_providers, since = session.execute(
        select(func.count(), func.min(unwanted)).where(unwanted.is_not(None))
    ).one()
    return ToGo(
        resting=resting,
        resting_bytes=int(resting_bytes),
        due=every - resting,
        due_bytes=int(every_bytes) - int(resting_bytes),
        uploads=session.scalar(select(func.count()).select_from(VoiceUpload)) or 0,
        at_providers=at_providers,
        at_providers_since=since,
    )


def _counted(column: Any) -> Any:
    return select(func.count(), func.coalesce(func.sum(column), 0))
