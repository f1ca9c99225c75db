"""`/panel/admin/storage`: what is kept and how much room there is, and how good the voices are."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Final

from fastapi import Query, Request, Response

from voicewright.api.account_names import Names
from voicewright.api.services import Wired
from voicewright.engines.describing import disk_bytes
from voicewright.monitoring.figures import QUALITY_BOUNDS, provider_figures
from voicewright.monitoring.policies import LEAST_QUALITY
from voicewright.monitoring.qualities import NEWEST, PARTS, read_qualities
from voicewright.monitoring.stored import disk_of, read_stored
from voicewright.web.admin.charts import chart, day_number
from voicewright.web.rendering import page_router, render
from voicewright.web.visitor import Administrating

if TYPE_CHECKING:
    from collections.abc import Sequence

    from voicewright.monitoring.figures import ProviderFigures

router = page_router()

WEEKS: Final = 26
_MIB: Final = 1 << 20


@router.get("/admin/storage")
def storage(
    request: Request,
    visitor: Administrating,
    services: Wired,
    engine: Annotated[str, Query(max_length=100)] = "",
) -> Response:
    """Bytes by kind and account, keys, what is to go; and the scores of the voices, of one engine or all."""
    settings, keys = services.settings, services.voices.vault.keys
    with services.database.session() as session:
        stored = read_stored(session)
        providers = [one for one in provider_figures(session) if one.scored]
        qualities = read_qualities(
            session, weeks=WEEKS, today=datetime.now(UTC).date(), below=settings.target_quality_score
        )
    quota = settings.storage_quota_mb
    return render(
        request,
        "admin/storage.html",
        visitor,
        stored=stored,
        disk=disk_of(settings.home),
        store_url=settings.store_url,
        engine_bytes=sum(disk_bytes(services.stock.engines, one) for one in services.stock.engines.known()),
        master_keys=keys.master.ids,
        keys_from=keys.master.source,
        quota_bytes=None if quota is None else quota * _MIB,
        voices_bytes=stored.voices_bytes,
        providers=providers,
        engine=engine,
        bounds=QUALITY_BOUNDS,
        qualities=qualities,
        parts_of_score=PARTS,
        newest=NEWEST,
        least=LEAST_QUALITY,
        target=settings.target_quality_score,
        names=Names.of(
            services, [*(one.user_id for one in stored.owners), *(one.owner_id for one in qualities.worst)]
        ),
        scores_chart=_scores(providers, engine),
        trend_chart=chart(
            [day_number(week.week) for week in qualities.weeks],
            ("Average quality", [week.average for week in qualities.weeks]),
            x_name="Week from",
            x_format="day",
            y_format="score",
            bars=False,
            top=1.0,
        ),
    )


def _scores(providers: Sequence[ProviderFigures], engine: str) -> dict[str, object]:
    """How many voices have which score: those of all engines, and in front of them those of one."""
    steps = range(len(QUALITY_BOUNDS))
    everybody = [sum(one.score_counts[number] for one in providers) for number in range(len(steps))]
    own = next((one for one in providers if one.provider == engine), None)
    front = [] if own is None else [(f"of these {own.provider}", own.score_counts)]
    return chart(steps, ("Voices", everybody), *front, x_name="Score", x_format="step")
