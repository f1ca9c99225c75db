"""What is told of long texts and batches."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from voicewright.answers import UtcMoment  # noqa: TC001 - Pydantic reads it
from voicewright.speech.history_views import FallbackView
from voicewright.speech.long.chunks import plain_text, read

if TYPE_CHECKING:
    from voicewright.speech.long.models import LongChunk, LongPart
    from voicewright.speech.long.showing import Shown

_ID = "6f1c9a52-8a3e-4b61-9f0e-2f9d6f1f7a11"
_FAILURES_SHOWN = 100


class _View(BaseModel):
    model_config = ConfigDict(frozen=True)


class FailureView(_View):
    """Why something could not be done."""

    code: str = Field(examples=["VOICE_MODEL_NOT_FOUND"])
    message: str = Field(examples=["The voice is gone, or no longer shared with you."])


class ChunkCountView(_View):
    """How many chunks there are."""

    of: int = Field(description="All of them.", examples=[58])
    spoken: int = Field(examples=[26])
    failed: int = Field(examples=[1])


class ChunkFailureView(_View):
    """A chunk that went wrong, at least once."""

    chunk: int = Field(description="Its number, from 1.", examples=[7])
    part: int = Field(description="The paragraph or item that it belongs to.", examples=[2])
    state: Literal["waiting", "spoken", "failed"] = Field(
        description="`waiting`: it is tried again.", examples=["failed"]
    )
    attempts: int = Field(examples=[3])
    error: FailureView = Field(
        examples=[{"code": "HOST_DIED", "message": "The engine Built-in ended unexpectedly."}]
    )

    @classmethod
    def of(cls, chunk: LongChunk) -> Self:
        """Of a row with an error."""
        error = FailureView(code=chunk.error_code or "", message=chunk.error or "")
        state: Any = chunk.state
        return cls(chunk=chunk.number, part=chunk.part, state=state, attempts=chunk.attempts, error=error)


class PoorChunkView(_View):
    """A chunk that does not say what it was to say, as far as anybody could hear."""

    chunk: int = Field(description="Its number, from 1: what a retry takes.", examples=[3])
    part: int = Field(description="The paragraph or item that it belongs to.", examples=[1])
    text: str | None = Field(
        description="What it was to say; null where no texts are kept.", examples=["It was raining."]
    )
    reason: str = Field(examples=["1 of 3 words was not heard"])

    @classmethod
    def of(cls, chunk: LongChunk) -> Self:
        """Of a row with a poor check."""
        reasons = dict.fromkeys(check["reason"] for check in chunk.checks if check["verdict"] == "poor")
        said = plain_text(read(chunk.pieces)) if chunk.pieces else None
        return cls(chunk=chunk.number, part=chunk.part, text=said, reason="; ".join(filter(None, reasons)))


class VoiceView(_View):
    """The voice that speaks."""

    id: UUID
    name: str = Field(examples=["Ann"])
    version: int = Field(examples=[1])


class PartView(_View):
    """A paragraph, or an item of a batch."""

    number: int = Field(description="From 1.", examples=[1])
    name: str = Field(examples=["intro"])
    state: Literal["waiting", "completed", "failed"] = Field(examples=["completed"])
    voice: VoiceView | None
    fallback: FallbackView | None
    language: str | None
    audio_seconds: float | None = Field(description="Once its file is there.", examples=[61.25])
    bytes: int | None
    url: str | None = Field(
        description="Where its file is, on this server.",
        examples=[f"/api/voice/batch/{_ID}/items/1/audio"],
    )
    error: FailureView | None

    @classmethod
    def of(cls, part: LongPart, url: str) -> Self:
        """Of a row."""
        state: Any = part.state
        failed = part.error_code is not None
        return cls(
            number=part.number,
            name=part.name,
            state=state,
            voice=_voice(part),
            fallback=_fallback(part),
            language=part.language,
            audio_seconds=part.audio_s,
            bytes=part.file_bytes,
            url=f"{url}/{part.number}/audio" if part.file_digest is not None else None,
            error=FailureView(code=part.error_code or "", message=part.error or "") if failed else None,
        )


class LongSpeechView(_View):
    """A long text or a batch."""

    id: UUID = Field(examples=[_ID])
    kind: Literal["text", "batch"]
    title: str = Field(examples=["Chapter 1"])
    state: Literal["queued", "running", "paused", "completed", "failed", "cancelled"] = Field(
        examples=["running"]
    )
    progress: float = Field(description="0 to 100.")
    chunks: ChunkCountView
    characters: int = Field(examples=[48211])
    audio_seconds: float = Field(
        description="Of what is spoken so far; of the file, once it is there.", examples=[1512.4]
    )
    seconds_left: float | None = Field(
        description="At the pace so far; null where nobody can tell.", examples=[304.9]
    )
    output_format: str = Field(examples=["mp3"])
    paragraphs: bool
    url: str | None = Field(
        description="Where the joined file is, once it is there.",
        examples=[f"/api/voice/long/{_ID}/audio"],
    )
    error: FailureView | None = Field(description="Why it failed.")
    created_at: UtcMoment
    started_at: UtcMoment | None
    finished_at: UtcMoment | None

    @classmethod
    def of(cls, shown: Shown) -> Self:
        """Of what the service shows."""
        return cls(**_facts(shown))


class LongSpeechDetailView(LongSpeechView):
    """The same with its parts, and with the chunks that went wrong."""

    voice: VoiceView | None = Field(description="Of a text; each item of a batch has its own.")
    fallback: FallbackView | None = Field(
        description="Where another voice of the same person speaks the text than was asked for."
    )
    language: str | None
    parts: list[PartView] = Field(description="Paragraphs that get files, or items of a batch.")
    failures: list[ChunkFailureView] = Field(description="The first of them.")
    poor: list[PoorChunkView] = Field(description="The first of them; a retry speaks those that it names.")
    waits_for: str | None = Field(
        description="What has to come before it can be spoken at all.",
        examples=["No worker that is there now speaks with the engine 'xtts'."],
    )

    @classmethod
    def of(cls, shown: Shown, *, waits_for: str | None = None) -> Self:
        """Of what the service shows in detail."""
        speech, first = shown.speech, shown.parts[0]
        is_text = speech.kind == "text"
        url = f"/api/voice/long/{speech.id}/paragraphs" if is_text else f"/api/voice/batch/{speech.id}/items"
        with_files = not is_text or speech.paragraphs
        return cls(
            **_facts(shown),
            voice=_voice(first) if is_text else None,
            fallback=_fallback(first) if is_text else None,
            language=first.language if is_text else None,
            parts=[PartView.of(part, url) for part in shown.parts] if with_files else [],
            failures=[ChunkFailureView.of(chunk) for chunk in shown.failed[:_FAILURES_SHOWN]],
            poor=[PoorChunkView.of(chunk) for chunk in shown.poor[:_FAILURES_SHOWN]],
            waits_for=waits_for,
        )


class LongSpeechPageView(_View):
    """Some of somebody's long texts and batches."""

    items: list[LongSpeechView]
    total: int
    limit: int
    offset: int


def _voice(part: LongPart) -> VoiceView | None:
    if part.voice_model_id is None:
        return None
    return VoiceView(id=part.voice_model_id, name=part.voice_name or "", version=part.voice_version or 0)


def _fallback(part: LongPart) -> FallbackView | None:
    if part.wanted_model_id is None:
        return None
    return FallbackView(wanted_model_id=part.wanted_model_id, reason=part.fallback_reason or "")


def _facts(shown: Shown) -> dict[str, Any]:
    speech, progress = shown.speech, shown.progress
    is_done = speech.state == "completed"
    is_going_on = speech.state in {"queued", "running", "paused"}
    left_s = progress.left_s if is_going_on else None
    failed = speech.error_code is not None
    return {
        "id": speech.id,
        "kind": speech.kind,
        "title": speech.title,
        "state": speech.state,
        # the last bit is the joining
        "progress": 100.0 if is_done else round(99 * progress.share, 1),
        "chunks": ChunkCountView(of=progress.chunks, spoken=progress.spoken, failed=progress.failed),
        "characters": speech.characters,
        "audio_seconds": round(progress.audio_s if speech.audio_s is None else speech.audio_s, 3),
        "seconds_left": None if left_s is None else round(left_s, 1),
        "output_format": speech.output_format,
        "paragraphs": speech.paragraphs,
        "url": f"/api/voice/long/{speech.id}/audio" if speech.file_digest is not None else None,
        "error": FailureView(code=speech.error_code or "", message=speech.error or "") if failed else None,
        "created_at": speech.created_at,
        "started_at": speech.started_at,
        "finished_at": speech.finished_at,
    }
