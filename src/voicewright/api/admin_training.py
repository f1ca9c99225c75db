"""`/api/v1/admin/training`: administrators upload recordings into datasets, and look after these.

An administrator works on datasets of their own, and with `user_id` on those of another account.
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
from voicewright.recordings.schemas import (
    DatasetDetailView,
    DatasetsView,
    DatasetView,
    SampleView,
    UploadView,
)

router = APIRouter(prefix="/api/v1/admin/training", tags=["admin training"])


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


@router.post(
    "/upload",
    status_code=201,
    summary="Upload recordings into a dataset",
    responses={200: {"model": UploadView, "description": "All were there"}, **refusals(404, 409, 507)},
    openapi_extra=UPLOAD_FORM,
)
@streams_body
async def upload(request: Request, response: Response, services: Wired, owner: Owner) -> UploadView:
    """Each file comes back with its verdict, measures and reasons, or with the reason why it is refused.

    The same bytes in the same dataset are the same sample; where they come with another transcript, it has
    that from then on. An upload that was broken off can be sent again as it was.
    """
    return await take_upload(request, response, services, owner)


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
    return show_dataset(services, owner, name, limit=limit, offset=offset)


@router.get(
    "/datasets/{name}/download",
    summary="Download a dataset",
    response_class=StreamingResponse,
    responses={200: ZIP, **refusals(404)},
)
def download(
    name: str,
    services: Wired,
    owner: Owner,
    *,
    rejected: Annotated[bool, Query(description="Also the clips that would harm a voice.")] = False,
) -> StreamingResponse:
    """A zip in LJ Speech's layout: `metadata.csv` and `wavs/`, 22,050 Hz, mono, 16 bits."""
    return send_zip(services, owner, name, with_rejected=rejected)


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
    return mend_transcript(services, owner, name, sample_id, body)


@router.delete(
    "/datasets/{name}/clips/{sample_id}",
    status_code=204,
    summary="Delete a recording",
    responses=refusals(404),
)
def delete_clip(name: str, sample_id: UUID, services: Wired, owner: Owner) -> None:
    """With its file; this can't be undone."""
    services.samples.delete(services.datasets.sample_of(owner, name, sample_id))
