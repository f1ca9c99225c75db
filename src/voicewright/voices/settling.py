"""Puts the descriptions of voices where they belong: those that were deleted, or brought back.

The row says that its description is still to be moved (`VoiceModel.unsettled`), in the transaction that makes
it so: what a killed process did not move is found by the next sweep, however much later.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import select, update

from voicewright.voices.described import deleted_path, live_path, move
from voicewright.voices.models import VoiceModel
from voicewright.voices.owner_lock import lock_owner

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement
    from sqlalchemy.orm import Session

    from voicewright.db.server import Database
    from voicewright.storage.blobs import BlobStore
    from voicewright.storage.vault import Vault

_AT_ONCE: Final = 200


def settle(database: Database, vault: Vault) -> int:
    """Look after all voices that wait for it; answers how many descriptions were moved.

    Raises:
        StorageReadOnly, StorageUnavailable: nothing can be moved now.
    """
    moved, some = 0, _next(database, None)
    while some:
        moved += sum(settle_voice(database, vault, voice) for voice in some)
        some = _next(database, some[-1])
    return moved


def settle_voice(database: Database, vault: Vault, voice: VoiceModel) -> bool:
    """Look after one voice, as it is now; answers whether its description was moved.

    Raises:
        StorageReadOnly, StorageUnavailable: it can't be moved now, and waits.
    """
    with database.session() as session:
        lock_owner(session, voice.owner_id)  # whoever deletes it, brings it back or describes it waits
        found = session.scalar(select(VoiceModel).where(VoiceModel.id == voice.id, _waits()))
        if found is None:
            return False
        moved = _put_in_place(vault.of(found.owner_id), found)
        _mark_settled(session, found)
    return moved


def _next(database: Database, last: VoiceModel | None) -> list[VoiceModel]:
    waiting = select(VoiceModel).where(_waits()).order_by(VoiceModel.id).limit(_AT_ONCE)
    with database.session() as session:
        return list(session.scalars(waiting if last is None else waiting.where(VoiceModel.id > last.id)))


def _waits() -> ColumnElement[bool]:
    return VoiceModel.unsettled & VoiceModel.collected_at.is_(None)


def _put_in_place(blobs: BlobStore, voice: VoiceModel) -> bool:
    live, deleted = live_path(voice), deleted_path(voice)
    if voice.deleted_at is not None:
        return move(blobs, live, deleted)
    if blobs.objects.size_bytes(live) is None:
        return move(blobs, deleted, live)
    return blobs.objects.delete(deleted)  # it was described anew since it was brought back


def _mark_settled(session: Session, voice: VoiceModel) -> None:
    """Its owner sees no change of it."""
    mine = update(VoiceModel).where(VoiceModel.id == voice.id)
    session.execute(mine.values(unsettled=False, updated_at=VoiceModel.updated_at))
