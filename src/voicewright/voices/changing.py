"""What an owner may change of a voice: its name, with all its versions, its score, metadata and notes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import exists, select

from voicewright.errors import FieldFault
from voicewright.voices.checks import checked_details
from voicewright.voices.errors import VoiceChanged, VoiceNameInvalid, VoiceNameTaken
from voicewright.voices.finding import newest_of_name, owned_by
from voicewright.voices.merging import merged_object
from voicewright.voices.models import VoiceModel
from voicewright.voices.names import clean_name, name_key

if TYPE_CHECKING:
    from collections.abc import Collection

    from sqlalchemy.orm import Session

    from voicewright.voices.bodies import VoiceModelChangesBody


def require_revision(voice: VoiceModel, revisions: Collection[int] | None) -> None:
    """Refuse a change by somebody who does not know what the voice is now.

    Raises:
        VoiceChanged: it is at none of these revisions; or there are none, because they were not understood.
    """
    if revisions is not None and not revisions:
        raise VoiceChanged(
            f'If-Match names no revision. Give the ETag as it came, such as "{voice.revision}": in quotes, '
            "without W/ before it."
        )
    if revisions is not None and voice.revision not in revisions:
        raise VoiceChanged(
            f'The voice model was changed meanwhile: its ETag is "{voice.revision}". Read it again.'
        )


def apply_changes(session: Session, voice: VoiceModel, body: VoiceModelChangesBody) -> list[VoiceModel]:
    """Change a voice whose owner is locked; answers the other versions that were renamed with it.

    Raises:
        VoiceMetadataInvalid: what came of the merge is more than can be kept.
        VoiceNameInvalid, VoiceNameTaken: as `rename`.
    """
    if body.quality_score is not None:
        voice.quality_score = body.quality_score
    if body.metadata is not None:
        voice.details = checked_details(merged_object(voice.details, body.metadata))
    if "notes" in body.model_fields_set:
        voice.notes = body.notes
    if session.is_modified(voice):
        voice.revision += 1
    return [] if body.name is None else rename(session, voice, body.name)


def rename(session: Session, voice: VoiceModel, name: str) -> list[VoiceModel]:
    """Give a voice another name, in all its versions, deleted ones too; answers those besides itself.

    Raises:
        VoiceNameInvalid: with the reason.
        VoiceNameTaken: another voice of the owner has it, or had it before it was deleted.
    """
    try:
        wanted = clean_name(name)
    except VoiceNameInvalid as error:
        raise VoiceNameInvalid(error.message, fields=[FieldFault("name", error.message)]) from error
    key = name_key(wanted)
    holder = newest_of_name(session, voice.owner_id, key)
    if holder is not None and holder.lineage_id != voice.lineage_id:
        there = exists().where(owned_by(voice.owner_id), VoiceModel.name_key == key)
        is_there = session.scalar(select(there))
        was = "is the name of another voice" if is_there else "was that of a deleted voice"
        message = f"{wanted!r} {was} of this user, whose versions go on counting. Choose another name."
        raise VoiceNameTaken(message, fields=[FieldFault("name", message)])
    lineage = session.scalars(
        select(VoiceModel).where(
            VoiceModel.owner_id == voice.owner_id, VoiceModel.lineage_id == voice.lineage_id
        )
    ).all()
    changed = [one for one in lineage if one.name != wanted]
    for one in changed:
        one.name, one.name_key = wanted, key
        one.revision += 1
    return [one for one in changed if one.id != voice.id]
