"""What a voice was trained on, for its export: the samples of its training job that are still there."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from sqlalchemy import select

from voicewright.recordings.models import Sample
from voicewright.training.models import TrainingJob
from voicewright.voices.copies.exporting import Recording, TrainingData
from voicewright.voices.models import VoiceModel

if TYPE_CHECKING:
    from sqlalchemy.orm import Session


def data_of_voice(session: Session, voice: VoiceModel) -> TrainingData:
    """The recordings of a voice.

    Nothing is known of a voice that was made from the command line, uploaded or imported. A version that was
    made by going back to an earlier one has the files of that one, and so what that one was trained on.
    """
    job = _job_of(session, voice)
    if job is None:
        return TrainingData()
    ids = [UUID(text) for text in job.sample_ids]
    told = (Sample.id, Sample.filename, Sample.digest, Sample.size_bytes, Sample.transcript)
    mine = Sample.id.in_(ids) & (Sample.owner_id == voice.owner_id)
    there = {row[0]: Recording(*row) for row in session.execute(select(*told).where(mine))}
    speakers = session.scalars(select(Sample.speaker).where(mine).distinct())
    return TrainingData(
        recordings=tuple(there[id_] for id_ in ids if id_ in there),
        missing=tuple(str(id_) for id_ in ids if id_ not in there),
        speakers=tuple(sorted(speakers)),
    )


def _job_of(session: Session, voice: VoiceModel) -> TrainingJob | None:
    if voice.training_job_id is not None:
        return session.get(TrainingJob, voice.training_job_id)
    same_files = (VoiceModel.owner_id == voice.owner_id) & (
        VoiceModel.artefact_digest == voice.artefact_digest
    )
    return session.scalar(
        select(TrainingJob)
        .join(VoiceModel, VoiceModel.training_job_id == TrainingJob.id)
        .where(same_files)
        .order_by(VoiceModel.created_at)
        .limit(1)
    )
