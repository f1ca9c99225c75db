"""Begins the voice of an application's user: their recording, their consent, and the job that makes it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final
from uuid import UUID

from pydantic import ValidationError
from sqlalchemy import func, select

from voicewright.accounts.rate_limits import per_window
from voicewright.errors import AppError, FieldFault
from voicewright.onboarding.choice import choose_engine
from voicewright.onboarding.labels import dataset_of, registered_name, speaker_of
from voicewright.onboarding.models import OnboardingJob
from voicewright.onboarding.texts import default_text
from voicewright.privacy.errors import ConsentRequired
from voicewright.recordings.entering import Outcome, Place
from voicewright.recordings.errors import SampleRefused
from voicewright.recordings.policies import IntakeLimits
from voicewright.training.errors import TrainingRequestInvalid
from voicewright.training.models import TrainingJob
from voicewright.training.schemas import DEFAULT_LANGUAGE, TrainingRequestBody
from voicewright.voices.names import name_key

if TYPE_CHECKING:
    import threading
    from pathlib import Path

    from sqlalchemy.orm import Session

    from voicewright.accounts.caller import Caller
    from voicewright.onboarding.parts import OnboardingParts
    from voicewright.recordings.entering import Incoming
    from voicewright.recordings.models import Sample

_LOCK: Final = 0x6F6E6264
"""The first half of the advisory lock of a recording: "onbd"."""
_OPEN: Final = ("queued", "delayed", "running")
_HOUR_S: Final = 3600
_AS_SENT: Final = {"voiceSampleIds": "audio_file", "datasetName": "audio_file", "name": "voice_name"}
"""What the fields of a training are called in the form."""


@dataclass(frozen=True, slots=True)
class CloneOrder:
    """What an application's user asks for.

    Attributes:
        end_user: who it is, see `labels.clean_end_user`.
        voice_name: what they call their voice.
        recording: what they have recorded.
        sample_text: what the voice says first; None: a sentence in its language.
        language: BCP 47 tag of what they speak; None: English.
        provider: id of the engine; None: as the settings say.
    """

    end_user: str
    voice_name: str
    recording: Incoming
    sample_text: str | None = None
    language: str | None = None
    provider: str | None = None


@dataclass(frozen=True, slots=True)
class Begun:
    """The job of an order, which an earlier one may have begun."""

    job_id: UUID
    repeated: bool = False


def begin_clone(
    parts: OnboardingParts, caller: Caller, order: CloneOrder, folder: Path, stop: threading.Event
) -> Begun:
    """Take the recording in and queue the job; the same recording for the same voice is the same open job.

    Args:
        parts: of the service.
        caller: the application, or its user with their token.
        order: what is asked for.
        folder: empty but for the recording; working copies are made there.
        stop: set by another thread to end it soon.

    Raises:
        RateLimited: this user has sent too many recordings in this hour.
        ConsentRequired: nobody has asserted that this user agrees.
        SampleRefused: the recording can't be used.
        OnboardingTokenSpent: the token is good for no more voices.
        AppError: as `SampleService.take` and `TrainingService.start`; nothing is kept then.
    """
    with parts.database.session() as session:
        there = _open_job(session, caller.user_id, order)
        if there is not None:
            return Begun(there, repeated=True)
        language = order.language or DEFAULT_LANGUAGE
        wanted = order.provider or parts.settings.onboarding_provider
        provider = choose_engine(session, wanted, language, parts.engines)
    if caller.end_user is None:  # who has a token was counted before anything was read
        count_user(parts, caller, order.end_user)
    _require_consent(parts, caller, order.end_user)
    sample, is_new = _take(parts, caller, order, folder, stop)
    try:
        return _queue(parts, caller, order, sample, provider, language)
    except AppError as error:
        if is_new:
            parts.samples.delete(sample)
        error.fields = tuple(FieldFault(_AS_SENT.get(f.field, f.field), f.message) for f in error.fields)
        raise


def count_user(parts: OnboardingParts, caller: Caller, end_user: str) -> None:
    """Count one more recording of a user.

    Raises:
        RateLimited: there were too many in this hour.
    """
    limit = per_window("onboarding-user", parts.settings.onboarding_clones_per_user, _HOUR_S)
    # with the account's id, by which the counters of a deleted account are found
    who = f"{caller.user_id}/{hashlib.sha256(end_user.encode()).hexdigest()[:32]}"
    parts.accounts.rate_limits.hit(limit, who, what="recordings of this user")


def _require_consent(parts: OnboardingParts, caller: Caller, end_user: str) -> None:
    """Before anything of theirs is kept; in development the job itself records it.

    Raises:
        ConsentRequired: says how the application asserts it.
    """
    if parts.settings.environment == "development":
        return
    try:
        parts.consents.require(None, caller.user_id, speaker_of(end_user))
    except ConsentRequired as error:
        raise ConsentRequired(
            f"{error.message} An application that has asked its user says so when it makes their onboarding "
            'token: POST /voice-onboarding/tokens with "consent".'
        ) from error


def _take(
    parts: OnboardingParts, caller: Caller, order: CloneOrder, folder: Path, stop: threading.Event
) -> tuple[Sample, bool]:
    settings, recording = parts.settings, order.recording
    place = Place(
        caller.user_id,
        dataset_of(order.end_user),
        speaker_of(order.end_user),
        limits=IntakeLimits(max_file_s=settings.max_voice_s + 1.0),
        min_s=settings.min_voice_s,
        max_s=settings.max_voice_s,
    )
    (taken,) = parts.samples.take([recording], place, folder, stop=stop)
    if taken.sample is None:
        assert taken.refused is not None  # noqa: S101 - one of the two is there
        message = f"{taken.filename}: {taken.refused.reason} ({taken.refused.code})"
        raise SampleRefused(message, fields=[FieldFault("audio_file", message)])
    return taken.sample, taken.outcome is Outcome.CREATED


def _queue(  # noqa: PLR0917 - what follows from an order
    parts: OnboardingParts, caller: Caller, order: CloneOrder, sample: Sample, provider: str, language: str
) -> Begun:
    body = _body(parts, order, sample, provider, language)
    with parts.database.session() as session:
        _lock(session, caller.user_id, order)
        there = _open_job(session, caller.user_id, order)
        if there is not None:
            return Begun(there, repeated=True)
        if caller.end_user is not None:
            parts.accounts.onboarding_tokens.spend(session, caller.end_user.token_id)
        metadata = {"onboarding": {"userId": order.end_user, "voiceName": order.voice_name}}
        job = parts.training.start_for(session, caller, body, voice_metadata=metadata)
        session.add(
            OnboardingJob(
                job_id=job.id,
                owner_id=job.owner_id,
                end_user=order.end_user,
                voice_name=order.voice_name,
                sample_id=sample.id,
                recording_digest=order.recording.digest,
                sample_text=order.sample_text or default_text(language),
                environment=parts.settings.environment,
                created_at=datetime.now(UTC),
            )
        )
        return Begun(job.id)


def _body(
    parts: OnboardingParts, order: CloneOrder, sample: Sample, provider: str, language: str
) -> TrainingRequestBody:
    asked = {
        "voiceSampleIds": [str(sample.id)],
        "provider": provider,
        "method": parts.training.quick_method(provider),
        "name": registered_name(order.voice_name, order.end_user),
        "language": language,
        "options": {"qualityThreshold": parts.settings.onboarding_quality},
    }
    try:
        return TrainingRequestBody.model_validate(asked)
    except ValidationError as error:
        faults = [
            FieldFault(".".join(map(str, fault["loc"])), fault["msg"])
            for fault in error.errors(include_url=False)
        ]
        raise TrainingRequestInvalid(f"{faults[0].field}: {faults[0].message}", fields=faults) from None


def _lock(session: Session, owner_id: UUID, order: CloneOrder) -> None:
    """Let one request at a time begin the voices of one user."""
    key = func.hashtext(f"{owner_id} {order.end_user}")
    session.execute(select(func.pg_advisory_xact_lock(_LOCK, key)))


def has_open_job(session: Session, owner_id: UUID, end_user: str) -> bool:
    """Whether a voice of this user is being made, so that a recording may be one that was sent before."""
    going_on = (
        select(OnboardingJob.job_id)
        .join(TrainingJob, TrainingJob.id == OnboardingJob.job_id)
        .where(
            OnboardingJob.owner_id == owner_id,
            OnboardingJob.end_user == end_user,
            TrainingJob.status.in_(_OPEN),
        )
    )
    return session.scalar(select(going_on.exists())) or False


def _open_job(session: Session, owner_id: UUID, order: CloneOrder) -> UUID | None:
    """The job that is making this voice of this recording already."""
    rows = session.execute(
        select(OnboardingJob.job_id, OnboardingJob.voice_name)
        .join(TrainingJob, TrainingJob.id == OnboardingJob.job_id)
        .where(
            OnboardingJob.owner_id == owner_id,
            OnboardingJob.end_user == order.end_user,
            OnboardingJob.recording_digest == order.recording.digest,
            TrainingJob.status.in_(_OPEN),
        )
        .order_by(OnboardingJob.created_at)
    )
    wanted = name_key(order.voice_name)
    return next((job_id for job_id, voice_name in rows if name_key(voice_name) == wanted), None)
