"""What is told of the history of speech: snake_case, moments in UTC."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Self
from uuid import UUID

from pydantic import BaseModel, Field, field_validator

from voicewright.answers import UtcMoment  # noqa: TC001 - Pydantic looks at it
from voicewright.provenance.tally import Marked  # noqa: TC001 - as above
from voicewright.speech.history import KeepText, State  # noqa: TC001 - as above
from voicewright.speech.order import Choose  # noqa: TC001 - as above

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from voicewright.speech.history import Preferences
    from voicewright.speech.models import Synthesis

_MILLISECONDS = 3
_MODEL_ID = "6f1c9a52-8a3e-4b61-9f0e-2f9d6f1f7a11"


@dataclass(frozen=True, slots=True)
class JoinedFile:
    """The file of a long text, which is kept with that and not with its entry."""

    size_bytes: int
    sample_rate_hz: int


class PieceCheckView(BaseModel):
    """What the listener said of one sentence."""

    piece: int = Field(description="Its number, from 0.", examples=[0])
    verdict: str = Field(
        description="`good`; `repaired`: right when it was spoken again; `poor`: the best that there was; "
        "`skipped`: nobody listened, `reason` says why.",
        examples=["good"],
    )
    attempts: int = Field(examples=[1])
    reason: str = Field(examples=[""])


class FallbackView(BaseModel):
    """Another voice of the same person spoke than the one that was asked for."""

    wanted_model_id: UUID = Field(description="The one that was asked for.")
    reason: str = Field(
        description="Why it did not speak itself, or by which rule the other one was chosen.",
        examples=["The engine Tone is not installed."],
    )


class FailureView(BaseModel):
    """Why nothing was spoken, or not all."""

    code: str
    message: str


class SpokenByView(BaseModel):
    """A voice that spoke."""

    model_id: UUID
    name: str = Field(description="As it was called then.", examples=["Ann"])
    version: int = Field(examples=[1])
    provider: str = Field(description="Id of its engine.", examples=["builtin"])

    @classmethod
    def all_of(cls, entry: Synthesis) -> list[Self]:
        """Those of a batch, or the one of anything else."""
        if not entry.voices:
            return [
                cls(
                    model_id=entry.voice_model_id,
                    name=entry.voice_name,
                    version=entry.voice_version,
                    provider=entry.engine,
                )
            ]
        return [
            cls(
                model_id=UUID(voice["model_id"]),
                name=voice["name"],
                version=voice["version"],
                provider=voice["engine"],
            )
            for voice in entry.voices
        ]


class WordView(BaseModel):
    """A word, and when it is said."""

    text: str = Field(examples=["Hello,"])
    start: float = Field(description="Seconds from the beginning.", examples=[0.05])
    end: float = Field(examples=[0.41])

    @field_validator("start", "end")
    @classmethod
    def _to_milliseconds(cls, value: float) -> float:
        return round(value, _MILLISECONDS)


class SynthesisView(BaseModel):
    """One text that was spoken, or was to be."""

    id: UUID
    model_id: UUID = Field(description="The voice that spoke; of a batch, its first item.")
    voice_name: str = Field(description="As it was called then.", examples=["Ann"])
    voice_version: int = Field(examples=[1])
    voices: list[SpokenByView] = Field(description="All that spoke: several only in a batch.")
    text: str | None = Field(description="null where it was not to be kept.", examples=["Hello, world!"])
    text_sha256: str = Field(examples=["315f5bdb76d078c43b8ac0064e4a0164612b1fce77c869345bfc94c75894edd3"])
    characters: int = Field(examples=[13])
    status: State = Field(examples=["completed"])
    output_format: str | None = Field(description="null where it was sent as bare samples.", examples=["mp3"])
    duration: float | None = Field(
        description="Seconds of sound; while it goes on, of what has left so far, or null.", examples=[1.04]
    )
    audio_url: str | None = Field(
        description="Where the file is, on this server; null where none is kept. A batch has one for each "
        "item, see `GET /api/voice/batch/{id}`.",
        examples=[f"/api/voice/history/{_MODEL_ID}/audio"],
    )
    size: int | None = Field(description="Bytes of the file.", examples=[16848])
    sample_rate: int | None = Field(description="Of the sound in the file, Hz.")
    latency_ms: float | None = Field(description="From the request to the first sound.", examples=[42.1])
    total_ms: float | None = Field(description="From the request to the end.", examples=[180.5])
    language: str
    provider: str = Field(description="Id of the engine that spoke.")
    provider_version: str = Field(examples=["1"])
    parameters: dict[str, Any] = Field(
        description="Speed, pitch and the like.", examples=[{"speed": 1.0, "seed": 0}]
    )
    watermark: Marked | None = Field(
        description="What was put into the sound: `perth`; `partial`: not into all of it, as marking failed; "
        "`none`. null: nothing was spoken, or that was not noted then.",
        examples=["perth"],
    )
    checks: list[PieceCheckView] = Field(description="What was heard, sentence by sentence.")
    sentences: int
    cached_sentences: int = Field(description="Those that were not computed again.", examples=[0])
    repeated_sentences: int = Field(description="Those that were spoken more than once.", examples=[0])
    fallback: FallbackView | None = Field(examples=[None])
    cost_usd: float | None = Field(examples=[0.0])
    error: FailureView | None = Field(examples=[None])
    source: str = Field(
        description="Where it came in: `voice`, `openai`, `wyoming` and so on.", examples=["voice"]
    )
    request_id: str | None = Field(examples=["8c1f0e6a"])
    created_at: UtcMoment
    finished_at: UtcMoment | None

    @classmethod
    def fields_of(cls, entry: Synthesis, joined: JoinedFile | None = None) -> dict[str, Any]:
        """What is told of an entry.

        Args:
            entry: the entry.
            joined: the file of a long text, which is not kept with the entry.
        """
        wanted, failure = entry.wanted_model_id, entry.error_code
        has_file = joined is not None or entry.file_digest is not None
        return {
            "id": entry.id,
            "model_id": entry.voice_model_id,
            "voice_name": entry.voice_name,
            "voice_version": entry.voice_version,
            "voices": SpokenByView.all_of(entry),
            "text": entry.text,
            "text_sha256": entry.text_digest,
            "characters": entry.characters,
            "status": entry.state,
            "output_format": entry.output_format,
            "duration": _rounded(entry.audio_s),
            "audio_url": f"/api/voice/history/{entry.id}/audio" if has_file else None,
            "size": entry.file_bytes if joined is None else joined.size_bytes,
            "sample_rate": entry.file_rate_hz if joined is None else joined.sample_rate_hz,
            "latency_ms": _rounded(entry.first_audio_ms),
            "total_ms": _rounded(entry.total_ms),
            "language": entry.language,
            "provider": entry.engine,
            "provider_version": entry.engine_version,
            "parameters": entry.parameters,
            "watermark": entry.watermark,
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
    def of(cls, entry: Synthesis, joined: JoinedFile | None = None) -> Self:
        """Show an entry; arguments as for `fields_of`."""
        return cls(**cls.fields_of(entry, joined))


class HistoryView(BaseModel):
    """A page of the history, the newest first."""

    syntheses: list[SynthesisView]
    total: int = Field(description="Of all pages.")
    limit: int
    offset: int

    @classmethod
    def of(
        cls,
        found: Sequence[Synthesis],
        joined: Mapping[UUID, JoinedFile],
        *,
        total: int,
        limit: int,
        offset: int,
    ) -> Self:
        """Show some entries, with the files of those that are long texts."""
        shown = [SynthesisView.of(entry, joined.get(entry.id)) for entry in found]
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
    """What is kept of what you have spoken, and which voice speaks."""

    keep_text: KeepText = Field(
        description="`whole`, or `hash`: the SHA-256 and the length of a text, and nothing else of it."
    )
    keep_audio: bool = Field(description="Whether files are kept, for playing them again.")
    choose: Choose = Field(
        description="Which of the voices that several engines made of one person speaks, where a request "
        "does not say it: `named`, `best`, `cost` or `latency`."
    )

    @classmethod
    def of(cls, preferences: Preferences) -> Self:
        """Show them."""
        return cls(
            keep_text=preferences.keep_text, keep_audio=preferences.keep_audio, choose=preferences.choose
        )


TimingsFormat = Literal["json", "vtt", "srt"]


def words_of(entry: Synthesis) -> list[WordView]:
    """The words of an entry, in order."""
    return [WordView(text=spoken, start=start, end=end) for spoken, start, end in entry.words or ()]


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, _MILLISECONDS)
