"""What the registry has to know of a training, to enter its voice: see `voices.sources`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from uuid import UUID

from sqlalchemy import select

from voicewright.recordings.models import Sample
from voicewright.training import reading
from voicewright.training.errors import ModelValidationFailed, TrainingHasNoVoice
from voicewright.training.models import TrainingJob, is_open
from voicewright.voices.schemas import VoiceFacts
from voicewright.voices.sources import JobVoice

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy.orm import Session

    from voicewright.accounts.caller import Caller
    from voicewright.engines.port import EngineInfo
    from voicewright.voices.models import VoiceModel

_REJECTED: Final = ModelValidationFailed.code


def voice_of_job(
    session: Session,
    caller: Caller,
    job_id: UUID,
    *,
    user_id: UUID | None,
    engines: Callable[[str], EngineInfo],
) -> JobVoice:
    """The voice that a training has made, whether it was good enough or not.

    Args:
        session: a unit of work.
        caller: who asks.
        job_id: which training.
        user_id: whose the caller says that it is.
        engines: finds an engine by its id.

    Raises:
        TrainingJobNotFound, NotAllowed: as `reading.find`.
        TrainingHasNoVoice: it goes on, or has ended without one.
        EngineNotFound, EnginePluginBroken: its engine is no longer there.
    """
    job = reading.find(session, caller, job_id, user_id=user_id)
    if is_open(job.status):
        raise TrainingHasNoVoice(f"The training job is {job.status}: it registers its voice when it is done.")
    if job.status != "completed" and job.error_code != _REJECTED:
        raise TrainingHasNoVoice(f"The training job is {job.status}, and has made no voice. Retry it.")
    engine = engines(job.provider)
    return JobVoice(
        owner_id=job.owner_id,
        facts=VoiceFacts(
            name=job.name,
            engine=job.provider,
            engine_version=engine.version,
            language=job.language,
            speech_s=job.speech_s,
            train_s=(job.actual_time_ms or 0) / 1000,
            sample_rate_hz=engine.capabilities.sample_rate_hz,
            evaluation=job.quality,
            quality_score=job.quality_score,
            options=job.engine_options,
            training_job_id=job.id,
        ),
        speakers=_speakers(session, job),
        adopt=_adopt_for(job.id),
    )


def _speakers(session: Session, job: TrainingJob) -> tuple[str, ...]:
    """Whose recordings it learnt from; those that were deleted since are not known any more."""
    ids = [UUID(text) for text in job.sample_ids]
    found = select(Sample.speaker).where(Sample.id.in_(ids), Sample.owner_id == job.owner_id).distinct()
    return tuple(sorted(session.scalars(found)))


def _adopt_for(job_id: UUID) -> Callable[[Session, VoiceModel], None]:
    def adopt(session: Session, voice: VoiceModel) -> None:
        job = session.get(TrainingJob, job_id, with_for_update={"key_share": True})
        if job is not None:
            job.voice_model_id = voice.id

    return adopt
