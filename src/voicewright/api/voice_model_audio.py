"""`/voice-models/{modelId}/audio`: what a voice said to be judged by, to be listened to."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Annotated, ClassVar
from uuid import UUID

from fastapi import APIRouter, Path, Response
from pydantic import Field

from voicewright.answers import View
from voicewright.api.judged_sentences import marks_of, sentences_in
from voicewright.api.passing_file import PassingFile
from voicewright.api.problems import refusals
from voicewright.api.services import Wired
from voicewright.api.speech_headers import PROVENANCE_ALONE
from voicewright.api.voice_model_routes import Reader
from voicewright.errors import AppError, ErrorKind
from voicewright.speech.keeping import scratch

router = APIRouter(prefix="/voice-models", tags=["voice models"])


class VoiceAudioNotFound(AppError):
    """The voice has no such audio: it was not judged, or what it said then is not kept."""

    code: ClassVar[str] = "VOICE_AUDIO_NOT_FOUND"
    kind: ClassVar[ErrorKind] = ErrorKind.NOT_FOUND


class JudgedSentenceView(View):
    """A sentence that the voice was judged by."""

    name: str = Field(examples=["sentence-00.flac"])
    text: str
    duration_seconds: float
    url: str = Field(
        description="Where the audio is, on this server.",
        examples=[f"/voice-models/{UUID(int=0)}/audio/sentence-00.flac"],
    )


class JudgedSentencesView(View):
    """What a voice was judged by."""

    audio: list[JudgedSentenceView]


@router.get("/{modelId}/audio", summary="List what a voice was judged by", responses=refusals(404))
def list_audio(
    model_id: Annotated[UUID, Path(alias="modelId")], caller: Reader, services: Wired
) -> JudgedSentencesView:
    """The sentences that one of your own voices spoke; none where it was not judged, as an engine's own."""
    voice = services.registry.get_own(caller, model_id)
    there = set(services.voices.spoken(voice).names())
    return JudgedSentencesView(
        audio=[
            JudgedSentenceView(
                name=one["audio"],
                text=one["text"],
                duration_seconds=one["duration_s"],
                url=f"/voice-models/{voice.id}/audio/{one['audio']}",
            )
            for one in sentences_in(voice.evaluation)
            if one["audio"] in there
        ]
    )


@router.get(
    "/{modelId}/audio/{name}",
    summary="Hear what a voice was judged by",
    response_class=Response,
    responses={
        200: {"content": {"audio/flac": {}}, "description": "FLAC.", "headers": PROVENANCE_ALONE},
        206: {
            "content": {"audio/flac": {}},
            "description": "The part of it that `Range` asks for.",
            "headers": PROVENANCE_ALONE,
        },
        **refusals(404, 507),
    },
)
def audio(
    model_id: Annotated[UUID, Path(alias="modelId")],
    name: Annotated[str, Path(max_length=100)],
    caller: Reader,
    services: Wired,
) -> Response:
    """One of these sentences, as FLAC."""
    voice = services.registry.get_own(caller, model_id)
    spoken = services.voices.spoken(voice).read(name)
    if spoken is None:
        raise VoiceAudioNotFound(
            f"The voice has no audio {name!r}. GET /voice-models/{voice.id}/audio lists what there is."
        )
    headers = marks_of(services, sentences_in(voice.evaluation), name)
    with ExitStack() as opened:
        path = opened.enter_context(scratch(services.history.work_dir)) / "sentence.flac"
        path.write_bytes(spoken)
        return PassingFile(path, "flac", name.removesuffix(".flac"), headers=headers, folder=opened.pop_all())
