"""`/training/{jobId}/audio`: what a new voice said to be judged by, to be listened to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, ClassVar
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Response
from pydantic import Field

from voicewright.accounts.caller import Caller, Scope
from voicewright.answers import View
from voicewright.api.caller import calling
from voicewright.api.problems import refusals
from voicewright.api.services import Services, Wired
from voicewright.api.speech_headers import PROVENANCE_ALONE
from voicewright.errors import AppError, ErrorKind

if TYPE_CHECKING:
    from voicewright.training.models import TrainingJob

Reader = Annotated[Caller, Depends(calling(Scope.TRAINING_READ))]
Writer = Annotated[Caller, Depends(calling(Scope.TRAINING_WRITE))]
router = APIRouter(prefix="/training", tags=["training"])


class TrainingAudioNotFound(AppError):
    """The job has no such audio: it was not judged yet, or its voice was deleted."""

    code: ClassVar[str] = "TRAINING_AUDIO_NOT_FOUND"
    kind: ClassVar[ErrorKind] = ErrorKind.NOT_FOUND


class SpokenView(View):
    """A sentence that the voice spoke."""

    name: str = Field(examples=["sentence-00.flac"])
    text: str
    duration_seconds: float
    url: str = Field(description="Where the audio is, on this server.")


class SpokenListView(View):
    """What the voice of a job spoke."""

    audio: list[SpokenView]


@router.get("/{jobId}/audio", summary="List what the new voice said", responses=refusals(404))
def list_audio(
    job_id: Annotated[UUID, Path(alias="jobId")], caller: Reader, services: Wired
) -> SpokenListView:
    """The sentences that the voice was judged by, also of one that was not good enough to be registered."""
    job = services.training.get(caller, job_id).job
    there = set(services.voices.spoken_of_job(job.id).names())
    return SpokenListView(
        audio=[
            SpokenView(
                name=one["audio"],
                text=one["text"],
                duration_seconds=one["duration_s"],
                url=f"/training/{job.id}/audio/{one['audio']}",
            )
            for one in _sentences(services, job)
            if one["audio"] in there
        ]
    )


@router.get(
    "/{jobId}/audio/{name}",
    summary="Hear what the new voice said",
    response_class=Response,
    responses={
        200: {"content": {"audio/flac": {}}, "description": "FLAC.", "headers": PROVENANCE_ALONE},
        **refusals(404),
    },
)
def audio(
    job_id: Annotated[UUID, Path(alias="jobId")],
    name: Annotated[str, Path(max_length=100)],
    caller: Reader,
    services: Wired,
) -> Response:
    """One of these sentences, as FLAC."""
    job = services.training.get(caller, job_id).job
    spoken = services.voices.spoken_of_job(job.id).read(name)
    if spoken is None:
        raise TrainingAudioNotFound(
            f"The job has no audio {name!r}. GET /training/{job.id}/audio lists what there is."
        )
    sentence = next((one for one in _sentences(services, job) if one["audio"] == name), {})
    signed = sentence.get("signed", False)
    headers = services.provenance.header(None, sentence.get("watermark"), signed=signed)
    return Response(spoken, media_type="audio/flac", headers=dict(headers))


@router.delete(
    "/{jobId}/audio",
    status_code=204,
    summary="Forget a voice that was not good enough",
    responses=refusals(404),
)
def delete_audio(job_id: Annotated[UUID, Path(alias="jobId")], caller: Writer, services: Wired) -> None:
    """Delete what was kept of a voice that failed its validation; by itself it goes after 30 days.

    A voice that was registered is not touched.
    """
    job = services.training.get(caller, job_id).job
    services.voices.drop_kept(job.id)


def _sentences(services: Services, job: TrainingJob) -> list[dict[str, Any]]:
    """As they were judged last: a voice that was registered may have been judged again since."""
    voice = services.voices.of_job(job.id)
    quality = job.quality if voice is None or voice.deleted_at is not None else voice.evaluation
    found: list[dict[str, Any]] = (quality or {}).get("sentences", [])
    return found
