"""`GET /admin/audit/export`: the audit trail as a table for other programs."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from itertools import chain
from typing import TYPE_CHECKING, Any, Final

from fastapi import APIRouter, Depends
from fastapi.responses import StreamingResponse

from voicewright.accounts.caller import Scope
from voicewright.api.account_names import Names
from voicewright.api.audit import Asked
from voicewright.api.caller import calling
from voicewright.api.services import Wired
from voicewright.audit.reading import find_events
from voicewright.text.table_cells import plain_cell

if TYPE_CHECKING:
    from collections.abc import Sequence

    from voicewright.api.services import Services
    from voicewright.audit.models import AuditEvent
    from voicewright.audit.reading import Wanted

router = APIRouter(prefix="/admin/audit", tags=["operations"], dependencies=[Depends(calling(Scope.ADMIN))])

COLUMNS: Final = (
    "id", "at", "who", "actor_id", "action", "result", "code", "model_id", "owner_id", "source", "api_key_id",
    "request_id", "details",
)  # fmt: skip
AT_ONCE: Final = 1000
"""Events that are read in one go; there may be millions."""
_PIECE: Final = 1 << 16
"""Characters that are sent at once."""
_TABLE: Final = (
    ",".join(COLUMNS) + "\r\n"
    "71,2025-01-15T10:30:00+00:00,Ann,3b2a4f6e-6f0f-4c58-9a3f-0f4d6a1c2b3d,voice_model.activate,done,,"
    "21ed6c0c-0e0b-4f43-8a8b-2d6a3c5e7f90,3b2a4f6e-6f0f-4c58-9a3f-0f4d6a1c2b3d,192.0.2.7,,"
    '9b2f6c1e0d5a4a7f8e3b1c2d4f5a6b7c,"{""version"": 2}"\r\n'
)


@router.get(
    "/export",
    summary="Export the audit trail",
    response_class=StreamingResponse,
    responses={
        200: {
            "description": "A row for each event; cut off it is not whole.",
            "content": {"text/csv": {"schema": {"type": "string"}, "example": _TABLE}},
            "headers": {"Content-Disposition": {"description": "A file name.", "schema": {"type": "string"}}},
        }
    },
)
def export(services: Wired, wanted: Asked) -> StreamingResponse:
    """All events of all users that are asked for, the newest first, as comma-separated values.

    `who` is what the account is called now. A text that a spreadsheet would take for a formula has an
    apostrophe before it.
    """
    first = _batch(services, wanted)  # a database that is away is told before the answer begins
    name = f"audit-{datetime.now(UTC):%Y-%m-%d}.csv"
    return StreamingResponse(
        _lines(chain(first, _after(services, wanted, first))),
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"},
    )


def _batch(services: Services, wanted: Wanted) -> list[list[Any]]:
    with services.database.session() as session:
        events = find_events(session, wanted, limit=AT_ONCE)
    return _rows(events, Names.of(services, {event.actor_id for event in events}))


def _after(services: Services, wanted: Wanted, rows: list[list[Any]]) -> Iterator[list[Any]]:
    while len(rows) == AT_ONCE:
        rows = _batch(services, replace(wanted, before=rows[-1][0]))
        yield from rows


def _rows(events: Sequence[AuditEvent], names: Names) -> list[list[Any]]:
    return [
        [
            event.id, event.at.isoformat(), names[event.actor_id], event.actor_id, event.action, event.result,
            event.code, event.model_id, event.owner_id, event.source, event.api_key_id, event.request_id,
            json.dumps(event.details, ensure_ascii=False),
        ]
        for event in events
    ]  # fmt: skip


def _lines(rows: Iterator[list[Any]]) -> Iterator[str]:
    written = io.StringIO()
    table = csv.writer(written)
    table.writerow(COLUMNS)
    for row in rows:
        table.writerow(["" if value is None else plain_cell(str(value)) for value in row])
        if written.tell() >= _PIECE:
            yield written.getvalue()
            written.seek(0)
            written.truncate()
    yield written.getvalue()
