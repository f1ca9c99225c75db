"""`/panel/admin/costs`: what was spent, on what and by whom, and what may be."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Final, Literal

from fastapi import Query, Request, Response

from voicewright.api.account_names import Names
from voicewright.api.services import Wired
from voicewright.monitoring.spending import budget_today, read_spending, spent_in_month
from voicewright.settings import Settings
from voicewright.web.admin.charts import chart, day_number
from voicewright.web.rendering import page_router, render
from voicewright.web.visitor import Administrating

if TYPE_CHECKING:
    from decimal import Decimal

router = page_router()

SPANS: Final = (7, 30, 90)
"""Days that the page can be about."""
_PRICES: Final = (
    "price_gpu_hour",
    "price_cpu_hour",
    "price_storage_gb",
    "price_transfer_gb",
    "price_google_training",
    "price_google_minute",
    "price_google_calls",
    "price_openai_thousand_tokens",
    "price_openai_calls",
)


@router.get("/admin/costs")
def costs(
    request: Request,
    visitor: Administrating,
    services: Wired,
    days: Annotated[Literal["7", "30", "90"], Query()] = "30",
) -> Response:
    """Spending by day, engine and account, today's budget, and what the settings say."""
    today = datetime.now(UTC).date()
    with services.database.session() as session:
        found = read_spending(session, days=int(days), today=today)
        budget = budget_today(session, services.settings, today)
        month = spent_in_month(session, today)
    providers = {
        info.id: info.provider.name for info in services.stock.engines.known() if info.provider is not None
    }
    return render(
        request,
        "admin/costs.html",
        visitor,
        found=found,
        budget=budget,
        month=month,
        span=int(days),
        spans=SPANS,
        providers=providers,
        names=Names.of(services, [one.key for one in found.people]),
        per_job=services.settings.max_training_cost,
        prices=[_setting(services.settings, name) for name in _PRICES],
        spent_chart=chart(
            [day_number(day.key) for day in found.days],
            ("Spent", [float(day.total) for day in found.days]),
            ("of it on speech", [float(day.speech) for day in found.days]),
            x_name="Day (UTC)",
            x_format="day",
            y_format="money",
        ),
    )


def _setting(settings: Settings, name: str) -> tuple[str, str, Decimal]:
    """What a price is for, the variable that sets it, and the price."""
    field = Settings.model_fields[name]
    return (
        (field.description or "").removeprefix("Dollars for "),
        str(field.validation_alias),
        getattr(settings, name),
    )
