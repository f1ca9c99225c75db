"""What the database has of an account, kind by kind: deleted in one transaction, and counted.

What stays names nobody but by the id of an account that is no more:

    user_keys            that the key was destroyed, so that no late work makes a new one
    erasures             the receipt
    audit_events         who did what to which voice, and from which address: nobody may change it
    audit_heads
    cleanup_runs         ids of voices that a cleanup looked at
    training_budget_days what all trainings of a day cost together
    voice_usage          what others' voices spoke for them, now by nobody (`NOBODY`): those owners' figures
    consents             of others, where an administrator who is deleted had asserted them
    provider_voices      what deletes their voices at providers, until that is done

`tests/integration/api/test_account_deletion.py` looks through every table for what is not on this list.
"""

from __future__ import annotations

import uuid
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, cast

from sqlalchemy import delete, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert

from voicewright.accounts.models import (
    ApiKey,
    OnboardingToken,
    RateLimitWindow,
    SignInLink,
    User,
    UserSession,
)
from voicewright.accounts.sign_in_limits import account_key
from voicewright.listening.models import ListeningSide, ListeningTest
from voicewright.monitoring.models import Alert, ErasedVoices
from voicewright.notifications.models import NotificationChoice, OutgoingMail
from voicewright.onboarding.models import OnboardingJob
from voicewright.privacy.models import Consent
from voicewright.provenance.models import SpeechFingerprint
from voicewright.recordings.models import Dataset, Sample, SampleClip
from voicewright.speech.long.models import LongPart, LongSpeech
from voicewright.speech.models import CachedPiece, SpeechPreferences, Synthesis
from voicewright.training.models import TrainingEvent, TrainingJob
from voicewright.voices import caching
from voicewright.voices.cleanup.models import CleanupNotice
from voicewright.voices.figures.models import VoiceRating, VoiceUse
from voicewright.voices.models import KeptTree, VoiceModel, VoiceUpload
from voicewright.voices.sharing.rules import forget_shares_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy import CursorResult
    from sqlalchemy.orm import Session
    from sqlalchemy.sql.dml import Delete, Update

NOBODY: Final = uuid.UUID(int=0)
"""In the place of an account that is no more."""
NO_VOICE: Final = "a deleted voice"
"""In the place of its voices' names, where others have had them speak."""


@dataclass(frozen=True, slots=True)
class Belongings:
    """What tells the files of an account on machines and in stores, before its rows are gone.

    Attributes:
        jobs: the trainings, by whose ids work folders are named.
        trees: digests of what may be unpacked.
        bytes: of recordings, voices and what was spoken, before compression.
    """

    jobs: list[str]
    trees: list[str]
    bytes: int


def belongings(session: Session, user_id: uuid.UUID) -> Belongings:
    """Look at an account's rows while they are there."""
    voice = VoiceModel
    rows = session.execute(
        select(voice.artefact_digest, voice.references_digest, voice.spoken_digest).where(
            voice.owner_id == user_id
        )
    )
    trees = {digest for row in rows for digest in row if digest is not None}
    for kept in (KeptTree, VoiceUpload):
        trees.update(session.scalars(select(kept.digest).where(kept.owner_id == user_id)))
    voices_bytes = select(func.sum(voice.stored_bytes)).where(
        voice.owner_id == user_id, voice.collected_at.is_(None)
    )
    spoken_bytes = select(func.sum(Synthesis.file_bytes)).where(Synthesis.user_id == user_id)
    samples_bytes = select(func.sum(Sample.size_bytes)).where(Sample.owner_id == user_id)
    return Belongings(
        jobs=[job_id.hex for job_id in session.scalars(select(TrainingJob.id).where(_job_of(user_id)))],
        trees=sorted(trees),
        bytes=sum(int(session.scalar(found) or 0) for found in (voices_bytes, samples_bytes, spoken_bytes)),
    )


def delete_rows(session: Session, user_id: uuid.UUID, email: str | None) -> dict[str, int]:
    """Delete all that the tables have of an account, and the account; answers how many rows of each kind.

    Done again, it deletes what late work has entered since. Trainings under way are cancelled before.

    Args:
        session: the caller's transaction.
        user_id: whose.
        email: the address of the account, while it is known.
    """
    mine = list(session.scalars(select(VoiceModel.id).where(VoiceModel.owner_id == user_id)))
    of_others = (VoiceUse.user_id == user_id) & (VoiceUse.owner_id != user_id)
    session.execute(update(VoiceUse).where(of_others).values(user_id=NOBODY))
    session.execute(
        update(Synthesis)
        .where(Synthesis.voice_owner_id == user_id, Synthesis.user_id != user_id)
        .values(voice_owner_id=NOBODY, voice_model_id=NOBODY, wanted_model_id=None, voice_name=NO_VOICE)
    )
    session.execute(
        update(SpeechFingerprint)
        .where(SpeechFingerprint.owner_id == user_id, SpeechFingerprint.user_id != user_id)
        .values(owner_id=NOBODY, model_id=NOBODY)
    )
    theirs = select(LongSpeech.id).where(LongSpeech.owner_id == user_id)
    session.execute(
        update(LongPart)
        .where(LongPart.voice_owner_id == user_id, LongPart.speech_id.not_in(theirs))
        .values(voice_owner_id=NOBODY, voice_model_id=NOBODY, voice_name=NO_VOICE, wanted_model_id=None)
    )
    session.execute(
        update(ListeningSide)
        .where(ListeningSide.owner_id == user_id)
        .values(owner_id=NOBODY, model_id=NOBODY, label=NO_VOICE)
    )
    _forget_voices_of_batches(session, user_id)
    # what others keep of these voices goes with the next sweep, which removes its files as well
    session.execute(
        update(CachedPiece).where(CachedPiece.voice_model_id.in_(mine)).values(voice_model_id=NOBODY)
    )
    counts = {"voice_shares": forget_shares_of(session, user_id)}
    for kind, statement in _statements(user_id, email):
        counts[kind] = counts.get(kind, 0) + _count(session, statement)
    counts["voice_models"] = _delete_voices(session, user_id)
    caching.forget(session, user_id, *mine)  # last, as every writer locks the marks after its rows
    return {kind: count for kind, count in counts.items() if count}


def _forget_voices_of_batches(session: Session, user_id: uuid.UUID) -> None:
    """Leave no voice of theirs in what others' batches say of several voices."""
    theirs = Synthesis.voices.contains([{"owner_id": str(user_id)}])
    nobody = {"model_id": str(NOBODY), "owner_id": str(NOBODY), "name": NO_VOICE}
    for entry in session.scalars(select(Synthesis).where(theirs, Synthesis.user_id != user_id)):
        entry.voices = [
            {**voice, **nobody} if voice["owner_id"] == str(user_id) else voice for voice in entry.voices
        ]


def _statements(user_id: uuid.UUID, email: str | None) -> Iterable[tuple[str, Delete]]:
    """In an order in which nothing refers to what is deleted."""
    my_voices = select(VoiceModel.id).where(VoiceModel.owner_id == user_id)
    my_samples = select(Sample.id).where(Sample.owner_id == user_id)
    yield (
        "voice_ratings",
        delete(VoiceRating).where(
            or_(VoiceRating.user_id == user_id, VoiceRating.model_id.in_(my_voices)),
        ),
    )
    yield "fingerprints", delete(SpeechFingerprint).where(SpeechFingerprint.user_id == user_id)
    yield "voice_uses", delete(VoiceUse).where(VoiceUse.owner_id == user_id)
    yield "blind_tests", delete(ListeningTest).where(ListeningTest.user_id == user_id)
    yield "syntheses", delete(Synthesis).where(Synthesis.user_id == user_id)
    yield "long_texts", delete(LongSpeech).where(LongSpeech.owner_id == user_id)
    yield "speech_preferences", delete(SpeechPreferences).where(SpeechPreferences.user_id == user_id)
    yield "speech_cache", delete(CachedPiece).where(CachedPiece.user_id == user_id)
    yield "cleanup_notices", delete(CleanupNotice).where(CleanupNotice.owner_id == user_id)
    yield "voice_uploads", delete(VoiceUpload).where(VoiceUpload.owner_id == user_id)
    yield "kept_voices", delete(KeptTree).where(KeptTree.owner_id == user_id)
    yield (
        "training_events",
        delete(TrainingEvent).where(
            TrainingEvent.job_id.in_(select(TrainingJob.id).where(_job_of(user_id))),
        ),
    )
    yield "onboarding_jobs", delete(OnboardingJob).where(OnboardingJob.owner_id == user_id)
    yield "training_jobs", delete(TrainingJob).where(_job_of(user_id))
    yield "clips", delete(SampleClip).where(SampleClip.sample_id.in_(my_samples))
    yield "samples", delete(Sample).where(Sample.owner_id == user_id)
    yield "datasets", delete(Dataset).where(Dataset.owner_id == user_id)
    yield "consents", delete(Consent).where(Consent.owner_id == user_id)
    yield "notification_choices", delete(NotificationChoice).where(NotificationChoice.user_id == user_id)
    yield "alerts", delete(Alert).where(Alert.subject == str(user_id))
    if email is not None:
        yield "mails", delete(OutgoingMail).where(func.lower(OutgoingMail.to_address) == email.lower())
    counted = [str(user_id), account_key(str(user_id)), *([] if email is None else [account_key(email)])]
    for who in counted:
        yield "rate_limits", delete(RateLimitWindow).where(RateLimitWindow.key.contains(f"/{who}/"))
    yield "sign_in_links", delete(SignInLink).where(SignInLink.user_id == user_id)
    yield "onboarding_tokens", delete(OnboardingToken).where(OnboardingToken.owner_id == user_id)
    yield "api_keys", delete(ApiKey).where(ApiKey.user_id == user_id)
    yield "sessions", delete(UserSession).where(UserSession.user_id == user_id)
    yield "accounts", delete(User).where(User.id == user_id)


def _delete_voices(session: Session, user_id: uuid.UUID) -> int:
    """After all that refers to them; that there were so many stays known."""
    gone = delete(VoiceModel).where(VoiceModel.owner_id == user_id).returning(VoiceModel.engine)
    engines = Counter(session.scalars(gone))
    for engine, voices in sorted(engines.items()):
        new = insert(ErasedVoices).values(engine=engine, voices=voices)
        more = {"voices": ErasedVoices.voices + new.excluded.voices}
        session.execute(new.on_conflict_do_update(index_elements=[ErasedVoices.engine], set_=more))
    return engines.total()


def _job_of(user_id: uuid.UUID) -> Any:
    return TrainingJob.owner_id == user_id


def _count(session: Session, statement: Delete | Update) -> int:
    return cast("CursorResult[Any]", session.execute(statement)).rowcount
