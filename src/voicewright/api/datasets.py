"""`/datasets`: everybody uploads recordings into datasets of their own, and looks after these.

`/api/v1/admin/training` has the same for administrators, who may name another account there.
"""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import StreamingResponse

from voicewright.accounts.caller import Caller, Scope
from voicewright.api.body_limit import streams_body
from voicewright.api.caller import calling
from voicewright.api.dataset_uploads import (
    UPLOAD_FORM,
    ZIP,
    TranscriptBody,
    mend_transcript,
    send_zip,
    show_dataset,
    take_upload,
)
from voicewright.api.paging import LongLimit, Offset
from voicewright.api.problems import refusals
from voicewright.api.services import Wired
from voicewright.recordings.report import Verdict
from voicewright.recordings.schemas import (
    DatasetDetailView,
    DatasetsView,
    DatasetView,
    SampleView,
    UploadView,
)

router = APIRouter(prefix="/datasets", tags=["datasets"])

Reader = Annotated[Caller, Depends(calling(Scope.SAMPLES_READ))]
Writer = Annotated[Caller, Depends(calling(Scope.SAMPLES_WRITE))]
Search = Annotated[str | None, Query(max_length=200, description="Only those that have these letters.")]


@router.post(
    "/upload",
    status_code=201,
    summary="Upload recordings into a dataset of yours",
    responses={200: {"model": UploadView, "description": "All were there"}, **refusals(409, 507)},
    openapi_extra=UPLOAD_FORM,
)
@streams_body
async def upload(request: Request, response: Response, services: Wired, caller: Writer) -> UploadView:
    """Each file comes back with its verdict, measures and reasons, or with the reason why it is refused.

    The same bytes in the same dataset are the same sample; where they come with another transcript, it has
    that from then on. An upload that was broken off can be sent again as it was.
    """
    return await take_upload(request, response, services, caller.user_id)


@router.get("", summary="List your datasets")
def datasets(
    services: Wired, caller: Reader, search: Search = None, limit: LongLimit = 100, offset: Offset = 0
) -> DatasetsView:
    """By name, with how much there is in each and how good it is; `search` looks at names and speakers."""
    found, total = services.datasets.list_datasets(caller.user_id, search=search, limit=limit, offset=offset)
    return DatasetsView(datasets=[DatasetView.of(summary) for summary in found], total=total)


@router.get("/{name}", summary="Look into a dataset of yours", responses=refusals(404))
def dataset(
    name: str,
    services: Wired,
    caller: Reader,
    *,
    verdict: Annotated[Verdict | None, Query(description="Only recordings with this one.")] = None,
    limit: LongLimit = 100,
    offset: Offset = 0,
) -> DatasetDetailView:
    """Its recordings with their clips: verdicts, measures and reasons."""
    return show_dataset(services, caller.user_id, name, limit=limit, offset=offset, verdict=verdict)


@router.get(
    "/{name}/download",
    summary="Download a dataset of yours",
    response_class=StreamingResponse,
    responses={200: ZIP, **refusals(404)},
)
def download(
    name: str,
    services: Wired,
    caller: Reader,
    *,
    rejected: Annotated[bool, Query(description="Also the clips that would harm a voice.")] = False,
) -> StreamingResponse:
    """A zip in LJ Speech's layout: `metadata.csv` and `wavs/`, 22,050 Hz, mono, 16 bits."""
    return send_zip(services, caller.user_id, name, with_rejected=rejected)


@router.delete("/{name}", status_code=204, summary="Delete a dataset of yours", responses=refusals(404))
def delete_dataset(name: str, services: Wired, caller: Writer) -> None:
    """With all its recordings; this can't be undone."""
    services.datasets.delete(caller.user_id, name)


@router.get("/{name}/clips/{sample_id}", summary="Look at a recording of a dataset", responses=refusals(404))
def clip(name: str, sample_id: UUID, services: Wired, caller: Reader) -> SampleView:
    """With its clips. `GET /api/voice/samples/{sample_id}/audio` has its sound."""
    return SampleView.of(services.datasets.sample_of(caller.user_id, name, sample_id))


@router.patch(
    "/{name}/clips/{sample_id}",
    summary="Say what is said in a recording of yours",
    responses=refusals(404, 507),
)
def edit_transcript(
    name: str, sample_id: UUID, body: TranscriptBody, services: Wired, caller: Writer
) -> SampleView:
    """An empty transcript says that nobody knows. The recording is cut and judged again."""
    return mend_transcript(services, caller.user_id, name, sample_id, body)


@router.delete(
    "/{name}/clips/{sample_id}",
    status_code=204,
    summary="Delete a recording of a dataset",
    responses=refusals(404),
)
def delete_clip(name: str, sample_id: UUID, services: Wired, caller: Writer) -> None:
    """With its file; this can't be undone."""
    services.samples.delete(services.datasets.sample_of(caller.user_id, name, sample_id))
