"""`/api/v1/admin/training`: administrators upload recordings into datasets, and look after these.

An administrator works on datasets of their own, and with `user_id` on those of another account.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final
from urllib.parse import quote
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import StreamingResponse
from pydantic import Field

from voicewright.accounts.caller import Caller, Scope
from voicewright.api.bodies import RequestBody
from voicewright.api.body_limit import streams_body
from voicewright.api.caller import calling
from voicewright.api.multipart import FormLimits
from voicewright.api.paging import LongLimit, Offset
from voicewright.api.problems import refusals
from voicewright.api.services import Wired
from voicewright.api.uploads import form_document, in_upload_thread, receive_form, require_some, upload_folder
from voicewright.recordings.archive_budget import ArchiveLimits
from voicewright.recordings.bundles import open_bundle
from voicewright.recordings.entering import Outcome, Place
from voicewright.recordings.names import MAX_TRANSCRIPT_CHARACTERS, clean_transcript
from voicewright.recordings.schemas import (
    DatasetDetailView,
    DatasetsView,
    DatasetView,
    FileView,
    SampleView,
    UploadView,
)

if TYPE_CHECKING:
    from voicewright.api.multipart import Form, SentFile
    from voicewright.recordings.samples import Taken
    from voicewright.settings import Settings

router = APIRouter(prefix="/api/v1/admin/training", tags=["admin training"])

_MIB: Final = 1 << 20


def _owner(
    services: Wired,
    caller: Annotated[Caller, Depends(calling(Scope.ADMIN))],
    user_id: Annotated[UUID | None, Query(description="Whose datasets; your own by default.")] = None,
) -> UUID:
    """Whose datasets the request is about."""
    if user_id is None or user_id == caller.user_id:
        return caller.user_id
    return services.accounts.users.get(user_id).id


Owner = Annotated[UUID, Depends(_owner)]


class TranscriptBody(RequestBody):
    """What is said in a recording."""

    transcript: str = Field(
        max_length=MAX_TRANSCRIPT_CHARACTERS, description="Empty: nobody knows.", examples=["Hello there."]
    )


_ZIP: Final = {
    "description": "The zip",
    "content": {"application/zip": {}},
    "headers": {
        "Content-Disposition": {
            "description": "The file's name: the dataset's.",
            "schema": {"type": "string"},
        }
    },
}
_FORM: Final = form_document(
    {
        "dataset_name": {"type": "string", "examples": ["my_voice_dataset"]},
        "transcript": {
            "type": "array",
            "items": {"type": "string"},
            "description": "One for each file, in the same order, empty where there is none; or none at all.",
            "examples": [["The birch canoe slid slowly past the mill."]],
        },
        "audio": {
            "type": "array",
            "items": {"type": "string", "format": "binary"},
            "minItems": 1,
            "description": "WAV, MP3, M4A and others; or a zip, tar or tar.gz of them with metadata.csv.",
        },
        "speaker": {"type": "string", "description": "Whose voice it is; of a new dataset its name."},
        "language": {"type": "string", "description": "Of a new dataset.", "default": "en-us"},
    },
    ["dataset_name", "audio"],
)


@router.post(
    "/upload",
    status_code=201,
    summary="Upload recordings into a dataset",
    responses={200: {"model": UploadView, "description": "All were there"}, **refusals(404, 409, 507)},
    openapi_extra=_FORM,
)
@streams_body
async def upload(request: Request, response: Response, services: Wired, owner: Owner) -> UploadView:
    """Each file comes back with its verdict, measures and reasons, or with the reason why it is refused.

    The same bytes in the same dataset are the same sample; where they come with another transcript, it has
    that from then on. An upload that was broken off can be sent again as it was.
    """
    settings = services.settings
    limits = FormLimits(
        body_bytes=settings.max_upload_mb * _MIB,
        file_bytes=settings.max_upload_file_mb * _MIB,
        files=settings.max_upload_files,
        reserve_mb=settings.min_free_disk_mb,
    )
    async with upload_folder(services.samples) as folder:
        form = await receive_form(
            request,
            folder,
            limits,
            files={"audio"},
            fields={"dataset_name", "transcript", "speaker", "language"},
        )
        stop = threading.Event()
        view = await in_upload_thread(_store, services, owner, form, folder, stop, stop=stop)
    if not any(file.outcome is Outcome.CREATED for file in view.files):
        response.status_code = HTTPStatus.OK
    return view


def _store(services: Wired, owner: UUID, form: Form, folder: Path, stop: threading.Event) -> UploadView:
    place = Place.for_dataset(
        owner, form.require("dataset_name"), speaker=form.one("speaker"), language=form.one("language")
    )
    services.samples.require_place(place)
    bundle = open_bundle(_files(form), form.fields.get("transcript", []), folder, _limits(services.settings))
    taken: Sequence[Taken] = [
        *services.samples.take(bundle.files, place, folder, stop=stop),
        *bundle.refused,
    ]
    require_some(taken)
    summary = services.datasets.summary(owner, place.dataset or "")
    return UploadView(
        dataset=DatasetView.of(summary), files=[FileView.of(one) for one in taken], notes=bundle.notes
    )


def _files(form: Form) -> list[SentFile]:
    form.require_file("audio")
    return form.files["audio"]


def _limits(settings: Settings) -> ArchiveLimits:
    return ArchiveLimits(
        max_files=settings.max_upload_files,
        max_bytes=settings.max_upload_mb * _MIB,
        max_file_bytes=settings.max_upload_file_mb * _MIB,
        reserve_mb=settings.min_free_disk_mb,
    )


@router.get("/datasets", summary="List datasets", responses=refusals(404))
def datasets(services: Wired, owner: Owner, limit: LongLimit = 100, offset: Offset = 0) -> DatasetsView:
    """By name, with how much there is in each and how good it is."""
    found, total = services.datasets.list_datasets(owner, limit=limit, offset=offset)
    return DatasetsView(datasets=[DatasetView.of(summary) for summary in found], total=total)


@router.get("/datasets/{name}", summary="Look into a dataset", responses=refusals(404))
def dataset(
    name: str, services: Wired, owner: Owner, limit: LongLimit = 100, offset: Offset = 0
) -> DatasetDetailView:
    """Its recordings with their clips: verdicts, measures and reasons."""
    summary = services.datasets.summary(owner, name)
    samples, total = services.datasets.samples_of(owner, name, limit=limit, offset=offset)
    return DatasetDetailView(
        dataset=DatasetView.of(summary), samples=[SampleView.of(sample) for sample in samples], total=total
    )


@router.get(
    "/datasets/{name}/download",
    summary="Download a dataset",
    response_class=StreamingResponse,
    responses={200: _ZIP, **refusals(404)},
)
def download(
    name: str,
    services: Wired,
    owner: Owner,
    *,
    rejected: Annotated[bool, Query(description="Also the clips that would harm a voice.")] = False,
) -> StreamingResponse:
    """A zip in LJ Speech's layout: `metadata.csv` and `wavs/`, 22,050 Hz, mono, 16 bits."""
    title, pieces = services.datasets.download(owner, name, with_rejected=rejected)
    disposition = f"attachment; filename*=UTF-8''{quote(title, safe='')}.zip"
    return StreamingResponse(
        pieces, media_type="application/zip", headers={"Content-Disposition": disposition}
    )


@router.delete("/datasets/{name}", status_code=204, summary="Delete a dataset", responses=refusals(404))
def delete_dataset(name: str, services: Wired, owner: Owner) -> None:
    """With all its recordings; this can't be undone."""
    services.datasets.delete(owner, name)


@router.patch(
    "/datasets/{name}/clips/{sample_id}",
    summary="Say what is said in a recording",
    responses=refusals(404, 507),
)
def edit_transcript(
    name: str, sample_id: UUID, body: TranscriptBody, services: Wired, owner: Owner
) -> SampleView:
    """An empty transcript says that nobody knows. The recording is cut and judged again."""
    sample = services.datasets.sample_of(owner, name, sample_id)
    return SampleView.of(services.samples.set_transcript(sample, clean_transcript(body.transcript)))


@router.delete(
    "/datasets/{name}/clips/{sample_id}",
    status_code=204,
    summary="Delete a recording",
    responses=refusals(404),
)
def delete_clip(name: str, sample_id: UUID, services: Wired, owner: Owner) -> None:
    """With its file; this can't be undone."""
    services.samples.delete(services.datasets.sample_of(owner, name, sample_id))
