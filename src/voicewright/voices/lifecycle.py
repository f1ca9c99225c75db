"""What becomes of deleted voices: they rest for a while, can be brought back, and are then purged."""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import func, select

from voicewright.accounts.policies import may_see, require_admin, require_own_id
from voicewright.errors import AppError
from voicewright.voices.activation import mark_deleted
from voicewright.voices.acts import note_change, note_reading
from voicewright.voices.artefacts import hold_files
from voicewright.voices.cleanup.errors import VoiceNotDeleted
from voicewright.voices.errors import VoiceModelExists, VoiceNotFound
from voicewright.voices.finding import of_job
from voicewright.voices.models import VoiceModel
from voicewright.voices.owner_lock import lock_owner
from voicewright.voices.retention import rests
from voicewright.voices.settling import settle_voice
from voicewright.voices.sharing.access import find_own, not_found
from voicewright.voices.sharing.rules import end_shares

if TYPE_CHECKING:
    import uuid

    from sqlalchemy.orm import Session

    from voicewright.accounts.caller import Caller
    from voicewright.db.server import Database
    from voicewright.voices.service import VoiceService

_LOG = logging.getLogger(__name__)


class LifecycleService:
    """The deleted voices of all owners; callers see their own, and administrators all.

    Every method raises the errors of `db.errors` when the database is away.

    Args:
        database: open.
        voices: has the files.
    """

    def __init__(self, database: Database, voices: VoiceService) -> None:
        self._database = database
        self._voices = voices

    def list_deleted(
        self, caller: Caller, owner_id: uuid.UUID | None, *, limit: int, offset: int
    ) -> tuple[list[VoiceModel], int]:
        """The voices that can be brought back, the last deleted first, and how many there are.

        Of all owners, for an administrator, where `owner_id` is None.

        Raises:
            NotAllowed: they are somebody else's.
        """
        if owner_id is None:
            require_admin(caller)
        else:
            require_own_id(caller, owner_id)
        with self._database.session() as session:
            theirs = rests(datetime.now(UTC))
            if owner_id is not None:
                theirs &= VoiceModel.owner_id == owner_id
            total = session.scalar(select(func.count()).select_from(VoiceModel).where(theirs)) or 0
            last_first = (VoiceModel.deleted_at.desc(), VoiceModel.id)
            page = select(VoiceModel).where(theirs).order_by(*last_first).limit(limit).offset(offset)
            found = list(session.scalars(page))
            note_reading(session, caller, "list", owner_id or caller.user_id, what="deleted")
        return found, total

    def undelete(self, caller: Caller, model_id: uuid.UUID) -> VoiceModel:
        """Bring a deleted voice back, as long as its files are there; it is not active, and not shared.

        Raises:
            VoiceNotFound: there is none, or not for them, or it was purged.
            VoiceNotDeleted: it is not deleted.
            VoiceModelExists: another voice of the same training has taken its place.
        """
        with self._database.session() as session:
            hold_files(session)
            voice = _find(session, caller, model_id)
            if voice.deleted_at is None:
                raise VoiceNotDeleted(f"{voice.label}, is not deleted.")
            if not _rests(session, voice):
                raise VoiceNotFound(f"Voice model {model_id} was removed for good, with its files.")
            successor = of_job(session, voice.training_job_id)
            if successor is not None and successor.deleted_at is None:
                raise VoiceModelExists(
                    f"The same training has the voice model {successor.id} now. Delete that one first."
                )
            voice.deleted_at = voice.purge_at = None
            voice.undeleted_at = datetime.now(UTC)
            voice.unsettled = True
            voice.revision += 1
            end_shares(session, voice.id)
            note_change(session, caller, "undelete", voice)
        try:
            settle_voice(self._database, self._voices.vault, voice)
        except AppError as error:
            _LOG.warning("what describes %s is moved back later: %s", voice.label, error.message)
        return voice

    def purge(
        self, caller: Caller, model_id: uuid.UUID, *, user_id: uuid.UUID | None = None
    ) -> tuple[VoiceModel, VoiceModel | None]:
        """Delete a voice for good, one that is deleted already too; answers also who took over from it.

        Raises:
            VoiceNotFound: there is none, or not for them, or it was purged.
            NotAllowed: it is shared with them; or the user named is somebody else.
        """
        with self._database.session() as session:
            if user_id is not None:
                require_own_id(caller, user_id)
            known = session.get(VoiceModel, model_id)
            if known is None or known.deleted_at is None:
                voice = find_own(session, caller, model_id, user_id=user_id)
                heir = mark_deleted(session, voice, keep_for=timedelta(0))
            else:
                voice, heir = _find(session, caller, model_id), None
                if user_id not in {None, voice.owner_id} or not _rests(session, voice):
                    raise not_found(model_id)
                voice.purge_at = datetime.now(UTC)
            note_change(session, caller, "delete", voice, heir, purged=True)
        self._voices.of(voice.owner_id).put_away(voice)
        return voice, heir


def _find(session: Session, caller: Caller, model_id: uuid.UUID) -> VoiceModel:
    """One's own voice, deleted or not, that nobody else changes before the session ends."""
    voice = session.get(VoiceModel, model_id)
    if voice is None or not may_see(caller, voice.owner_id):
        raise not_found(model_id)
    lock_owner(session, voice.owner_id)
    session.refresh(voice, with_for_update={"key_share": True})
    return voice


def _rests(session: Session, voice: VoiceModel) -> bool:
    found = select(VoiceModel.id).where(VoiceModel.id == voice.id, rests(datetime.now(UTC)))
    return session.scalar(found) is not None
