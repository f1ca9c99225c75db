"""Who may speak with a voice, asked again and again while it speaks.

A voice that an engine has loaded goes on speaking whatever happens in the database. So whoever has it speak
asks a `Permit` before each sentence, and again while sound waits: a share that was taken back ends the speech
there, and so does a voice that was deleted, or an account that was disabled.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import func, or_, select, tuple_

from voicewright.accounts.models import User
from voicewright.voices.errors import VoiceNotFound
from voicewright.voices.finding import find_voice
from voicewright.voices.models import VoiceModel
from voicewright.voices.names import as_id, name_key
from voicewright.voices.sharing.access import not_for_this
from voicewright.voices.sharing.errors import VoiceNameAmbiguous
from voicewright.voices.sharing.models import SharePermission, VoiceShare
from voicewright.voices.sharing.rules import holds_for

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.orm import Session

    from voicewright.db.server import Database


@dataclass(frozen=True, slots=True)
class Permit:
    """Whether somebody may speak with a voice now; call it before each sentence.

    Nothing is remembered between two calls: each costs one query, by primary keys.
    """

    database: Database
    user_id: uuid.UUID
    model_id: uuid.UUID

    def __call__(self) -> None:
        """Ask.

        Raises:
            VoiceNotFound: the voice was deleted, or is no longer shared with them, or their account was
                disabled.
            DatabaseUnavailable: it can't be told, so the answer is no.
        """
        shared = (
            select(VoiceShare.id)
            .where(VoiceShare.model_id == self.model_id, holds_for(self.user_id))
            .where(VoiceShare.permission == SharePermission.USE)
            .exists()
        )
        allowed = select(VoiceModel.id).where(
            VoiceModel.id == self.model_id,
            VoiceModel.deleted_at.is_(None),
            or_(VoiceModel.owner_id == self.user_id, shared),
            ~select(User.id).where(User.id == self.user_id, User.disabled_at.is_not(None)).exists(),
        )
        with self.database.session() as session:
            if session.scalar(allowed) is None:
                raise VoiceNotFound(
                    f"The voice {self.model_id} is gone or no longer shared with you, or your account is "
                    "disabled: it speaks no further."
                )


def find_to_speak(
    session: Session, user_id: uuid.UUID, reference: str | uuid.UUID, version: int | None = None
) -> VoiceModel:
    """A voice that somebody may speak with, by its name or id: one of their own, or else a shared one.

    Raises:
        VoiceNotFound: there is none; it names own ones that come close.
        VoiceNameAmbiguous: several people share a voice of this name.
        NotAllowed: there is one, which they may look at.
    """
    try:
        return find_voice(session, user_id, reference, version)
    except VoiceNotFound:
        shared = _shared(session, user_id, reference, version)
        if not shared:
            raise
    usable = [voice for voice, permission in shared if permission == SharePermission.USE]
    if not usable:
        raise not_for_this(shared[0][0].name, "use")
    if len({voice.lineage_id for voice in usable}) > 1:
        ids = ", ".join(str(voice.id) for voice in usable)
        raise VoiceNameAmbiguous(f"Several people share a voice called {reference!r}. Give its id: {ids}.")
    return usable[0]


def list_to_speak(session: Session, user_id: uuid.UUID) -> list[VoiceModel]:
    """The voices that somebody may speak with, newest versions: their own by name, then shared ones."""
    mine = (VoiceModel.owner_id == user_id) & VoiceModel.deleted_at.is_(None)
    newest = (
        select(VoiceModel.name_key, func.max(VoiceModel.version)).where(mine).group_by(VoiceModel.name_key)
    )
    own = (
        select(VoiceModel)
        .where(mine, tuple_(VoiceModel.name_key, VoiceModel.version).in_(newest))
        .order_by(VoiceModel.name_key)
    )
    theirs = select(VoiceShare.model_id).where(
        holds_for(user_id), VoiceShare.permission == SharePermission.USE
    )
    open_to = VoiceModel.id.in_(theirs) & VoiceModel.deleted_at.is_(None)
    last = (
        select(VoiceModel.lineage_id, func.max(VoiceModel.version))
        .where(open_to)
        .group_by(VoiceModel.lineage_id)
    )
    shared = (
        select(VoiceModel)
        .where(open_to, tuple_(VoiceModel.lineage_id, VoiceModel.version).in_(last))
        .order_by(VoiceModel.name_key, VoiceModel.id)
    )
    return [*session.scalars(own), *session.scalars(shared)]


def _shared(
    session: Session, user_id: uuid.UUID, reference: str | uuid.UUID, version: int | None
) -> Sequence[tuple[VoiceModel, str]]:
    """What others share that the reference may mean, the newest versions first."""
    wanted_id = reference if isinstance(reference, uuid.UUID) else as_id(reference)
    meant = (
        VoiceModel.id == wanted_id
        if wanted_id is not None
        else VoiceModel.name_key == name_key(str(reference))
    )
    found = (
        select(VoiceModel, VoiceShare.permission)
        .join(VoiceShare, VoiceShare.model_id == VoiceModel.id)
        .where(holds_for(user_id), meant, VoiceModel.deleted_at.is_(None))
        .order_by(VoiceModel.version.desc(), VoiceModel.id)
    )
    if version is not None:
        found = found.where(VoiceModel.version == version)
    return [(voice, permission) for voice, permission in session.execute(found)]
