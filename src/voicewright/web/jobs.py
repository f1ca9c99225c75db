"""`/panel/jobs`: the trainings of somebody, or of everybody for administrators, as they go on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final, Literal
from urllib.parse import urlencode

from fastapi import Query, Request, Response

from voicewright.api.paging import Offset
from voicewright.api.services import Wired
from voicewright.training.listing import STATES, Wanted
from voicewright.web.engine_titles import titles_of
from voicewright.web.job_stream import changes_of_jobs, mark_of
from voicewright.web.list_pages import check_offset
from voicewright.web.rendering import is_partial, page_router, render
from voicewright.web.visitor import Visiting

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from uuid import UUID

    from voicewright.api.services import Services

router = page_router()

PAGE: Final = 25
_TITLES: Final = {
    "": "All",
    "open": "Under way",
    "completed": "Completed",
    "failed": "Failed",
    "cancelled": "Cancelled",
}
Whose = Annotated[Literal["mine", "all"], Query(description="`all` is for administrators.")]
Mark = Annotated[str, Query(max_length=64, description="Of what the page shows.")]


@router.get("/jobs")
def jobs(  # noqa: PLR0917 - what the address may say
    request: Request,
    visitor: Visiting,
    services: Wired,
    state: Annotated[str, Query(max_length=20)] = "",
    search: Annotated[str, Query(max_length=200)] = "",
    whose: Whose = "mine",
    offset: Offset = 0,
) -> Response:
    """The list, or with HTMX what of it changes."""
    everybody = whose == "all" and visitor.is_admin
    wanted = Wanted(
        owner_id=None if everybody else visitor.id,
        state=state if state in STATES else "",
        words=search.strip(),
    )
    page = services.training.browse(visitor.caller, wanted, limit=PAGE, offset=offset)
    check_offset(offset, PAGE, page.total)
    query = {"search": wanted.words, "whose": "all" if everybody else ""}
    return render(
        request,
        "training/jobs.html",
        visitor,
        block="rows" if is_partial(request) else None,
        page=page,
        mark=mark_of(page.standing),
        wanted=wanted,
        everybody=everybody,
        tabs=[
            (title, _query(query, state=name), page.counts.get(name, sum(page.counts.values())), name)
            for name, title in _TITLES.items()
        ],
        query=_query(query, state=wanted.state),
        offset=offset,
        limit=PAGE,
        engines=titles_of(services, (job.provider for job in page.jobs)),
        owners=_owners(services, (job.owner_id for job in page.jobs)) if everybody else {},
    )


@router.get("/jobs/events")
async def events(
    request: Request, visitor: Visiting, services: Wired, whose: Whose = "mine", mark: Mark = ""
) -> Response:
    """A stream of the jobs in that list that change, for the page to follow."""
    owner_id = None if whose == "all" and visitor.is_admin else visitor.id
    return changes_of_jobs(request.app, services.training, visitor.caller, owner_id, mark)


def _owners(services: Services, ids: Iterable[UUID]) -> Mapping[UUID, str]:
    return services.accounts.users.labels(set(ids))


def _query(values: Mapping[str, object], **more: object) -> str:
    """What of an address has a value."""
    return urlencode({name: value for name, value in {**values, **more}.items() if value})
