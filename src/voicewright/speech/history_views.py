"""What is told of the history of speech: snake_case, moments in UTC."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, Self
from uuid import UUID

from pydantic import BaseModel, Field

from voicewright.answers import UtcMoment  # noqa: TC001 - Pydantic looks at it
from voicewright.speech.history import KeepText, State  # noqa: TC001 - as above

if TYPE_CHECKING:
    from collections.abc import Sequence

    from voicewright.speech.history import Preferences
    from voicewright.speech.models import Synthesis

_MILLISECONDS = 3
_MODEL_ID = "6f1c9a52-8a3e-4b61-9f0e-2f9d6f1f7a11"


class PieceCheckView(BaseModel):
    """What the listener said of one sentence."""

    piece: int = Field(description="Its number, from 0.")
    verdict: str = Field(
        description="`good`; `repaired`: right when it was spoken again; `poor`: the best that there was; "
        "`skipped`: nobody listened, `reason` says why."
    )
    attempts: int
    reason: str


class FallbackView(BaseModel):
    """Another voice of the same person spoke than the one that was asked for."""

    wanted_model_id: UUID = Field(description="The one that was asked for.")
    reason: str = Field(description="Why it did not speak itself.")


class FailureView(BaseModel):
    """Why nothing was spoken, or not all."""

    code: str
    message: str


class WordView(BaseModel):
    """A word, and when it is said."""

    text: str
    start: float = Field(description="Seconds from the beginning.")
    end: float


class SynthesisView(BaseModel):
    """One text that was spoken, or was to be."""

    id: UUID
    model_id: UUID = Field(description="The voice that spoke.")
    voice_name: str = Field(description="As it was called then.", examples=["Ann"])
    voice_version: int
    text: str | None = Field(description="null where it was not to be kept.", examples=["Hello, world!"])
    text_sha256: str
    characters: int
    status: State
    output_format: str | None = Field(description="null where it was sent as bare samples.", examples=["mp3"])
    duration: float | None = Field(description="Seconds of sound; null while it goes on.")
    audio_url: str | None = Field(
        description="Where the file is, on this server; null where none is kept.",
        examples=[f"/api/voice/history/{_MODEL_ID}/audio"],
    )
    size: int | None = Field(description="Bytes of the file.")
    sample_rate: int | None = Field(description="Of the sound in the file, Hz.")
    latency_ms: float | None = Field(description="From the request to the first sound.")
    total_ms: float | None = Field(description="From the request to the end.")
    language: str
    provider: str = Field(description="Id of the engine that spoke.")
    provider_version: str
    parameters: dict[str, Any] = Field(description="Speed, pitch and the like.")
    checks: list[PieceCheckView] = Field(description="What was heard, sentence by sentence.")
    sentences: int
    cached_sentences: int = Field(description="Those that were not computed again.")
    repeated_sentences: int = Field(description="Those that were spoken more than once.")
    fallback: FallbackView | None
    cost_usd: float | None
    error: FailureView | None
    source: str = Field(description="Where it came in: `voice`, `openai`, `wyoming` and so on.")
    request_id: str | None
    created_at: UtcMoment
    finished_at: UtcMoment | None

    @classmethod
    def fields_of(cls, entry: Synthesis) -> dict[str, Any]:
        """What is told of an entry."""
        wanted, failure = entry.wanted_model_id, entry.error_code
        return {
            "id": entry.id,
            "model_id": entry.voice_model_id,
            "voice_name": entry.voice_name,
            "voice_version": entry.voice_version,
            "text": entry.text,
            "text_sha256": entry.text_digest,
            "characters": entry.characters,
            "status": entry.state,
            "output_format": entry.output_format,
            "duration": _rounded(entry.audio_s),
            "audio_url": None if entry.file_digest is None else f"/api/voice/history/{entry.id}/audio",
            "size": entry.file_bytes,
            "sample_rate": entry.file_rate_hz,
            "latency_ms": _rounded(entry.first_audio_ms),
            "total_ms": _rounded(entry.total_ms),
            "language": entry.language,
            "provider": entry.engine,
            "provider_version": entry.engine_version,
            "parameters": entry.parameters,
            "checks": [PieceCheckView(**check) for check in entry.checks],
            "sentences": entry.pieces,
            "cached_sentences": entry.cached_pieces,
            "repeated_sentences": entry.retried_pieces,
            "fallback": None
            if wanted is None
            else FallbackView(wanted_model_id=wanted, reason=entry.fallback_reason or ""),
            "cost_usd": None if entry.cost_usd is None else float(entry.cost_usd),
            "error": None if failure is None else FailureView(code=failure, message=entry.error or ""),
            "source": entry.source,
            "request_id": entry.request_id,
            "created_at": entry.created_at,
            "finished_at": entry.finished_at,
        }

    @classmethod
    def of(cls, entry: Synthesis) -> Self:
        """Show an entry."""
        return cls(**cls.fields_of(entry))


class HistoryView(BaseModel):
    """A page of the history, the newest first."""

    syntheses: list[SynthesisView]
    total: int = Field(description="Of all pages.")
    limit: int
    offset: int

    @classmethod
    def of(cls, found: Sequence[Synthesis], *, total: int, limit: int, offset: int) -> Self:
        """Show some entries."""
        shown = [SynthesisView.of(entry) for entry in found]
        return cls(syntheses=shown, total=total, limit=limit, offset=offset)


class HistoryDeletedView(BaseModel):
    """The history was deleted."""

    deleted: int = Field(description="How many entries.")


class TimingsView(BaseModel):
    """When each word is said."""

    words: list[WordView]
    estimated: bool = Field(description="Whether the times are reckoned and not told by the engine.")
    duration: float | None

    @classmethod
    def of(cls, entry: Synthesis) -> Self:
        """Show the words of an entry."""
        return cls(words=words_of(entry), estimated=entry.words_estimated, duration=_rounded(entry.audio_s))


class PreferencesView(BaseModel):
    """What is kept of what you have spoken."""

    keep_text: KeepText = Field(
        description="`whole`, or `hash`: the SHA-256 and the length of a text, and nothing else of it."
    )
    keep_audio: bool = Field(description="Whether files are kept, for playing them again.")

    @classmethod
    def of(cls, preferences: Preferences) -> Self:
        """Show them."""
        return cls(keep_text=preferences.keep_text, keep_audio=preferences.keep_audio)


TimingsFormat = Literal["json", "vtt", "srt"]


def words_of(entry: Synthesis) -> list[WordView]:
    """The words of an entry, in order."""
    return [WordView(text=spoken, start=start, end=end) for spoken, start, end in entry.words or ()]


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, _MILLISECONDS)
