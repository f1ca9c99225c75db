"""Recordings that OpenAI's clients send along: they become samples of their speaker."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from voicewright.api.multipart import FormLimits
from voicewright.api.openai_limits import remember_allowance
from voicewright.api.uploads import in_upload_thread, require_some
from voicewright.api.voice_requests import count_voice_request
from voicewright.errors import FieldFault
from voicewright.privacy.speakers import speaker_key
from voicewright.recordings.entering import Incoming, Place
from voicewright.recordings.errors import SampleRefused

if TYPE_CHECKING:
    import threading
    from pathlib import Path

    from starlette.requests import Request

    from voicewright.accounts.caller import Caller
    from voicewright.api.multipart import SentFile
    from voicewright.api.services import Services
    from voicewright.recordings.models import Sample
    from voicewright.settings import Settings

_FIELDS_BYTES: Final = 256 << 10


def form_limits(settings: Settings) -> FormLimits:
    """What a form with one recording may have."""
    most = settings.max_voice_file_bytes
    return FormLimits(most + _FIELDS_BYTES, most, files=1, reserve_mb=settings.min_free_disk_mb)


async def limit_uploads(request: Request, services: Services, caller: Caller) -> None:
    """Count one more upload of the caller; the answer tells what is left.

    Raises:
        RateLimited: there were too many in this hour.
    """
    remember_allowance(request, await in_upload_thread(count_voice_request, services, caller))


def take_recording(
    services: Services,
    caller: Caller,
    sent: SentFile,
    folder: Path,
    *,
    speaker: str,
    min_s: float,
    stop: threading.Event,
) -> Sample:
    """Take a recording in; the same one again is the same sample.

    Args:
        services: those of the application.
        caller: whose sample it will be.
        sent: the file.
        folder: in which it lies.
        speaker: whose voice it is.
        min_s: how long it must be.
        stop: set by another thread to end it soon.

    Raises:
        SampleRefused: it can't be used, or is another speaker's already.
        SpeakerInvalid: nobody can be called that.
        AppError: as `SampleService.take`.
    """
    place = Place.for_single(caller.user_id, speaker, min_s=min_s, max_s=services.settings.max_voice_s)
    taken = services.samples.take(
        [Incoming(sent.path, sent.filename, sent.digest, sent.size_bytes)], place, folder, stop=stop
    )
    require_some(taken)
    sample = taken[0].sample
    assert sample is not None  # noqa: S101 - what was refused has ended above
    if speaker_key(sample.speaker) != speaker_key(speaker):
        message = (
            f"This recording was uploaded before as one of {sample.speaker}. Name them, or delete it first."
        )
        raise SampleRefused(message, fields=[FieldFault("name", message)])
    return sample
