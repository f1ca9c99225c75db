"""`/panel/admin`: the state of the installation at a glance."""

from __future__ import annotations

from fastapi import Request, Response

from voicewright.api.services import Wired
from voicewright.monitoring.alerts import list_alerts
from voicewright.monitoring.overview import read_overview
from voicewright.monitoring.stored import disk_of
from voicewright.web.rendering import is_partial, page_router, render
from voicewright.web.visitor import Administrating

router = page_router()

_NAMED = 5
"""Alerts that are shown right here."""


@router.get("/admin")
def overview(request: Request, visitor: Administrating, services: Wired) -> Response:
    """Tiles that lead to their pages; they are fresh every few seconds."""
    with services.database.session() as session:
        found = read_overview(session, services.settings)
        firing, _ = list_alerts(session, is_open=True, limit=_NAMED, offset=0)
    return render(
        request,
        "admin/overview.html",
        visitor,
        block="tiles" if is_partial(request) else None,
        found=found,
        firing=firing,
        disk=disk_of(services.settings.home),
        keeps_elsewhere=services.settings.store_url is not None,
    )
