"""`/voice-models/.../export`, `import`, `backup`, `restore`: copies of voices."""

from __future__ import annotations

from typing import Annotated, Final
from urllib.parse import quote
from uuid import UUID

from fastapi import APIRouter, Path, Query, Request, Response
from fastapi.responses import StreamingResponse
from pydantic import Field, StringConstraints

from voicewright.api.body_limit import streams_body
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
    show_made,
)
from voicewright.voices.bodies import Body
from voicewright.voices.copies.views import (
    EXAMPLE_PATH,
    BackupPageView,
    BackupView,
    NewBackupView,
    RestoreView,
)
from voicewright.voices.models import VoiceModel
from voicewright.voices.views import VoiceModelView

_ZIP: Final = {
    "content": {"application/zip": {}},
    "description": "A zip that begins with `manifest.json`; cut off it is none.",
    "headers": {"Content-Disposition": {"description": "A file name.", "schema": {"type": "string"}}},
}
router = APIRouter(prefix="/voice-models", tags=["voice models"])


class RestoreBody(Body):
    """Which backup is to be restored, and how."""

    backup_path: Annotated[str, StringConstraints(max_length=2000)] = Field(
        description="As a backup shows it.",
        examples=[EXAMPLE_PATH],
    )
    overwrite_existing: bool = Field(
        default=False,
        description="Voice models that are there become as they were, too; their name and number stay.",
    )
    activate_restored: bool = Field(
        default=False, description="The one that was active then becomes the active one."
    )


@router.get(
    "/{modelId}/export",
    summary="Export a voice model",
    response_class=StreamingResponse,
    responses={200: _ZIP, **refusals(404, 409, 413)},
)
def export(
    model_id: Annotated[UUID, Path(alias="modelId")],
    caller: Reader,
    services: Wired,
    *,
    user_id: UserId = None,
    recordings: Annotated[bool, Query(description="Also what it was trained on.")] = True,
) -> StreamingResponse:
    """All of a voice as one zip: its files, recordings, evaluation, figures, consent.

    Only its owner and administrators get it, nobody with whom it is shared.
    """
    made = services.copies.exports.export(caller, model_id, user_id=user_id, with_recordings=recordings)
    disposition = f"attachment; filename*=UTF-8''{quote(made.title, safe='')}.zip"
    return StreamingResponse(
        made.pieces(), media_type="application/zip", headers={"Content-Disposition": disposition}
    )


@router.post(
    "/import",
    status_code=201,
    summary="Import a voice model",
    responses=making(400, 403, 404, 413, 422, 429, 507),
    openapi_extra=archive_body("The zip; what it is, is told by its content."),
)
@streams_body
async def take(
    request: Request,
    services: Wired,
    caller: Writer,
    response: Response,
    *,
    user_id: UserId = None,
    name: Annotated[
        str | None, Query(min_length=1, max_length=200, description="As in the archive, if left out.")
    ] = None,
    speaker: Annotated[
        str | None,
        Query(
            min_length=1,
            max_length=200,
            description="Whose voice it is, if the archive does not say so.",
        ),
    ] = None,
) -> VoiceModelView:
    """Make a voice of an exported one, also of another installation's: the body is the zip, as it came.

    It is checked whole before anything is entered. The consent of its speaker has to be recorded here too,
    and it counts among the voices that an account may register in an hour.
    """
    imports = services.copies.imports
    await in_upload_thread(imports.require_may_import, caller, user_id)
    async with received_archive(request, services) as (archive, content):

        def enter() -> VoiceModel:
            return imports.take(caller, archive, content, user_id=user_id, name=name, speaker=speaker)

        voice = await in_upload_thread(enter)
    return show_made(services, voice, response)


@router.post(
    "/user/{userId}/backup",
    status_code=201,
    summary="Back up the voice models of a user",
    responses=refusals(404, 409, 429, 507),
)
def backup(user_id: Annotated[UUID, Path(alias="userId")], caller: Writer, services: Wired) -> NewBackupView:
    """All versions of all voices, with their files; what an earlier backup has is not copied again.

    A user may have so many in a day, 2 by default.
    """
    return NewBackupView.of_new(services.copies.backups.make(caller, user_id))


@router.get("/user/{userId}/backups", summary="List the backups of a user")
def backups(
    user_id: Annotated[UUID, Path(alias="userId")],
    caller: Reader,
    services: Wired,
    limit: Limit = 20,
    offset: Offset = 0,
) -> BackupPageView:
    """The newest first."""
    found, total = services.copies.backups.list_backups(caller, user_id, limit=limit, offset=offset)
    shown = [BackupView.of(each) for each in found]
    return BackupPageView(backups=shown, total=total, limit=limit, offset=offset)


@router.delete(
    "/user/{userId}/backups/{backupId}",
    status_code=204,
    summary="Delete a backup",
    responses=refusals(404, 409),
)
def delete_backup(
    user_id: Annotated[UUID, Path(alias="userId")],
    backup_id: Annotated[str, Path(alias="backupId", max_length=100)],
    caller: Writer,
    services: Wired,
) -> None:
    """With the files that no other backup of the user needs; this can't be undone."""
    services.copies.backups.delete(caller, user_id, backup_id)


@router.post(
    "/user/{userId}/restore",
    summary="Restore the voice models of a user",
    responses=refusals(403, 404, 409, 429, 507),
)
def restore(
    user_id: Annotated[UUID, Path(alias="userId")], body: RestoreBody, caller: Writer, services: Wired
) -> RestoreView:
    """Bring back what a backup has, all of it or, where something is wrong with it, nothing.

    Deleted voice models come back; those that are there stay as they are unless they are to be overwritten.
    The consents of their speakers have to be recorded. A user may have so many in a day, 2 by default.
    """
    done = services.copies.restores.restore(
        caller,
        user_id,
        body.backup_path,
        overwrite=body.overwrite_existing,
        activate=body.activate_restored,
    )
    return RestoreView.of(done, body.backup_path)
