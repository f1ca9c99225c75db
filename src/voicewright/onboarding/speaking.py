"""Lets a finished voice say its first words, once: what was spoken is an entry of the account's history.

So it is marked as all speech is, lies sealed with the account's key, and goes with the account, with the
history, or when the voice is deleted. Where no file is kept any more it is spoken again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from voicewright.accounts.rate_limits import per_window
from voicewright.audio.encode import write_audio
from voicewright.onboarding.models import OnboardingJob
from voicewright.speech.errors import SynthesisAudioNotKept, SynthesisNotFound
from voicewright.speech.keeping import scratch
from voicewright.speech.order import SpeechOrder
from voicewright.storage.errors import BlobCorrupt, ObjectNotFound, SealBroken
from voicewright.training.errors import TrainingHasNoVoice
from voicewright.voices.errors import VoiceNotFound

if TYPE_CHECKING:
    import threading

    from voicewright.onboarding.parts import OnboardingParts
    from voicewright.onboarding.reading import Record

FORMAT: Final = "mp3"
_HOUR_S: Final = 3600


def sample_of(
    parts: OnboardingParts, record: Record, *, request_id: str | None, cancel: threading.Event
) -> bytes:
    """The first words of a voice, as an MP3 file.

    Args:
        parts: of the service.
        record: of a job that has ended.
        request_id: for the history.
        cancel: set by another thread to stop.

    Raises:
        TrainingHasNoVoice: the job has failed.
        VoiceNotFound: the voice was deleted since.
        RateLimited: this account has had very many spoken in this hour.
        AppError: as `SpeechService.begin`.
    """
    if record.job.voice_model_id is None:
        raise TrainingHasNoVoice("No voice was made: the job has failed. Its status says why.")
    if not record.has_voice:
        raise VoiceNotFound("The voice was deleted.")
    return _kept(parts, record) or _spoken(parts, record, request_id, cancel)


def _kept(parts: OnboardingParts, record: Record) -> bytes | None:
    if record.mine.synthesis_id is None:
        return None
    history = parts.history
    with scratch(history.work_dir) as folder:
        try:
            entry = history.get(record.mine.owner_id, record.mine.synthesis_id)
            history.fetch(entry, folder / "sample")
        except (SynthesisNotFound, SynthesisAudioNotKept, ObjectNotFound, SealBroken, BlobCorrupt):
            return None
        return (folder / "sample").read_bytes()


def _spoken(parts: OnboardingParts, record: Record, request_id: str | None, cancel: threading.Event) -> bytes:
    mine, history = record.mine, parts.history
    limit = per_window("onboarding-samples", parts.settings.onboarding_clones_per_hour, _HOUR_S)
    parts.accounts.rate_limits.hit(limit, str(mine.owner_id), what="first words spoken")
    order = SpeechOrder(
        text=mine.sample_text,
        voice=record.job.voice_model_id,
        check="before",
        fallback=False,
        output_format=FORMAT,
        request_id=request_id,
    )
    with (
        scratch(history.work_dir) as folder,
        parts.speech.begin(mine.owner_id, order, cancel=cancel) as speech,
    ):
        path = folder / f"sample.{FORMAT}"
        write_audio(path, speech, speech.sample_rate_hz, FORMAT, durable=False)
        if history.keeps_audio_of(speech):
            history.keep(speech, path, FORMAT, speech.sample_rate_hz)
        else:
            history.sign(speech, path, FORMAT)
        sound = path.read_bytes()
    with parts.database.session() as session:
        row = session.get(OnboardingJob, mine.job_id)
        if row is not None:
            row.synthesis_id = speech.id
    return sound
