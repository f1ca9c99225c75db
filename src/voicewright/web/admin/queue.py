"""`/panel/admin/queue`: what waits, what runs where, what failed, and the machines that do it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from fastapi import Request, Response

from voicewright.api.account_names import Names
from voicewright.api.paging import Offset
from voicewright.api.services import Wired
from voicewright.monitoring.workload import read_throughput, read_workload
from voicewright.training.advice import in_plain_words
from voicewright.web.admin.charts import chart, day_number
from voicewright.web.engine_titles import titles_of
from voicewright.web.list_pages import check_offset
from voicewright.web.rendering import is_partial, page_router, render
from voicewright.web.visitor import Administrating

if TYPE_CHECKING:
    from collections.abc import Iterator

    from voicewright.monitoring.workload import Workload

router = page_router()

PAGE: Final = 10
DAYS: Final = 30


@router.get("/admin/queue")
def queue(request: Request, visitor: Administrating, services: Wired, offset: Offset = 0) -> Response:
    """The queue and its nodes, fresh every few seconds."""
    dead, dead_total = services.training.dead_letters(visitor.caller, limit=PAGE, offset=offset)
    check_offset(offset, PAGE, dead_total)
    with services.database.session() as session:
        found = read_workload(session, services.stock.engines.find)
        days = read_throughput(session, days=DAYS, today=datetime.now(UTC).date())
    jobs = [*dead, *found.running, *(one.job for one in found.waiting)]
    return render(
        request,
        "admin/queue.html",
        visitor,
        block="work" if is_partial(request) else None,
        found=found,
        statistics=services.training.statistics(visitor.caller),
        dead=dead,
        dead_total=dead_total,
        offset=offset,
        limit=PAGE,
        names=Names.of(services, [job.owner_id for job in jobs]),
        titles=titles_of(services, [*(job.provider for job in jobs), *_on_nodes(found)]),
        in_plain_words=in_plain_words,
        days=days,
        ended=sum(day.completed + day.failed + day.cancelled for day in days),
        throughput=chart(
            [day_number(day.day) for day in days],
            ("Ended", [day.completed + day.failed + day.cancelled for day in days]),
            ("of these failed", [day.failed for day in days]),
            x_name="Day (UTC)",
            x_format="day",
        ),
    )


def _on_nodes(found: Workload) -> Iterator[str]:
    for one in found.nodes:
        yield from one.node.engines
        yield from one.node.speaks
