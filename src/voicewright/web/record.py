"""`/panel/record`: recording in the browser, sentence by sentence, into a dataset."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query, Request, Response

from voicewright.api.problems import STATUS
from voicewright.api.services import Wired
from voicewright.errors import AppError, ErrorKind
from voicewright.web.language_titles import language_title
from voicewright.web.record_plan import (
    DEFAULT_LANGUAGE,
    agreement,
    begin,
    dataset_name,
    language_choices,
    plan,
)
from voicewright.web.rendering import page_router, render
from voicewright.web.visitor import Visiting

router = page_router()

_MOST_SHOWN = 12
Written = Annotated[str, Query(max_length=300)]


@router.get("/record")
def record(  # noqa: PLR0917 - the fields of the form
    request: Request,
    visitor: Visiting,
    services: Wired,
    dataset: Written = "",
    speaker: Written = "",
    language: Written = "",
) -> Response:
    """Say who records into which dataset; where that is said, record."""
    told, status = "", 200
    if dataset:
        try:
            sitting = begin(services, visitor.id, dataset, speaker, language)
        except AppError as error:
            if error.kind in {ErrorKind.UNAVAILABLE, ErrorKind.INTERNAL}:
                raise
            told, status = error.message, STATUS[error.kind]
        else:
            agreed = agreement(services, visitor.id, sitting)
            return render(
                request,
                "record/studio.html",
                visitor,
                sitting=sitting,
                agreed=agreed,
                language=language_title(sitting.language),
                plan=plan(services, visitor.id, sitting),
            )
    found, total = services.datasets.list_datasets(visitor.id, limit=_MOST_SHOWN)
    return render(
        request,
        "record/begin.html",
        visitor,
        status=status,
        told=told,
        dataset=dataset or dataset_name(visitor.name),
        speaker=speaker or visitor.name,
        language=language or DEFAULT_LANGUAGE,
        languages=language_choices(),
        language_title=language_title,
        found=found,
        total=total,
    )
