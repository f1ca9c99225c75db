"""`/panel/speak/history`: what was said, to hear it again, fetch it, and delete it."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING, Annotated, Final
from urllib.parse import urlencode
from uuid import UUID

from fastapi import Query, Request, Response

from voicewright.api.paging import Offset
from voicewright.api.services import Wired
from voicewright.speech.history import Search
from voicewright.speech.history_views import SynthesisView
from voicewright.web.list_pages import check_offset
from voicewright.web.rendering import is_partial, page_router, render
from voicewright.web.speak import FORMATS
from voicewright.web.visitor import Visiting

if TYPE_CHECKING:
    from datetime import date

    from voicewright.speech.history import State

router = page_router()

PATH: Final = "/panel/speak/history"
_AT_ONCE: Final = 20
_DAYS: Final = {"1": 1, "7": 7, "30": 30}
_STATES: Final = ("completed", "failed", "cancelled", "speaking")


@router.get("/speak/history")
def history(  # noqa: PLR0917 - the fields of the form
    request: Request,
    visitor: Visiting,
    services: Wired,
    q: Annotated[str, Query(max_length=200)] = "",
    state: Annotated[str, Query(max_length=20)] = "",
    days: Annotated[str, Query(max_length=4)] = "",
    model_id: Annotated[str, Query(max_length=40)] = "",
    offset: Offset = 0,
) -> Response:
    """The newest first; HTMX takes the list alone."""
    wanted = Search(
        words=q or None,
        model_id=_id(model_id),
        state=_state(state),
        since=_since(days, datetime.now(UTC)),
        limit=_AT_ONCE,
        offset=offset,
    )
    found, total = services.history.search(visitor.id, wanted)
    check_offset(offset, _AT_ONCE, total)
    joined = services.long.joined_files(found)
    filters = {"q": q, "state": state, "days": days, "model_id": model_id}
    return render(
        request,
        "speak/history.html",
        visitor,
        block="list" if is_partial(request) else None,
        path=PATH,
        entries=[SynthesisView.of(entry, joined.get(entry.id)) for entry in found],
        total=total,
        offset=offset,
        limit=_AT_ONCE,
        filters=filters,
        query=urlencode({name: value for name, value in filters.items() if value}),
        filtered=any(filters.values()),
        states=_STATES,
        voices=[] if is_partial(request) else services.voices.of(visitor.id).list_to_speak(),
        preferences=services.history.preferences(visitor.id),
        formats=FORMATS,
        history_days=services.settings.history_days,
    )


def _state(word: str) -> State | None:
    for known in ("completed", "failed", "cancelled", "speaking"):
        if word == known:
            return known
    return None


def _id(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _since(days: str, now: datetime) -> datetime | None:
    """The beginning of the first of so many days; None: ever since."""
    if days not in _DAYS:
        return None
    first: date = now.date() - timedelta(days=_DAYS[days] - 1)
    return datetime.combine(first, time(), UTC)
