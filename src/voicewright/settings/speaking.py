"""Speaking: how much at once, what is kept, what is marked."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, Field
from pydantic_settings import NoDecode

from voicewright.settings.values import lower, pairs


class SpeakingSettings(BaseModel):
    """Speaking: how much at once, what is kept, what is marked."""

    max_voice_file_bytes: int = Field(
        default=10_485_760,
        ge=1024,
        validation_alias="MAX_VOICE_FILE_SIZE",
        description="Bytes that a single sample may have (`/api/voice/upload`).",
    )
    min_voice_s: float = Field(
        default=10.0,
        ge=0,
        validation_alias="MIN_VOICE_DURATION",
        description="Seconds that a single sample must have.",
    )
    max_voice_s: float = Field(
        default=300.0,
        gt=0,
        validation_alias="MAX_VOICE_DURATION",
        description="Seconds that a single sample may have.",
    )
    voice_requests_per_hour: int = Field(
        default=20,
        ge=1,
        validation_alias="VOICEWRIGHT_VOICE_REQUESTS_PER_HOUR",
        description="Requests that an account may make in an hour under `/api/voice`: uploads, clones and "
        "syntheses together.",
    )
    clone_wait_s: float = Field(
        default=300.0,
        ge=0,
        le=3600,
        validation_alias="VOICEWRIGHT_CLONE_WAIT_S",
        description="Seconds that `/api/voice/clone` and `/api/public/voice/onboarding/clone` wait for their "
        "voice in development, before they answer 202.",
    )
    history_days: int = Field(
        default=365,
        ge=0,
        le=36_500,
        validation_alias="VOICEWRIGHT_HISTORY_DAYS",
        description="Days that what was spoken stays in the history, with its file; 0: until it is deleted.",
    )
    history_user_mb: int = Field(
        default=1024,
        ge=1,
        validation_alias="VOICEWRIGHT_HISTORY_USER_MB",
        description="MiB of spoken files that one user's history keeps; the oldest files go first.",
    )
    speech_cache_mb: int = Field(
        default=100,
        ge=0,
        validation_alias="VOICEWRIGHT_SPEECH_CACHE_MB",
        description="MiB of spoken sentences kept for one user, so that the same is not computed twice; the "
        "least recently used go first. 0: none.",
    )
    max_synthesis_text_length: int = Field(
        default=5000,
        ge=1,
        validation_alias="MAX_SYNTHESIS_TEXT_LENGTH",
        description="Characters that may be spoken at once; longer texts are jobs.",
    )
    speech_requests_per_minute: int = Field(
        default=500,
        ge=1,
        validation_alias="VOICEWRIGHT_SPEECH_REQUESTS_PER_MINUTE",
        description="Texts that an account may have spoken in a minute by OpenAI's clients "
        "(`/v1/audio/speech`).",
    )
    stock_voices: Annotated[dict[str, str] | None, NoDecode, BeforeValidator(pairs)] = Field(
        default=None,
        validation_alias="VOICEWRIGHT_STOCK_VOICES",
        description="Who speaks where an OpenAI client names one of OpenAI's voices, "
        "`alloy=Anna,nova=Bea,*=active`; the active voice where nothing is said.",
    )
    watermark: Annotated[Literal["auto", "required", "off"], BeforeValidator(lower)] = Field(
        default="auto",
        validation_alias="VOICEWRIGHT_WATERMARK",
        description="`auto` marks speech where the packages for it are installed, `required` refuses to "
        "speak unmarked, `off` marks nothing.",
    )
    verifications_per_hour: int = Field(
        default=60,
        ge=1,
        validation_alias="VOICEWRIGHT_VERIFICATIONS_PER_HOUR",
        description="Files that an account may have verified in an hour (`/provenance/verify`).",
    )
    max_verify_mb: int = Field(
        default=200,
        ge=1,
        validation_alias="VOICEWRIGHT_MAX_VERIFY_MB",
        description="MiB that a file to verify may have.",
    )
    max_verify_s: int = Field(
        default=5400,
        ge=1,
        validation_alias="VOICEWRIGHT_MAX_VERIFY_S",
        description="Seconds of sound that a file to verify may have.",
    )
    speech_engines: int | None = Field(
        default=None,
        ge=1,
        le=64,
        validation_alias="VOICEWRIGHT_SPEECH_ENGINES",
        description="Processes of one engine that speak in one process of the service; empty: as many as "
        "there are processors, at most 2. Of an engine that needs a GPU there is one; of a "
        "provider's, which only wait for its answers, at least 4.",
    )
    speech_at_once: int = Field(
        default=32,
        ge=1,
        le=1000,
        validation_alias="VOICEWRIGHT_SPEECH_AT_ONCE",
        description="Speeches that go on at once in one process of the service; they share the engines.",
    )
    speech_per_user: int = Field(
        default=8,
        ge=1,
        le=1000,
        validation_alias="VOICEWRIGHT_SPEECH_PER_USER",
        description="Of these, one user's.",
    )
    speech_waiting: int = Field(
        default=16,
        ge=0,
        le=1000,
        validation_alias="VOICEWRIGHT_SPEECH_WAITING",
        description="Speeches that may wait for a place; further ones are refused at once with 503.",
    )
    speech_wait_s: float = Field(
        default=5.0,
        ge=0,
        le=300,
        validation_alias="VOICEWRIGHT_SPEECH_WAIT_S",
        description="Seconds that one waits at most, and what `Retry-After` says.",
    )
    tts_timeout_ms: int = Field(
        default=120_000,
        ge=1000,
        le=3_600_000,
        validation_alias="TTS_TIMEOUT",
        description="Milliseconds that an engine may work before the next sound of a sentence comes; then "
        "its process is ended, and the sentence is spoken again if nothing of it has left.",
    )
    speech_ahead_s: float = Field(
        default=10.0,
        ge=0,
        le=3600,
        validation_alias="VOICEWRIGHT_SPEECH_AHEAD_S",
        description="Seconds of sound that may wait for a listener before the next sentence is spoken.",
    )
    speech_attempts: int = Field(
        default=3,
        ge=1,
        le=10,
        validation_alias="VOICEWRIGHT_SPEECH_ATTEMPTS",
        description="How often a sentence is spoken at most where the listener finds words missing or "
        "repeated.",
    )
    speech_check: bool = Field(
        default=True,
        validation_alias="VOICEWRIGHT_SPEECH_CHECK",
        description="Whether what is spoken is listened to, where a recogniser knows the language.",
    )
    long_characters: int = Field(
        default=50_000,
        ge=1000,
        le=1_000_000,
        validation_alias="VOICEWRIGHT_LONG_CHARACTERS",
        description="Characters that a long text may have, and all texts of a batch together.",
    )
    long_parts: int = Field(
        default=1000,
        ge=1,
        le=10_000,
        validation_alias="VOICEWRIGHT_LONG_PARTS",
        description="Paragraphs of a long text that may get files of their own.",
    )
    batch_items: int = Field(
        default=100,
        ge=1,
        le=10_000,
        validation_alias="VOICEWRIGHT_BATCH_ITEMS",
        description="Texts that one batch may have.",
    )
    long_open: int = Field(
        default=10,
        ge=1,
        le=1000,
        validation_alias="VOICEWRIGHT_LONG_OPEN",
        description="Long texts and batches of one user that may wait or be spoken at once.",
    )
    long_concurrency: int = Field(
        default=1,
        ge=0,
        le=64,
        validation_alias="VOICEWRIGHT_LONG_CONCURRENCY",
        description="Long texts and batches that one worker speaks at once; 0: none.",
    )
    long_chunk_attempts: int = Field(
        default=3,
        ge=1,
        le=10,
        validation_alias="VOICEWRIGHT_LONG_CHUNK_ATTEMPTS",
        description="How often a chunk of a long text is spoken before it has failed.",
    )
