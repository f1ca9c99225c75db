"""`/health` says that the process answers, `/ready` that it can work; neither asks who calls."""

from __future__ import annotations

from typing import Literal

from fastapi import APIRouter
from pydantic import BaseModel
from sqlalchemy import text

from voicewright import __version__
from voicewright.api.services import Wired

router = APIRouter(tags=["health"])


class Health(BaseModel):
    """The process answers."""

    status: Literal["ok"] = "ok"
    version: str = __version__


class Readiness(BaseModel):
    """Everything that a request needs is there."""

    status: Literal["ready"] = "ready"


@router.get("/health", summary="Whether the process answers")
async def health() -> Health:
    """Answers as long as the process runs; restart it when this fails."""
    return Health()


@router.get("/ready", summary="Whether requests can be served")
def ready(services: Wired) -> Readiness:
    """Answers 503 while the database is away; send requests elsewhere meanwhile."""
    with services.database.session() as session:
        session.execute(text("SELECT 1"))
    return Readiness()
