"""`/training/{jobId}/audio`: what a new voice said, while it was trained and to be judged by."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Response
from pydantic import Field

from voicewright.accounts.caller import Caller, Scope
from voicewright.answers import View
from voicewright.api.caller import calling
from voicewright.api.judged_sentences import marks_of, sentences_in
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
    """The job has no such audio: nothing was said yet, or its voice was deleted."""

    code: ClassVar[str] = "TRAINING_AUDIO_NOT_FOUND"
    kind: ClassVar[ErrorKind] = ErrorKind.NOT_FOUND


class SpokenView(View):
    """A sentence that the voice spoke."""

    name: str = Field(examples=["sentence-00.flac"])
    kind: Literal["checkpoint", "judged"] = Field(
        description="`checkpoint`: said while the voice was trained. `judged`: said by the finished voice."
    )
    epoch: int | None = Field(description="Of a checkpoint: after which it was said.", examples=[40])
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
    """What it said after some of its epochs, as it comes, and then the sentences that it was judged by.

    Also of a voice that was not good enough to be registered.
    """
    return SpokenListView(audio=spoken_of(services, services.training.get(caller, job_id).job))


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
    for kept in services.voices.rehearsals_of_job(job.id):
        if kept.said.name == name and (said := kept.read()) is not None:
            marks = services.provenance.header(None, kept.said.watermark, signed=kept.said.signed)
            return Response(said, media_type="audio/flac", headers=dict(marks))
    spoken = services.voices.spoken_of_job(job.id).read(name)
    if spoken is None:
        raise TrainingAudioNotFound(
            f"The job has no audio {name!r}. GET /training/{job.id}/audio lists what there is."
        )
    headers = marks_of(services, _sentences(services, job), name)
    return Response(spoken, media_type="audio/flac", headers=dict(headers))


@router.delete(
    "/{jobId}/audio",
    status_code=204,
    summary="Forget a voice that was not good enough",
    responses=refusals(404),
)
def delete_audio(job_id: Annotated[UUID, Path(alias="jobId")], caller: Writer, services: Wired) -> None:
    """Delete what a voice said while it was trained, and what was kept of one that failed its validation.

    By itself it goes after 30 days. A voice that was registered is not touched.
    """
    job = services.training.get(caller, job_id).job
    services.voices.drop_kept(job.id)


def spoken_of(services: Services, job: TrainingJob) -> list[SpokenView]:
    """What can be heard of a job: by epochs, and then as it was judged."""

    def view(name: str, epoch: int | None, text: str, duration_s: float) -> SpokenView:
        return SpokenView(
            name=name,
            kind="judged" if epoch is None else "checkpoint",
            epoch=epoch,
            text=text,
            duration_seconds=duration_s,
            url=f"/training/{job.id}/audio/{name}",
        )

    said = [kept.said for kept in services.voices.rehearsals_of_job(job.id)]
    sentences = _sentences(services, job)
    there = set(services.voices.spoken_of_job(job.id).names()) if sentences else set()
    judged = [one for one in sentences if one["audio"] in there]
    return [
        *(view(one.name, one.epoch, one.text, one.duration_s) for one in said),
        *(view(one["audio"], None, one["text"], one["duration_s"]) for one in judged),
    ]


def _sentences(services: Services, job: TrainingJob) -> list[dict[str, Any]]:
    """As they were judged last: a voice that was registered may have been judged again since."""
    voice = services.voices.of_job(job.id)
    quality = job.quality if voice is None or voice.deleted_at is not None else voice.evaluation
    return sentences_in(quality)
