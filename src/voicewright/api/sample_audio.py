"""`/api/voice/samples/{sample_id}/audio`: hear what was recorded."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import PurePosixPath
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Response
from fastapi.responses import FileResponse

from voicewright.accounts.caller import Caller, Scope
from voicewright.api.caller import calling
from voicewright.api.passing_file import LentFile
from voicewright.api.problems import refusals
from voicewright.api.services import Wired
from voicewright.recordings.errors import SampleNotFound

router = APIRouter(prefix="/api/voice", tags=["voice"])

Reader = Annotated[Caller, Depends(calling(Scope.SAMPLES_READ))]

MEDIA_TYPES: Final = {
    "wav": "audio/wav",
    "flac": "audio/flac",
    "mp3": "audio/mpeg",
    "aac": "audio/aac",
    "mp4": "audio/mp4",
    "ogg": "audio/ogg",
    "matroska": "audio/webm",
}
"""What browsers play, by the container that was found in the file, whatever its name says."""
_UNKNOWN: Final = "application/octet-stream"
_SOUND: Final[dict[str, Any]] = {
    kind: {"schema": {"type": "string", "format": "binary"}}
    for kind in sorted({*MEDIA_TYPES.values(), _UNKNOWN})
}
_HEADERS: Final = {
    "Content-Disposition": {"description": "The name of the file.", "schema": {"type": "string"}},
    "Accept-Ranges": {"description": "`bytes`.", "schema": {"type": "string"}},
}


@router.get(
    "/samples/{sample_id}/audio",
    summary="Hear a sample",
    response_class=FileResponse,
    responses={
        200: {"description": "The file.", "content": _SOUND, "headers": _HEADERS},
        206: {"description": "The part of it that `Range` asks for.", "content": _SOUND, "headers": _HEADERS},
        **refusals(404, 507),
    },
)
def audio(
    sample_id: UUID,
    services: Wired,
    caller: Reader,
    clip: Annotated[
        int | None,
        Query(ge=0, le=100_000, description="The clip of this index instead, as a training hears it: WAV."),
    ] = None,
) -> Response:
    """The file as it was uploaded, for its owner alone, whole or in parts (`Range`)."""
    sample = services.samples.get(sample_id, caller.user_id)
    digest, media_type, name = sample.digest, MEDIA_TYPES.get(sample.container, _UNKNOWN), sample.filename
    if clip is not None:
        found = next((one for one in sample.clips if one.index == clip), None)
        if found is None:
            raise SampleNotFound(
                f"The sample {sample_id} has no clip {clip}. It has {len(sample.clips)}, counted from 0."
            )
        digest, media_type = found.digest, "audio/wav"
        name = f"{PurePosixPath(sample.filename).stem}-{clip + 1}.wav"
    with ExitStack() as opened:
        path = opened.enter_context(services.samples.upload_folder()) / "sound"
        services.samples.vault.of(sample.owner_id).fetch_file(digest, path)
        # what no browser plays is saved, and never shown as anything else
        download = media_type == _UNKNOWN
        return LentFile(path, media_type, name, headers={}, folder=opened.pop_all(), download=download)
