"""Enters a voice whose files are stored: its place among the versions of its name, and whether it speaks."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from sqlalchemy import exists, select

from voicewright import __version__
from voicewright.privacy.speakers import speaker_key
from voicewright.voices.activation import active_voice, make_inactive
from voicewright.voices.checks import checked_details, checked_evaluation, checked_json, checked_score
from voicewright.voices.checks import checked_seconds as seconds
from voicewright.voices.finding import newest_of_name, owned_by
from voicewright.voices.models import VoiceModel
from voicewright.voices.names import clean_name, name_key
from voicewright.voices.policies import activates_on_creation
from voicewright.voices.schemas import StoredTrees, VoiceFacts

if TYPE_CHECKING:
    from sqlalchemy.orm import Session


@dataclass(frozen=True, slots=True)
class Entry:
    """What is said of a voice, checked; made before anything is stored."""

    facts: VoiceFacts
    name: str
    evaluation: dict[str, Any] | None
    quality_score: float | None
    options: dict[str, Any]
    details: dict[str, Any]

    @classmethod
    def of(cls, facts: VoiceFacts) -> Self:
        """Check all of it.

        Raises:
            VoiceNameInvalid, VoiceDataInvalid, VoiceMetadataInvalid: with the reason.
        """
        seconds(facts.speech_s), seconds(facts.train_s)
        evaluation, overall = checked_evaluation(facts.evaluation)
        score = checked_score(facts.quality_score)
        return cls(
            facts=facts,
            name=clean_name(facts.name),
            evaluation=evaluation,
            quality_score=overall if score is None else score,
            options=checked_json(facts.options, "the options"),
            details=checked_details(facts.details),
        )


def enter_voice(
    session: Session,
    owner_id: uuid.UUID,
    entry: Entry,
    trees: StoredTrees,
    *,
    activates: bool | None = None,
    takes_over: bool = True,
) -> VoiceModel:
    """Add the row; the same name again makes the next version, also where the last one was deleted.

    The caller holds the owner's lock and the files (`artefacts.hold_files`).

    Args:
        session: a unit of work.
        owner_id: whose voice it is.
        entry: what is said of it.
        trees: its files.
        activates: whether it becomes the active one; None: as a new voice does (`voices.policies`).
        takes_over: whether a new voice may become so in place of another.
    """
    facts, key = entry.facts, name_key(entry.name)
    earlier = newest_of_name(session, owner_id, key)
    active = active_voice(session, owner_id)
    if activates is None:
        has_others = session.scalar(select(exists().where(owned_by(owner_id))))
        wanted = activates_on_creation(entry.quality_score, is_first=not has_others)
        activates = wanted and (takes_over or active is None)
    if activates and active is not None:
        make_inactive(session, active)
    voice = VoiceModel(
        id=uuid.uuid4(),
        owner_id=owner_id,
        name=entry.name,
        name_key=key,
        version=1 if earlier is None else earlier.version + 1,
        lineage_id=uuid.uuid4() if earlier is None else earlier.lineage_id,
        parent_id=facts.parent_id or (None if earlier is None else earlier.id),
        engine=facts.engine,
        engine_version=facts.engine_version,
        code_version=__version__,
        language=facts.language,
        sample_rate_hz=facts.sample_rate_hz,
        artefact_digest=trees.artefact,
        artefact_bytes=trees.artefact_bytes,
        references_digest=trees.references,
        spoken_digest=trees.spoken,
        stored_bytes=trees.stored_bytes,
        speech_s=facts.speech_s,
        train_s=facts.train_s,
        evaluation=entry.evaluation,
        quality_score=entry.quality_score,
        options=entry.options,
        dataset_hash=facts.dataset_hash,
        speaker_key=None if facts.speaker is None else speaker_key(facts.speaker),
        training_job_id=facts.training_job_id,
        notes=facts.notes,
        details=entry.details,
        status="completed",
        revision=1,
        is_active=activates,
        deleted_at=None,
        collected_at=None,
    )
    session.add(voice)
    session.flush()
    return voice


def facts_of(voice: VoiceModel) -> VoiceFacts:
    """What is said of a voice, for a further version of it; the training job is not taken over."""
    return VoiceFacts(
        name=voice.name,
        engine=voice.engine,
        engine_version=voice.engine_version,
        language=voice.language,
        speech_s=voice.speech_s,
        train_s=voice.train_s,
        sample_rate_hz=voice.sample_rate_hz,
        evaluation=voice.evaluation,
        quality_score=voice.quality_score,
        options=voice.options,
        dataset_hash=voice.dataset_hash,
        speaker=voice.speaker_key,  # the key of a key is the same
        details=voice.details,
        notes=voice.notes,
    )


def trees_of(voice: VoiceModel) -> StoredTrees:
    """The files of a voice."""
    return StoredTrees(
        artefact=voice.artefact_digest,
        artefact_bytes=voice.artefact_bytes,
        references=voice.references_digest,
        spoken=voice.spoken_digest,
        stored_bytes=voice.stored_bytes,
    )
