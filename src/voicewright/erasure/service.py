"""Deletes an account with all that belongs to it, so that nothing of it can be read or brought back.

The database's part is one transaction, and with it goes the key of the owner's files: from its commit on
nobody can read these (crypto-erasure), nor any copy of them but one that was made together with the key: of
the database, or of a backup, somewhere else. The files themselves are removed afterwards.
What is cut off there is completed by the hourly sweep of any worker. The sweep also looks at the accounts
that were deleted in the last days once more: what was still going on then (an upload, a training on another
machine) may have left something behind.
"""

from __future__ import annotations

import logging
import uuid
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from sqlalchemy import func, or_, select, text

from voicewright.audit.acts import Act
from voicewright.audit.trail import note
from voicewright.erasure.errors import ErasureNotFound
from voicewright.erasure.models import Erasure
from voicewright.erasure.rows import belongings, delete_rows
from voicewright.errors import AppError
from voicewright.storage.vault import forget_objects, objects_of
from voicewright.storage.work import remove_work
from voicewright.training.workspace import CHECKPOINTS_KEPT_S
from voicewright.voices.copies.backup_store import lock_backups
from voicewright.voices.owner_lock import lock_owner

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from sqlalchemy.orm import Session

    from voicewright.accounts.users import Users
    from voicewright.db.server import Database
    from voicewright.storage.objects import ObjectStore
    from voicewright.storage.vault import Vault
    from voicewright.training.service import TrainingService
    from voicewright.voices.service import VoiceService

_LOG = logging.getLogger(__name__)

LOOKED_AT_FOR: Final = timedelta(seconds=CHECKPOINTS_KEPT_S, days=1)
"""For how long machines look for traces: nothing that could leave any goes on longer."""
_BACKUP_WAIT_S: Final = 5.0
"""For how long a deletion waits for a backup of the same account."""


@dataclass(frozen=True, slots=True)
class ErasureParts:
    """What an account's belongings are deleted with."""

    database: Database
    users: Users
    training: TrainingService
    voices: VoiceService
    samples: Vault
    more_stores: Sequence[ObjectStore]
    """Where files of owners lie besides: backups."""
    long: Vault
    """Of long texts and batches."""
    work_dir: Path


class ErasureService:
    """Deletes accounts; safe for threads and processes.

    Every method raises the errors of `db.errors` when the database is away.
    """

    def __init__(self, parts: ErasureParts) -> None:
        self._parts = parts
        self._database = parts.database

    def erase(self, user_id: uuid.UUID, *, requested_by: uuid.UUID | None) -> Erasure:
        """Delete an account with all that belongs to it.

        Args:
            user_id: whose.
            requested_by: the same, or an administrator; None: the command line.

        Returns:
            What was deleted. Where a store is away, its objects are left to the sweep; nobody can read them.

        Raises:
            UserNotFound: there is none.
            LastAdministrator: nobody would be left who administers.
            BackupBusy: their voices are being backed up or restored; nothing was deleted.
        """
        with self._database.session() as session:
            lock_backups(session, user_id, wait_s=_BACKUP_WAIT_S)  # one under way would bring the key back
            session.execute(text("SET LOCAL lock_timeout TO DEFAULT"))  # it was for that one
            erasure = self._erase_rows(session, user_id, requested_by)
        self._parts.samples.keys.forget(user_id)
        _LOG.info("the account %s was deleted, and the key of its files destroyed", user_id)
        try:
            return self.finish(erasure.id)
        except AppError as error:
            _LOG.warning("the objects of the account %s are removed later: %s", user_id, error.message)
            return erasure

    def get(self, erasure_id: uuid.UUID) -> Erasure:
        """What was deleted with an account.

        Raises:
            ErasureNotFound: there is no such receipt.
        """
        with self._database.session() as session:
            found = session.get(Erasure, erasure_id)
        if found is None:
            raise ErasureNotFound(f"There is no receipt with the id {erasure_id}.")
        return found

    def page(self, *, limit: int, offset: int = 0) -> tuple[Sequence[Erasure], int]:
        """What was deleted with the last accounts, the newest first, and how many were deleted at all."""
        newest_first = select(Erasure).order_by(Erasure.requested_at.desc(), Erasure.id)
        with self._database.session() as session:
            total = session.scalar(select(func.count()).select_from(Erasure)) or 0
            return session.scalars(newest_first.limit(limit).offset(offset)).all(), total

    def finish(self, erasure_id: uuid.UUID) -> Erasure:
        """Remove the objects of a deleted account, and its traces on this machine; again does no harm.

        Raises:
            ErasureNotFound: there is no such receipt.
            StorageUnavailable: a store is away; what is left is removed by the next try.
        """
        erasure = self.get(erasure_id)
        if erasure.objects is None:  # before the first one goes
            count = sum(1 for store in self._stores() for _ in objects_of(store, erasure.user_id))
            with self._database.session() as session:
                held = session.get_one(Erasure, erasure_id, with_for_update=True)
                held.objects = count if held.objects is None else held.objects
        self._clear(erasure)
        with self._database.session() as session:
            held = session.get_one(Erasure, erasure_id, with_for_update=True)
            if held.completed_at is None:
                held.completed_at = datetime.now(UTC)
            held.traces = {"jobs": held.traces.get("jobs", [])}  # on other machines, too
        return held

    def sweep(self) -> int:
        """Complete what was cut off, and remove what late work left; answers how many accounts it looked at.

        Raises:
            StorageUnavailable: a store is away.
        """
        recently = datetime.now(UTC) - LOOKED_AT_FOR
        with self._database.session() as session:
            found = session.scalars(
                select(Erasure).where(or_(Erasure.requested_at > recently, Erasure.completed_at.is_(None)))
            ).all()
            old = select(Erasure).where(
                Erasure.requested_at <= recently, Erasure.completed_at.is_not(None), Erasure.traces != {}
            )
            for erasure in session.scalars(old):
                erasure.traces = {}
        for erasure in found:
            with self._database.session() as session:
                late = delete_rows(session, erasure.user_id, None)
            if late:
                _LOG.warning("late rows of the deleted account %s were removed: %s", erasure.user_id, late)
            if erasure.completed_at is None:
                self.finish(erasure.id)
            else:
                self._clear(erasure)
        return len(found)

    def _erase_rows(self, session: Session, user_id: uuid.UUID, requested_by: uuid.UUID | None) -> Erasure:
        parts = self._parts
        user = parts.users.lock_to_delete(session, user_id)
        lock_owner(session, user_id)
        parts.training.cancel_all(session, user_id)
        found = belongings(session, user_id)
        parts.voices.vault.keys.destroy(session, user_id)
        now = datetime.now(UTC)
        erasure = Erasure(
            id=uuid.uuid4(),
            user_id=user_id,
            requested_by=requested_by,
            requested_at=now,
            key_destroyed_at=now,
            deleted=delete_rows(session, user_id, user.email),
            bytes=found.bytes,
            traces={"jobs": found.jobs, "trees": found.trees},
        )
        session.add(erasure)
        told = {"erasure": str(erasure.id), "deleted": erasure.deleted}
        note(session, Act("account.delete", user_id, requested_by, details=told))
        return erasure

    def _clear(self, erasure: Erasure) -> None:
        """Remove the objects, and what this machine has unpacked or noted of them."""
        parts = self._parts
        for store in self._stores():
            forget_objects(store, erasure.user_id)
        for vault in (parts.voices.vault, parts.samples, parts.long):
            vault.forget_notes(erasure.user_id)
        parts.voices.of(erasure.user_id).forget_unpacked(erasure.traces.get("trees", []))
        for job in erasure.traces.get("jobs", []):
            with suppress(AppError):  # it is still at it, and ends soon
                remove_work(parts.work_dir, job)

    def _stores(self) -> list[ObjectStore]:
        parts = self._parts
        stores = [vault.objects for vault in (parts.voices.vault, parts.samples, parts.long)]
        stores += parts.more_stores
        return list({store.place: store for store in stores}.values())
