"""All pages for administrators together."""

from __future__ import annotations

from typing import Final

from voicewright.web.admin import (
    alerts,
    audit,
    cleanup,
    costs,
    engines,
    overview,
    queue,
    storage,
    users,
)

ROUTERS: Final = tuple(
    page.router for page in (overview, users, queue, engines, costs, storage, cleanup, audit, alerts)
)
