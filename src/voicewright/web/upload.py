"""`/panel/upload`: a folder of recordings becomes a dataset; scripts send it to `/datasets/upload`."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import Query, Request, Response

from voicewright.api.services import Wired
from voicewright.audio.sniff import AUDIO_EXTENSIONS
from voicewright.recordings.errors import DatasetNotFound
from voicewright.web.enough import LEAST_S
from voicewright.web.language_titles import LANGUAGES
from voicewright.web.rendering import page_router, render
from voicewright.web.visitor import Visiting

router = page_router()

_MIB: Final = 1 << 20


@router.get("/upload")
def upload(
    request: Request,
    visitor: Visiting,
    services: Wired,
    dataset: Annotated[str, Query(max_length=200)] = "",
) -> Response:
    """Where files are dropped, and all that follows; into a dataset that is there where one is named."""
    settings = services.settings
    try:
        into = services.datasets.summary(visitor.id, dataset).dataset if dataset else None
    except DatasetNotFound:
        into = None
    return render(
        request,
        "datasets/upload.html",
        visitor,
        into=into,
        wanted=dataset,
        languages=LANGUAGES,
        least_speech_s=LEAST_S,
        extensions=" ".join(sorted(AUDIO_EXTENSIONS)),
        most_file_bytes=settings.max_upload_file_mb * _MIB,
        most_file_mb=settings.max_upload_file_mb,
    )
