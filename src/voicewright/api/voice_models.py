"""`/voice-models`: the registry of voices; what else belongs to it is in `voice_model_*`."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Body, Path, Query, Request, Response

from voicewright.accounts.policies import may_see
from voicewright.api.body_limit import streams_body
from voicewright.api.etags import IfMatch, IfNoneMatch, etag, is_known, wanted_revisions
from voicewright.api.paging import Limit, Offset
from voicewright.api.problems import refusals
from voicewright.api.services import Wired
from voicewright.api.uploads import in_upload_thread, received_archive
from voicewright.api.voice_model_routes import (
    Reader,
    UserId,
    Writer,
    archive_body,
    making,
    show,
    show_made,
    showing,
)
from voicewright.voices.bodies import NewVoiceModelBody, OwnerBody, VoiceModelChangesBody
from voicewright.voices.listing import Listing, Order, SortBy
from voicewright.voices.views import (
    ArtefactView,
    DeletedView,
    SharedVoiceView,
    VersionComparisonView,
    VoiceModelPageView,
    VoiceModelView,
)

OptionalBody = Annotated[OwnerBody | None, Body()]

router = APIRouter(prefix="/voice-models", tags=["voice models"])


@router.post(
    "",
    status_code=201,
    summary="Register a voice model",
    responses=making(403, 404, 409, 429),
)
def create(body: NewVoiceModelBody, caller: Writer, services: Wired, response: Response) -> VoiceModelView:
    """Register the voice of a training, or one of files that are stored already.

    The voice of a training that ended well is registered by itself (`VOICE_MODEL_EXISTS` names it). The first
    voice of a user is active at once, and so is a new one with a quality above 0.8.
    An account may register so many in an hour, 5 by default; those that are refused count as well.
    """
    job = None
    if body.training_job_id is not None:
        job = services.training.voice_of(caller, body.training_job_id, user_id=body.user_id)
    voice = services.registry.create(caller, body, job=job)
    return show_made(services, voice, response)


@router.post(
    "/artefacts",
    status_code=201,
    summary="Upload the files of a voice",
    responses=refusals(400, 404, 413, 422, 429, 507),
    openapi_extra=archive_body("A zip, tar or tar.gz archive; what it is, is told by its content."),
)
@streams_body
async def upload(request: Request, services: Wired, caller: Writer, user_id: UserId = None) -> ArtefactView:
    """One zip, tar or tar.gz archive with the files that an engine wrote, as the body of the request.

    The `modelPath` that is answered goes to `POST /voice-models`, within a day.
    """
    registry = services.registry
    await in_upload_thread(registry.require_may_upload, caller, user_id)
    async with received_archive(request, services) as (archive, content):

        def store() -> ArtefactView:
            stored, tree = registry.take_artefact(caller, archive, content, user_id=user_id)
            path = registry.paths.path(stored.owner_id, stored.id)
            return ArtefactView(model_path=path, stored_bytes=tree.bytes, files=tree.files)

        return await in_upload_thread(store)


@router.get("/user/{userId}", summary="List the voice models of a user")
def list_models(
    user_id: Annotated[UUID, Path(alias="userId")],
    caller: Reader,
    services: Wired,
    *,
    limit: Limit = 20,
    offset: Offset = 0,
    provider: Annotated[str | None, Query(max_length=200)] = None,
    is_active: Annotated[bool | None, Query(alias="isActive")] = None,
    min_quality_score: Annotated[float | None, Query(alias="minQualityScore", ge=0, le=1)] = None,
    search: Annotated[
        str | None, Query(max_length=200, description="Words of the name or the notes, or parts of them.")
    ] = None,
    sort: SortBy = "createdAt",
    order: Order = "desc",
) -> VoiceModelPageView:
    """A page of the voices, the newest first unless another order is asked for."""
    wanted = Listing(
        provider=provider,
        is_active=is_active,
        min_quality_score=min_quality_score,
        search=search,
        sort=sort,
        order=order,
        limit=limit,
        offset=offset,
    )
    found, total = services.registry.list_models(caller, user_id, wanted)
    return VoiceModelPageView.of(found, services.registry.paths, total=total, limit=limit, offset=offset)


@router.get("/user/{userId}/active", summary="Show the active voice model", responses=showing(404))
def active(
    user_id: Annotated[UUID, Path(alias="userId")], caller: Reader, services: Wired, response: Response
) -> VoiceModelView:
    """The one that speaks where no voice is named; `NO_ACTIVE_VOICE_MODEL` where there is none."""
    return show(services, services.registry.get_active(caller, user_id), response)


@router.get(
    "/{modelId}",
    summary="Show a voice model",
    response_model=VoiceModelView | SharedVoiceView,
    responses={**showing(404), 304: {"description": "It is as `If-None-Match` says."}},
)
def model(
    model_id: Annotated[UUID, Path(alias="modelId")],
    caller: Reader,
    services: Wired,
    response: Response,
    *,
    user_id: UserId = None,
    if_none_match: IfNoneMatch = None,
) -> VoiceModelView | SharedVoiceView | Response:
    """One voice; of one that is shared with you, what is for others than its owner."""
    voice = services.registry.get(caller, model_id, user_id=user_id)
    if is_known(if_none_match, voice.revision):
        return Response(status_code=304, headers={"ETag": etag(voice.revision)})
    if not may_see(caller, voice.owner_id):
        response.headers["ETag"] = etag(voice.revision)
        return SharedVoiceView.of(voice)
    return show(services, voice, response)


@router.put("/{modelId}", summary="Change a voice model", responses=showing(404, 409, 412, 429))
def update(
    model_id: Annotated[UUID, Path(alias="modelId")],
    body: VoiceModelChangesBody,
    caller: Writer,
    services: Wired,
    response: Response,
    *,
    if_match: IfMatch = None,
) -> VoiceModelView:
    """Change what the body names; the rest stays as it is, as with PATCH.

    With `If-Match` it is changed only if nobody else has changed it since it was read.
    An account may change so many in an hour, 20 by default.
    """
    revisions = wanted_revisions(if_match)
    return show(services, services.registry.update(caller, model_id, body, revisions=revisions), response)


@router.patch("/{modelId}", summary="Change a voice model", responses=showing(404, 409, 412, 429))
def patch(
    model_id: Annotated[UUID, Path(alias="modelId")],
    body: VoiceModelChangesBody,
    caller: Writer,
    services: Wired,
    response: Response,
    *,
    if_match: IfMatch = None,
) -> VoiceModelView:
    """The same as PUT."""
    return update(model_id, body, caller, services, response, if_match=if_match)


@router.delete("/{modelId}", summary="Delete a voice model", responses=refusals(404))
def delete(
    model_id: Annotated[UUID, Path(alias="modelId")],
    caller: Writer,
    services: Wired,
    body: OptionalBody = None,
    *,
    purge: Annotated[bool, Query(description="For good, with its files, now.")] = False,
) -> DeletedView:
    """Delete one version of a voice; where it was the active one, the best of the others takes over.

    It can be brought back for a while (`POST /voice-models/{modelId}/undelete`). With `purge` it is gone for
    good, and so is one that is deleted already.
    """
    delete = services.lifecycle.purge if purge else services.registry.delete
    voice, heir = delete(caller, model_id, user_id=_user_of(body))
    return DeletedView(
        message="Voice model deleted successfully",
        model_id=voice.id,
        activated_model_id=None if heir is None else heir.id,
    )


@router.post("/{modelId}/activate", summary="Activate a voice model", responses=showing(404, 409))
def activate(
    model_id: Annotated[UUID, Path(alias="modelId")],
    caller: Writer,
    services: Wired,
    response: Response,
    body: OptionalBody = None,
) -> VoiceModelView:
    """Make it the one that speaks where no voice is named; the one that was so before is active no more."""
    return show(services, services.registry.activate(caller, model_id, user_id=_user_of(body)), response)


@router.post("/{modelId}/deactivate", summary="Deactivate a voice model", responses=showing(404, 409))
def deactivate(
    model_id: Annotated[UUID, Path(alias="modelId")],
    caller: Writer,
    services: Wired,
    response: Response,
    body: OptionalBody = None,
) -> VoiceModelView:
    """Let no voice speak where none is named."""
    return show(services, services.registry.deactivate(caller, model_id, user_id=_user_of(body)), response)


@router.get("/{modelId}/versions", summary="List the versions of a voice", responses=refusals(404))
def versions(
    model_id: Annotated[UUID, Path(alias="modelId")],
    caller: Reader,
    services: Wired,
    limit: Limit = 20,
    offset: Offset = 0,
) -> VoiceModelPageView:
    """All versions of the voice that this one is of, the newest first."""
    found, total = services.versions.list_versions(caller, model_id, limit=limit, offset=offset)
    return VoiceModelPageView.of(found, services.registry.paths, total=total, limit=limit, offset=offset)


@router.get(
    "/{modelId}/versions/compare", summary="Compare two versions of a voice", responses=refusals(404, 409)
)
def compare(
    model_id: Annotated[UUID, Path(alias="modelId")],
    caller: Reader,
    services: Wired,
    other_id: Annotated[UUID, Query(alias="with", description="The other version.")],
) -> VersionComparisonView:
    """What differs: the training's options and data, the engine, the evaluation, the files."""
    found = services.versions.compare(caller, model_id, other_id)
    return VersionComparisonView.of(found, services.registry.paths)


@router.post(
    "/{modelId}/rollback",
    status_code=201,
    summary="Go back to a version",
    responses=making(404, 409, 429),
)
def rollback(
    model_id: Annotated[UUID, Path(alias="modelId")],
    caller: Writer,
    services: Wired,
    response: Response,
    body: OptionalBody = None,
) -> VoiceModelView:
    """Make this older version the current one: a new version with its files, whose `parentId` it is.

    The version that was current stays. The new one is active where a version of this voice was, or no voice.
    """
    voice = services.versions.rollback(caller, model_id, user_id=_user_of(body))
    return show_made(services, voice, response)


def _user_of(body: OwnerBody | None) -> UUID | None:
    return None if body is None else body.user_id
