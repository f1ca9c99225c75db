"""`/admin/alerts`: what an operator has to look at, for administrators."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Self
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, Field

from voicewright.accounts.caller import Scope
from voicewright.api.caller import calling
from voicewright.api.services import Wired
from voicewright.monitoring.alerts import list_alerts
from voicewright.monitoring.models import Alert

router = APIRouter(prefix="/admin/alerts", tags=["operations"], dependencies=[Depends(calling(Scope.ADMIN))])


class AlertView(BaseModel):
    """Something that was seen, and may be over."""

    id: UUID
    kind: str = Field(
        description="`storage_high`, `user_storage_high`, `quality_low`, `operations_failing`, "
        "`cleanup_failed`, `cleanup_backlog` or `provider_deletions`.",
        examples=["quality_low"],
    )
    subject: str = Field(description="The id of the user that it is about, if it is.", examples=[""])
    severity: str = Field(description="`warning` or `critical`.", examples=["warning"])
    message: str = Field(examples=["The average quality of the voices is 0.65, under 0.7."])
    details: dict[str, Any] = Field(
        description="The figures behind it, as they were last seen.", examples=[{"average_quality": 0.65}]
    )
    raised_at: datetime
    resolved_at: datetime | None = Field(
        description="Null: it is still so.", examples=["2025-01-15T11:30:00Z"]
    )

    @classmethod
    def of(cls, alert: Alert) -> Self:
        """From its row."""
        return cls(**{name: getattr(alert, name) for name in cls.model_fields})


class AlertsView(BaseModel):
    """A page of alerts."""

    alerts: list[AlertView]
    total: int = Field(description="Of all pages.")


@router.get("", summary="List alerts")
def alerts(
    services: Wired,
    *,
    is_open: Annotated[
        bool | None, Query(alias="open", description="Only those that are open, or only those that are over.")
    ] = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
    offset: Annotated[int, Query(ge=0, le=1_000_000_000)] = 0,
) -> AlertsView:
    """The newest first; a worker looks every minute."""
    with services.database.session() as session:
        found, total = list_alerts(session, is_open=is_open, limit=limit, offset=offset)
    return AlertsView(alerts=[AlertView.of(alert) for alert in found], total=total)
