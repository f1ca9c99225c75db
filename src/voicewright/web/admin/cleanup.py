"""`/panel/admin/cleanup`: which voices would go, which went, which will, and which can come back."""

from __future__ import annotations

from typing import Annotated, Final
from uuid import UUID

from fastapi import Query, Request, Response

from voicewright.api.account_names import Names
from voicewright.api.paging import Offset
from voicewright.api.services import Wired
from voicewright.voices.cleanup.policies import CleanupRules
from voicewright.voices.cleanup.service import AT_ONCE, EXPIRING_WITHIN
from voicewright.voices.finding import labels_of
from voicewright.web.rendering import page_router, render
from voicewright.web.visitor import Administrating

router = page_router()

PAGE: Final = 25
_SHOWN: Final = 10


@router.get("/admin/cleanup")
def cleanup(
    request: Request,
    visitor: Administrating,
    services: Wired,
    run: Annotated[UUID | None, Query()] = None,
    offset: Offset = 0,
) -> Response:
    """The rules in words, one run with what it found, the runs so far, and what rests.

    Args:
        request: what it answers.
        visitor: an administrator.
        services: what the page reads.
        run: the run whose report is shown.
        offset: in that report.
    """
    caller = visitor.caller
    shown = None if run is None else services.cleanup.get_run(caller, run)
    runs, runs_total = services.cleanup.runs(caller, limit=_SHOWN, offset=0)
    expiring, expiring_total = services.cleanup.expiring(caller, None, limit=_SHOWN, offset=0)
    deleted, deleted_total = services.lifecycle.list_deleted(caller, None, limit=_SHOWN, offset=0)
    report = [] if shown is None else shown.report[offset : offset + PAGE]
    owners = [UUID(one["userId"]) for one in report]
    with services.database.session() as session:
        labels = labels_of(session, [UUID(one["id"]) for one in report])
    settings = services.settings
    return render(
        request,
        "admin/cleanup.html",
        visitor,
        run=shown,
        report=report,
        report_total=0 if shown is None else len(shown.report),
        offset=offset,
        limit=PAGE,
        at_once=AT_ONCE,
        runs=runs,
        runs_total=runs_total,
        expiring=expiring,
        expiring_total=expiring_total,
        within_days=EXPIRING_WITHIN.days,
        deleted=deleted,
        deleted_total=deleted_total,
        rules=CleanupRules.of(settings),
        every_hours=settings.cleanup_every_hours,
        notice_days=settings.cleanup_notice_days,
        kept_days=settings.deleted_retention_days,
        to_id=UUID,
        labels=labels,
        report_bytes=0 if shown is None else sum(one["bytes"] for one in shown.report),
        names=Names.of(
            services,
            [
                *owners,
                *(one.started_by for one in runs),
                *(one.voice.owner_id for one in expiring),
                *(voice.owner_id for voice in deleted),
            ],
        ),
    )
