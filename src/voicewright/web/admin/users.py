"""`/panel/admin/users`: who has an account, what they have here, and what is to be done about them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated, Final
from uuid import UUID

from fastapi import Query, Request, Response

from voicewright.api.account_names import Names
from voicewright.api.paging import Offset
from voicewright.api.services import Wired
from voicewright.monitoring.people import figures_of_people
from voicewright.monitoring.spending import spent_by
from voicewright.voices.listing import Listing
from voicewright.web.list_pages import check_offset
from voicewright.web.rendering import is_partial, page_router, render
from voicewright.web.visitor import Administrating

router = page_router()

PAGE: Final = 25
_SHOWN: Final = 10
_MONTH: Final = timedelta(days=29)


@router.get("/admin/users")
def users(
    request: Request,
    visitor: Administrating,
    services: Wired,
    query: Annotated[str, Query(max_length=100)] = "",
    offset: Offset = 0,
) -> Response:
    """The accounts, those of a search, and the receipts of the last that were deleted."""
    found, total = services.accounts.users.page(limit=PAGE, offset=offset, query=query.strip())
    check_offset(offset, PAGE, total)
    with services.database.session() as session:
        figures = figures_of_people(session, [user.id for user in found])
    erasures, erased = services.erasures.page(limit=_SHOWN)
    return render(
        request,
        "admin/users.html",
        visitor,
        block="people" if is_partial(request) else None,
        users=found,
        figures=figures,
        total=total,
        query=query,
        offset=offset,
        limit=PAGE,
        erasures=erasures,
        erased=erased,
        names=Names.of(services, [one.requested_by for one in erasures]),
        now=datetime.now(UTC),
    )


@router.get("/admin/users/{user_id}")
def user(request: Request, visitor: Administrating, services: Wired, user_id: UUID) -> Response:
    """One account: its figures, its newest voices and trainings, and what can be done about it."""
    found = services.accounts.users.get(user_id)
    today = datetime.now(UTC).date()
    with services.database.session() as session:
        figures = figures_of_people(session, [user_id])[user_id]
        month = spent_by(session, user_id, today - _MONTH)
    jobs, jobs_total = services.training.list_jobs(visitor.caller, owner_id=user_id, limit=_SHOWN, offset=0)
    wanted = Listing(limit=_SHOWN)
    voices, voices_total = services.registry.list_models(visitor.caller, user_id, wanted)
    return render(
        request,
        "admin/user.html",
        visitor,
        user=found,
        figures=figures,
        month=month,
        jobs=jobs,
        jobs_total=jobs_total,
        voices=voices,
        voices_total=voices_total,
        quota_mb=services.settings.user_storage_quota_mb,
    )
