"""Adds the panel to an application."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Final

from fastapi import APIRouter, Depends

from voicewright.api.validation import require_storable_text
from voicewright.web import (
    account,
    account_data,
    account_keys,
    account_notifications,
    datasets,
    home,
    job,
    jobs,
    listening,
    missing,
    record,
    sign_in,
    speak,
    speak_history,
    speak_long,
    static_files,
    train,
    upload,
    voice,
    voices,
    welcome,
)
from voicewright.web.admin import routes as admin_pages

if TYPE_CHECKING:
    from fastapi import FastAPI
    from starlette.routing import BaseRoute

ROUTERS: Final = (
    home.front_door,
    static_files.router,
    sign_in.router,
    welcome.router,
    account.router,
    account_data.router,
    account_keys.router,
    account_notifications.router,
    home.router,
    upload.router,
    record.router,
    datasets.router,
    speak.router,
    speak_history.router,
    speak_long.router,
    train.router,
    jobs.router,
    job.router,
    *admin_pages.ROUTERS,
    voices.router,
    voice.router,
    listening.router,
    missing.router,  # the last one: it answers for every other address
)


def add_panel(app: FastAPI) -> None:
    """Serve the pages below `/panel`, and lead there from `/`."""
    app.router.routes += _routes()


@cache
def _routes() -> tuple[BaseRoute, ...]:
    """Every route, made once in a process."""
    panel = APIRouter(dependencies=[Depends(require_storable_text)])
    for router in ROUTERS:
        panel.include_router(router)
    return tuple(panel.routes)
