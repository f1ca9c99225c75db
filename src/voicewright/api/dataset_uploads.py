"""What both families of datasets share: taking an upload in, showing, mending, and sending as a zip."""

from __future__ import annotations

import threading
from http import HTTPStatus
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from fastapi.responses import StreamingResponse
from pydantic import Field

from voicewright.api.bodies import RequestBody
from voicewright.api.multipart import FormLimits
from voicewright.api.uploads import form_document, in_upload_thread, receive_form, require_some, upload_folder
from voicewright.recordings.archive_budget import ArchiveLimits
from voicewright.recordings.bundles import open_bundle
from voicewright.recordings.entering import Outcome, Place
from voicewright.recordings.names import MAX_TRANSCRIPT_CHARACTERS, clean_transcript
from voicewright.recordings.schemas import (
    DatasetDetailView,
    DatasetView,
    FileView,
    SampleView,
    UploadView,
)

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path
    from uuid import UUID

    from fastapi import Request, Response

    from voicewright.api.multipart import Form, SentFile
    from voicewright.api.services import Services
    from voicewright.recordings.report import Verdict
    from voicewright.recordings.samples import Taken
    from voicewright.settings import Settings

_MIB: Final = 1 << 20


class TranscriptBody(RequestBody):
    """What is said in a recording."""

    transcript: str = Field(
        max_length=MAX_TRANSCRIPT_CHARACTERS, description="Empty: nobody knows.", examples=["Hello there."]
    )


ZIP: Final = {
    "description": "The zip",
    "content": {"application/zip": {}},
    "headers": {
        "Content-Disposition": {
            "description": "The file's name: the dataset's.",
            "schema": {"type": "string"},
        }
    },
}
UPLOAD_FORM: Final = form_document(
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


async def take_upload(request: Request, response: Response, services: Services, owner_id: UUID) -> UploadView:
    """Take the recordings of a request into a dataset; the answer is 200 where all of them were there.

    Args:
        request: nobody has read its body.
        response: gets the status.
        services: where they go.
        owner_id: whose dataset it is.

    Raises:
        AppError: as `receive_form`, `open_bundle` and `SampleService.take`; or nothing can be used.
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
        view = await in_upload_thread(_store, services, owner_id, form, folder, stop, stop=stop)
    if not any(file.outcome is Outcome.CREATED for file in view.files):
        response.status_code = HTTPStatus.OK
    return view


def show_dataset(
    services: Services,
    owner_id: UUID,
    name: str,
    *,
    limit: int,
    offset: int,
    verdict: Verdict | None = None,
) -> DatasetDetailView:
    """A dataset with a page of its recordings.

    Raises:
        DatasetNotFound: there is none.
    """
    summary = services.datasets.summary(owner_id, name)
    samples, total = services.datasets.samples_of(owner_id, name, verdict=verdict, limit=limit, offset=offset)
    return DatasetDetailView(
        dataset=DatasetView.of(summary), samples=[SampleView.of(sample) for sample in samples], total=total
    )


def mend_transcript(
    services: Services, owner_id: UUID, name: str, sample_id: UUID, body: TranscriptBody
) -> SampleView:
    """A recording, cut and judged again with other words.

    Raises:
        DatasetNotFound, SampleNotFound: there is none.
        TranscriptInvalid: the words can't be kept.
    """
    sample = services.datasets.sample_of(owner_id, name, sample_id)
    return SampleView.of(services.samples.set_transcript(sample, clean_transcript(body.transcript)))


def send_zip(services: Services, owner_id: UUID, name: str, *, with_rejected: bool) -> StreamingResponse:
    """A dataset as a file to save.

    Raises:
        DatasetNotFound: there is none.
    """
    title, pieces = services.datasets.download(owner_id, name, with_rejected=with_rejected)
    disposition = f"attachment; filename*=UTF-8''{quote(title, safe='')}.zip"
    return StreamingResponse(
        pieces, media_type="application/zip", headers={"Content-Disposition": disposition}
    )


def _store(services: Services, owner_id: UUID, form: Form, folder: Path, stop: threading.Event) -> UploadView:
    place = Place.for_dataset(
        owner_id, form.require("dataset_name"), speaker=form.one("speaker"), language=form.one("language")
    )
    services.samples.require_place(place)
    bundle = open_bundle(_files(form), form.fields.get("transcript", []), folder, _limits(services.settings))
    taken: Sequence[Taken] = [
        *services.samples.take(bundle.files, place, folder, stop=stop),
        *bundle.refused,
    ]
    require_some(taken)
    summary = services.datasets.summary(owner_id, place.dataset or "")
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
