"""Finds voices in the registry as people name them, and says what there is where there is none."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Final

from sqlalchemy import select

from voicewright.voices.errors import VoiceNotFound
from voicewright.voices.models import VoiceModel
from voicewright.voices.names import as_id, close_names, name_key
from voicewright.voices.schemas import LOCAL_USER_ID

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from sqlalchemy import ColumnElement
    from sqlalchemy.orm import Session

_MOST_NAMED: Final = 5


def owned_by(owner_id: uuid.UUID) -> ColumnElement[bool]:
    """The voices that an owner has, without the deleted ones."""
    return (VoiceModel.owner_id == owner_id) & VoiceModel.deleted_at.is_(None)


def labels_of(session: Session, model_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, str]:
    """What people call some voices, deleted ones too; those whose rows are gone are left out."""
    found = select(VoiceModel.id, VoiceModel.name, VoiceModel.version).where(VoiceModel.id.in_(model_ids))
    return {row.id: f"{row.name}, version {row.version}" for row in session.execute(found)}


def find_voice(
    session: Session, owner_id: uuid.UUID, reference: str | uuid.UUID, version: int | None
) -> VoiceModel:
    """A voice of an owner by its name (the newest version, or the one given) or by its id.

    Raises:
        VoiceNotFound: names those that come close, or the versions that there are.
    """
    mine = owned_by(owner_id)
    wanted_id = reference if isinstance(reference, uuid.UUID) else as_id(reference)
    if wanted_id is not None:
        voice = session.scalar(select(VoiceModel).where(mine, VoiceModel.id == wanted_id))
        if voice is None or version not in {None, voice.version}:
            raise VoiceNotFound(
                f"There is no voice with the id {wanted_id}."
                + _if_local(owner_id, " `voicewright voices list` shows all.")
            )
        return voice
    versions = session.scalars(
        select(VoiceModel)
        .where(mine, VoiceModel.name_key == name_key(str(reference)))
        .order_by(VoiceModel.version.desc())
    ).all()
    for voice in versions:
        if version in {None, voice.version}:
            return voice
    raise VoiceNotFound(_not_found(session, owner_id, str(reference), version, versions))


def newest_of_name(session: Session, owner_id: uuid.UUID, key: str) -> VoiceModel | None:
    """The last version of a name, a deleted one too: numbers are not given twice."""
    return session.scalar(
        select(VoiceModel)
        .where(VoiceModel.owner_id == owner_id, VoiceModel.name_key == key)
        .order_by(VoiceModel.version.desc())
        .limit(1)
    )


def of_job(session: Session, training_job_id: uuid.UUID | None) -> VoiceModel | None:
    """The voice that a training job made; where it was deleted, the one that was deleted last."""
    if training_job_id is None:
        return None
    return session.scalar(
        select(VoiceModel)
        .where(VoiceModel.training_job_id == training_job_id)
        .order_by(VoiceModel.deleted_at.desc().nulls_first())
        .limit(1)
    )


def _not_found(
    session: Session,
    owner_id: uuid.UUID,
    reference: str,
    version: int | None,
    versions: Sequence[VoiceModel],
) -> str:
    if versions:
        known = ", ".join(str(voice.version) for voice in reversed(versions))
        return f"The voice {versions[0].name} has no version {version}. It has: {known}."
    mine = owned_by(owner_id)
    names = session.scalars(select(VoiceModel.name).where(mine).order_by(VoiceModel.created_at)).all()
    close = close_names(reference, names)
    if close:
        return f"There is no voice called {reference!r}. Did you mean {' or '.join(map(repr, close))}?"
    if names:
        newest = list(dict.fromkeys(reversed(names)))
        shown = ", ".join(map(repr, newest[:_MOST_NAMED]))
        more = f" and {len(newest) - _MOST_NAMED} more" if len(newest) > _MOST_NAMED else ""
        told = f"There is no voice called {reference!r}. There are: {shown}{more}."
        return told + _if_local(owner_id, " All of them: `voicewright voices list`.")
    told = f"There is no voice called {reference!r}, nor any other yet."
    return told + _if_local(owner_id, " Make one: `voicewright clone FOLDER --name NAME`.")


def _if_local(owner_id: uuid.UUID, advice: str) -> str:
    """What helps at the command line, and no account that asks over HTTP."""
    return advice if owner_id == LOCAL_USER_ID else ""
