"""`POST /v1/audio/speech`: speech for clients that were made for OpenAI's."""

from __future__ import annotations

import base64
import json
import math
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Final, Literal, get_args

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, ConfigDict, Field, Strict

from voicewright.accounts.caller import Caller, Scope
from voicewright.accounts.rate_limits import per_window
from voicewright.api.caller import calling
from voicewright.api.openai_form import openai_body
from voicewright.api.openai_limits import LIMIT_HEADERS, remember_allowance
from voicewright.api.openai_models import require_model
from voicewright.api.openai_voice_choice import voices_meant
from voicewright.api.problems import PLAIN_WORDS, STATUS, is_for_operators, refusals
from voicewright.api.services import Wired
from voicewright.api.speech_headers import SPEECH_HEADERS, speech_headers
from voicewright.api.speech_response import Sending, send_speech
from voicewright.audio.codecs import MEDIA_TYPES
from voicewright.errors import AppError, FieldFault
from voicewright.speech.order import Choose, SpeechOrder
from voicewright.text.errors import text_too_long
from voicewright.voices.errors import VoiceNotFound

if TYPE_CHECKING:
    import threading

    from voicewright.speech.speaking import Speech

router = APIRouter(tags=["openai"])

Format = Literal["mp3", "opus", "aac", "flac", "wav", "pcm"]
Speaker = Annotated[Caller, Depends(calling(Scope.SPEECH))]

_MINUTE_S: Final = 60
_FORMAT: Final = "mp3"
_PCM_RATE_HZ: Final = 24_000
"""OpenAI sends all of its speech so; of `pcm` nothing else tells the rate."""
_AUDIO_TOKENS_PER_S: Final = 20
"""What OpenAI counts; here nothing is paid by it."""
_IGNORED: Final = "X-Instructions"
_CONTENT: Final = {
    "type": "object",
    "required": ["type"],
    "properties": {
        "type": {"enum": ["speech.audio.delta", "speech.audio.done", "error"]},
        "audio": {"type": "string", "description": "Base64 of some of the file; of `speech.audio.delta`."},
        "usage": {"type": "object", "description": "What it took; of `speech.audio.done`."},
        "error": {"type": "object", "description": "Why no more of it comes; of `error`."},
    },
}
_EVENT: Final = {
    "description": "One of the events: it has data, which is JSON, and no name.",
    "type": "object",
    "required": ["data"],
    "properties": {
        "data": {"type": "string", "contentMediaType": "application/json", "contentSchema": _CONTENT}
    },
}
_EVENTS: Final = (
    'data: {"type":"speech.audio.delta","audio":"//PkxAAA..."}\n\n'
    'data: {"type":"speech.audio.done","usage":{"input_tokens":12,"output_tokens":41,"total_tokens":53}}\n\n'
)

_ANSWERS: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "description": "The file, as it is made.",
        "content": {
            **{
                kind: {"schema": {"type": "string", "format": "binary"}}
                for kind in sorted(MEDIA_TYPES[each] for each in get_args(Format))
            },
            "text/event-stream": {"schema": _EVENT, "example": _EVENTS},
        },
        "headers": {
            **SPEECH_HEADERS,
            **LIMIT_HEADERS,
            _IGNORED: {"description": "`ignored`, where some came.", "schema": {"type": "string"}},
        },
    },
    **refusals(404, 409, 429),
}


class VoiceId(BaseModel):
    """A voice that was made here, as OpenAI's clients name it."""

    model_config = ConfigDict(title="OpenAIVoiceId")

    id: str = Field(min_length=1, max_length=200)


class OpenAISpeechBody(BaseModel):
    """What is to be spoken. Fields that OpenAI does not have are passed over, as clients send many.

    Some send `null`, or no name of a model, for what their users did not fill in: both are the default.
    """

    model_config: ClassVar[ConfigDict] = ConfigDict(extra="ignore", allow_inf_nan=False, frozen=True)

    model: str = Field(
        max_length=200, description="One of `GET /v1/models`; all mean the same.", examples=["tts-1"]
    )
    input: str = Field(
        min_length=1,
        description="At most 5,000 characters (`MAX_SYNTHESIS_TEXT_LENGTH`).",
        examples=["The birch canoe slid slowly past the mill."],
    )
    voice: Annotated[str, Field(min_length=1, max_length=200)] | VoiceId | None = Field(
        default=None,
        description="The name or the id of a voice, or one of OpenAI's (`alloy` and so on), which stands for "
        "the one that the operator chose, else for your active voice. Nothing: your active voice.",
        examples=["alloy"],
    )
    response_format: Format | None = _FORMAT
    speed: Annotated[float, Field(strict=True, ge=0.25, le=4.0)] | None = 1.0
    instructions: str | None = Field(
        default=None,
        max_length=4096,
        description="Taken, and followed by none of the engines; the header `X-Instructions` says so.",
    )
    stream_format: Literal["audio", "sse"] | None = Field(
        default="audio", description="`audio`: the file as it is made; `sse`: the same as events."
    )
    language: str | None = Field(
        default=None,
        max_length=35,
        description="Ours: BCP 47 tag of the text; the voice's own by default.",
        examples=[None],
    )
    choose: Choose | None = Field(
        default=None,
        description="Ours: which of the voices that several engines made of one person speaks: `named`, "
        "`best`, `cost` or `latency`; by default as your preferences say.",
        examples=[None],
    )
    ssml: Annotated[bool, Strict()] | None = Field(
        default=False, description="Ours: whether the text is SSML."
    )
    pitch: Annotated[float, Field(strict=True, ge=-12, le=12)] | None = Field(
        default=0.0, description="Ours: semitones."
    )
    seed: Annotated[int, Field(strict=True, ge=0, le=2**31 - 1)] | None = Field(
        default=0, description="Ours: another one is said otherwise, by engines that roll dice."
    )
    normalise: Annotated[bool, Strict()] | None = Field(
        default=True, description="Ours: whether numbers and the like are put into words."
    )


@router.post(
    "/v1/audio/speech",
    summary="Speak, for OpenAI's clients",
    response_class=StreamingResponse,
    responses=_ANSWERS,
)
@router.post(
    "/audio/speech",
    summary="Speak, without the /v1",
    response_class=StreamingResponse,
    responses=_ANSWERS,
)
async def speak(request: Request, body: OpenAISpeechBody, services: Wired, caller: Speaker) -> Response:
    """Speak a text with one of your voices, as OpenAI's endpoint of this name does.

    The sound leaves while it is made; what goes wrong later breaks the answer off. `pcm` is 24 kHz, 16 bits,
    mono, little-endian, without a header.
    """
    settings = services.settings
    order = _order(body, settings.max_synthesis_text_length)
    per_minute = per_window("openai-speech", settings.speech_requests_per_minute, _MINUTE_S)

    def begin(cancel: threading.Event) -> Speech:
        rate_limits = services.accounts.rate_limits
        left = rate_limits.hit(per_minute, str(caller.user_id), what="requests to speak")
        remember_allowance(request, left)
        return _begin(services, caller, body.voice, order, cancel)

    format_ = body.response_format or _FORMAT
    sending = Sending(
        format_,
        rate_hz=_PCM_RATE_HZ if format_ == "pcm" else None,
        wrapping=_Events() if body.stream_format == "sse" else None,
        headers=lambda speech: _headers(services, body, speech),
    )
    return await send_speech(request, services, begin, sending)


def _order(body: OpenAISpeechBody, most_characters: int) -> SpeechOrder:
    """What is asked for, but who speaks.

    Raises:
        ModelNotFound, TextTooLong: with the field.
    """
    if body.model:
        require_model(body.model)
    if len(body.input) > most_characters:
        error = text_too_long(len(body.input), most_characters)
        error.fields = (FieldFault("input", error.message),)
        raise error
    return SpeechOrder(
        text=body.input,
        markup="ssml" if body.ssml else "text",
        language=body.language,
        speed=body.speed or 1.0,
        pitch_semitones=body.pitch or 0.0,
        seed=body.seed or 0,
        normalise=body.normalise is not False,
        choose=body.choose,
        source="openai",
        output_format=body.response_format or _FORMAT,
    )


def _begin(
    services: Wired, caller: Caller, voice: str | VoiceId | None, order: SpeechOrder, cancel: threading.Event
) -> Speech:
    """Begin with the first of the voices that are meant that there is.

    Raises:
        VoiceNotFound, VoiceNotReady: with the field.
        AppError: as `SpeechService.begin`.
    """
    name = voice.id if isinstance(voice, VoiceId) else voice
    missing = None
    for meant in voices_meant(services, caller, name):
        try:
            return services.speech.begin(caller.user_id, replace(order, voice=meant), cancel=cancel)
        except VoiceNotFound as error:
            missing = VoiceNotFound(error.message, fields=[FieldFault("voice", error.message)])
    assert missing is not None  # noqa: S101 - at least one was meant
    raise missing


def _headers(services: Wired, body: OpenAISpeechBody, speech: Speech) -> dict[str, str]:
    ignored = {_IGNORED: "ignored"} if body.instructions else {}
    return {**speech_headers(services, speech), **ignored}


class _Events:
    """The bytes of the file as server-sent events."""

    media_type = "text/event-stream"

    def piece(self, data: bytes) -> bytes:
        """Some of the file."""
        return _event({"type": "speech.audio.delta", "audio": base64.b64encode(data).decode()})

    def end(self, speech: Speech) -> bytes:
        """What it took: a token is a character of the text, or a twentieth of a second of the sound."""
        took, made = speech.figures.characters, math.ceil(speech.figures.output_s * _AUDIO_TOKENS_PER_S)
        usage = {"input_tokens": took, "output_tokens": made, "total_tokens": took + made}
        return _event({"type": "speech.audio.done", "usage": usage})

    def broken(self, error: AppError) -> bytes:
        """An error, as OpenAI's streams have them."""
        told = PLAIN_WORDS.get(error.kind, error.message) if is_for_operators(error) else error.message
        return _event({"type": "error", **openai_body(STATUS[error.kind], error.code, told)})


def _event(content: dict[str, Any]) -> bytes:
    return f"data: {json.dumps(content, separators=(',', ':'))}\n\n".encode()
