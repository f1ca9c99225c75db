"""`/api/voice/synthesize`: a text becomes speech, as a file that is kept or as a stream."""

from __future__ import annotations

import base64
import threading
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field, Strict

from voicewright.accounts.caller import Caller, Scope
from voicewright.api.bodies import RequestBody
from voicewright.api.caller import calling
from voicewright.api.openai_voice_choice import made_by
from voicewright.api.problems import refusals
from voicewright.api.request_ids import request_id
from voicewright.api.services import Services, Wired
from voicewright.api.speech_headers import SPEECH_HEADERS, speech_headers
from voicewright.api.speech_response import Sending, send_speech, while_connected
from voicewright.api.voice_requests import count_voice_request
from voicewright.audio.codecs import MEDIA_TYPES
from voicewright.audio.encode import write_audio
from voicewright.errors import FieldFault
from voicewright.speech.history_views import SynthesisView, WordView, words_of
from voicewright.speech.keeping import scratch
from voicewright.speech.naming import NamesVoice
from voicewright.speech.order import Choose, SpeechOrder
from voicewright.text.errors import TextTooLong
from voicewright.voices.errors import VoiceNotFound

if TYPE_CHECKING:
    from voicewright.speech.models import Synthesis
    from voicewright.speech.speaking import Speech

router = APIRouter(prefix="/api/voice", tags=["voice"])

Speaker = Annotated[Caller, Depends(calling(Scope.SPEECH))]
Flag = Annotated[bool, Strict()]
OutputFormat = Literal["mp3", "wav", "flac", "opus", "aac", "pcm"]
_LONGEST_WORD: Final = 35
"""Of a language tag."""


class SynthesisBody(NamesVoice, RequestBody):
    """What is to be spoken, by whom, and how."""

    text: str = Field(
        min_length=1,
        description="At most 5,000 characters (`MAX_SYNTHESIS_TEXT_LENGTH`); longer texts are jobs.",
        examples=["Hello, world!"],
    )
    ssml: Flag = Field(default=False, description="Whether the text is SSML.")
    output_format: OutputFormat = Field(default="mp3", description="`pcm`: 16 bits, mono, little-endian.")
    language: Annotated[str, Field(min_length=2, max_length=_LONGEST_WORD)] | None = Field(
        default=None, description="BCP 47 tag of the text; the voice's own by default.", examples=[None]
    )
    speed: Annotated[float, Field(strict=True, ge=0.25, le=4.0)] = 1.0
    pitch: Annotated[float, Field(strict=True, ge=-12, le=12)] = Field(default=0.0, description="Semitones.")
    seed: Annotated[int, Field(strict=True, ge=0, le=2**31 - 1)] = Field(
        default=0, description="Another one is said otherwise, by engines that roll dice."
    )
    normalise: Flag = Field(default=True, description="Whether numbers and the like are put into words.")
    check: Flag = Field(
        default=True,
        description="Whether it is listened to, and said again where words are missing. A stream does not "
        "wait for that: there it is only reported.",
    )
    cache: Flag = Field(default=True, description="Whether what was spoken before may be taken.")
    fallback: Flag = Field(
        default=True, description="Whether another voice of the same person may speak in its place."
    )
    choose: Choose | None = Field(
        default=None,
        description="Which of the voices that several engines made of one person speaks: `named`, the one "
        "that is asked for; `best`, the best judged; `cost`, the cheapest; `latency`, the one that begins "
        "soonest. By default as your preferences say, where `fallback` is true.",
        examples=["named"],
    )
    store: Flag = Field(
        default=True,
        description="Whether text and file are kept in the history, where your preferences keep them. A file "
        "that is not kept is in the answer, as `audio`.",
    )
    timings: Flag = Field(default=False, description="Whether the answer says when each word is said.")
    stream: Flag = Field(default=False, description="Whether the answer is the sound, as it is made.")

    def order(self, request: Request, *, most_characters: int, streams: bool) -> SpeechOrder:
        """What this asks for.

        Raises:
            TextTooLong: names the limit.
        """
        if len(self.text) > most_characters:
            message = (
                f"The text has {len(self.text):,} characters, and at most {most_characters:,} are spoken at "
                "once. Send longer ones as a job: POST /api/voice/long."
            )
            raise TextTooLong(message, fields=[FieldFault("text", message)])
        check: Literal["before", "after"] = "after" if streams else "before"
        return SpeechOrder(
            text=self.text,
            markup="ssml" if self.ssml else "text",
            voice=self.named_voice,
            version=self.version,
            language=self.language,
            speed=self.speed,
            pitch_semitones=self.pitch,
            seed=self.seed,
            normalise=self.normalise,
            check=check if self.check else "off",
            cache=self.cache,
            fallback=self.fallback,
            choose=self.choose,
            store=self.store,
            output_format=self.output_format,
            request_id=request_id(request),
        )


class MadeSynthesisView(SynthesisView):
    """What was spoken for a request."""

    words: list[WordView] | None = Field(
        default=None, description="When each word is said, where `timings` asked for it.", examples=[None]
    )
    audio: str | None = Field(
        default=None,
        description="Base64 of the file, where it is kept nowhere else.",
        repr=False,
        examples=[None],
    )


class SynthesisAnswer(BaseModel):
    """The answer of `POST /api/voice/synthesize`."""

    synthesis: MadeSynthesisView


_SOUND: Final[dict[str, Any]] = {
    kind: {"schema": {"type": "string", "format": "binary"}}
    for kind in sorted({MEDIA_TYPES[each] for each in ("mp3", "wav", "flac", "opus", "aac", "pcm")})
}


@dataclass(frozen=True, slots=True)
class _Made:
    """What was spoken for somebody who waits for all of it."""

    entry: Synthesis
    words: list[WordView]
    file: bytes | None
    headers: dict[str, str]


@router.post(
    "/synthesize",
    status_code=201,
    summary="Speak a text",
    response_model=SynthesisAnswer,
    responses={
        200: {"description": "With `stream`: the sound.", "content": _SOUND, "headers": SPEECH_HEADERS},
        201: {"headers": SPEECH_HEADERS},
        **refusals(404, 409, 429, 507),
    },
)
async def synthesize(request: Request, body: SynthesisBody, services: Wired, caller: Speaker) -> Response:
    """Speak a text with one of your voices, or one that is shared with you, and keep it as a file.

    The file carries a signed manifest in formats that hold one. With `stream` the answer is the sound itself
    while it is made, chunk by chunk; what goes wrong later breaks the answer off.
    An account may send so many of these requests, uploads and clones in an hour, 20 by default.
    """
    if body.stream:
        return await stream(request, body, services, caller)
    order = body.order(request, most_characters=services.settings.max_synthesis_text_length, streams=False)
    made = await while_connected(request, lambda cancel: _make(services, caller, order, body, cancel))
    shown = MadeSynthesisView(
        **MadeSynthesisView.fields_of(made.entry),
        words=made.words if body.timings else None,
        audio=None if made.file is None else base64.b64encode(made.file).decode(),
    )
    content = SynthesisAnswer(synthesis=shown).model_dump(mode="json")
    return JSONResponse(content, status_code=201, headers=made.headers)


@router.post(
    "/synthesize/stream",
    summary="Hear a text while it is spoken",
    response_class=Response,
    responses={
        200: {"description": "The sound.", "content": _SOUND, "headers": SPEECH_HEADERS},
        **refusals(404, 409, 429),
    },
)
async def stream(request: Request, body: SynthesisBody, services: Wired, caller: Speaker) -> Response:
    """The same as `POST /api/voice/synthesize` with `stream`."""
    order = body.order(request, most_characters=services.settings.max_synthesis_text_length, streams=True)

    def begin(cancel: threading.Event) -> Speech:
        count_voice_request(services, caller)
        return begin_speech(services, caller, order, cancel)

    sending = Sending(body.output_format, headers=lambda speech: speech_headers(services, speech))
    return await send_speech(request, services, begin, sending)


def begin_speech(
    services: Services, caller: Caller, order: SpeechOrder, cancel: threading.Event | None = None
) -> Speech:
    """Begin a speech; the id of a training stands for the voice that it has made.

    Raises:
        VoiceNotReady: the training goes on.
        AppError: as `SpeechService.begin`.
    """
    try:
        return services.speech.begin(caller.user_id, order, cancel=cancel)
    except VoiceNotFound:
        made = made_by(services, caller, order.voice) if isinstance(order.voice, UUID) else None
        if made is None:
            raise
    return services.speech.begin(caller.user_id, replace(order, voice=made), cancel=cancel)


def _make(
    services: Services, caller: Caller, order: SpeechOrder, body: SynthesisBody, cancel: threading.Event
) -> _Made:
    """Speak all of it into a file, which the history keeps where it is to be kept."""
    count_voice_request(services, caller)
    history, file = services.history, None
    with scratch(history.work_dir) as folder, begin_speech(services, caller, order, cancel) as speech:
        path = folder / f"speech.{body.output_format}"
        write_audio(path, speech, speech.sample_rate_hz, body.output_format, durable=False)
        if history.keeps_audio_of(speech):
            signed = history.keep(speech, path, body.output_format, speech.sample_rate_hz)
        else:
            signed = history.sign(speech, path, body.output_format)
            file = path.read_bytes()
        words = [WordView(text=one.text, start=one.start_s, end=one.end_s) for one in speech.words]
        headers = speech_headers(services, speech, signed=signed)
    entry = history.get(caller.user_id, speech.id)
    return _Made(entry, words or words_of(entry), file, headers)
