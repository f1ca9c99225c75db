"""The joined file of a long text and its timings: where it is watched, and from the history."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

from voicewright.api.passing_file import PassingFile
from voicewright.api.timings_answer import answer_timings
from voicewright.speech.errors import SynthesisAudioNotKept, SynthesisTimingsNotKept
from voicewright.speech.history_views import TimingsView, WordView
from voicewright.speech.keeping import scratch
from voicewright.speech.long.claims import claim_of, watermark_of
from voicewright.speech.long.errors import LongSpeechNotFound, LongSpeechNotReady
from voicewright.speech.long.fetching import fetch_whole, file_name, format_of, words_of_whole

if TYPE_CHECKING:
    from uuid import UUID

    from fastapi import Response

    from voicewright.api.services import Services
    from voicewright.audio.codecs import AudioFormat
    from voicewright.speech.history_views import TimingsFormat
    from voicewright.speech.models import Synthesis


def send_whole(
    services: Services, user_id: UUID, speech_id: UUID, format_: AudioFormat | None, *, download: bool
) -> Response:
    """Answer with the joined file, in another format than it was ordered in where that is wished.

    Raises:
        LongSpeechNotFound, LongSpeechNotReady: there is none.
    """
    shown, chunks = services.long.chunks(user_id, speech_id)
    speech = shown.speech
    wanted = format_ or format_of(speech)
    with ExitStack() as opened:
        folder = opened.enter_context(scratch(services.long.work_dir))
        path = fetch_whole(services.long.vault, shown, chunks, wanted, folder)
        signed = speech.file_signed or False
        if wanted != speech.output_format:
            claim = claim_of(speech, shown.parts[0], whole=True)
            signed = services.provenance.sign_if_possible(path, wanted, claim)
        headers = services.provenance.header(speech.id, watermark_of(chunks), signed=signed)
        name = file_name(speech)
        return PassingFile(path, wanted, name, headers=headers, folder=opened.pop_all(), download=download)


def send_timings(services: Services, user_id: UUID, speech_id: UUID, format_: TimingsFormat) -> Response:
    """Answer with when each word is said in it.

    Raises:
        LongSpeechNotFound, LongSpeechNotReady: there is no joined file.
        SynthesisTimingsNotKept: its owner keeps no texts.
    """
    shown, chunks = services.long.chunks(user_id, speech_id)
    words = words_of_whole(shown, chunks)
    told = TimingsView(
        words=[
            WordView(text=word.text, start=round(word.start_s, 3), end=round(word.end_s, 3)) for word in words
        ],
        estimated=any(chunk.words_estimated for chunk in chunks),
        duration=shown.speech.audio_s,
    )
    return answer_timings(words, told, format_)


def is_long(entry: Synthesis) -> bool:
    """Whether the files of an entry of the history are those of a long text or a batch."""
    return entry.source in {"long", "batch"}


def send_whole_of(
    services: Services, entry: Synthesis, format_: AudioFormat | None, *, download: bool
) -> Response:
    """As `send_whole`, for an entry of the history.

    Raises:
        SynthesisAudioNotKept: there is no file, or no longer; says where those of a batch are.
    """
    try:
        return send_whole(services, entry.user_id, entry.id, format_, download=download)
    except (LongSpeechNotFound, LongSpeechNotReady) as error:
        raise SynthesisAudioNotKept(_why_not(entry, error)) from error


def send_timings_of(services: Services, entry: Synthesis, format_: TimingsFormat) -> Response:
    """As `send_timings`, for an entry of the history.

    Raises:
        SynthesisTimingsNotKept: there are none.
    """
    try:
        return send_timings(services, entry.user_id, entry.id, format_)
    except (LongSpeechNotFound, LongSpeechNotReady) as error:
        raise SynthesisTimingsNotKept(_why_not(entry, error)) from error


def _why_not(entry: Synthesis, error: LongSpeechNotFound | LongSpeechNotReady) -> str:
    if isinstance(error, LongSpeechNotFound):
        kind = "batch" if entry.source == "batch" else "long text"
        return f"The {kind} {entry.id} was deleted with its files. Have it spoken again."
    if entry.source == "batch":
        return (
            f"The batch {entry.id} has a file for each item: "
            f"GET /api/voice/batch/{entry.id} says where, /api/voice/long/{entry.id}/archive has all."
        )
    return f"{error.message} GET /api/voice/long/{entry.id} says more."
