"""`GET /account/export`: all of an account, to take away."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Query
from fastapi.responses import StreamingResponse

from voicewright.accounts.caller import Caller
from voicewright.accounts.policies import require_signed_in
from voicewright.accounts.rate_limits import per_window
from voicewright.api.browser import refuse_foreign_page
from voicewright.api.caller import calling
from voicewright.api.problems import refusals
from voicewright.api.services import Wired

router = APIRouter(tags=["account"])

PER_DAY: Final = 10
_LIMIT: Final = per_window("account-exports", PER_DAY, 86_400)
_ZIP: Final = {
    "content": {"application/zip": {}},
    "description": "A zip; cut off it is none.",
    "headers": {"Content-Disposition": {"description": "A file name.", "schema": {"type": "string"}}},
}


@router.get(
    "/account/export",
    summary="Export the own account",
    response_class=StreamingResponse,
    dependencies=[Depends(refuse_foreign_page)],
    responses={200: _ZIP, **refusals(429)},
)
def export_account(
    caller: Annotated[Caller, Depends(calling())],
    services: Wired,
    *,
    audio: Annotated[bool, Query(description="Also the sound of what was spoken.")] = True,
) -> StreamingResponse:
    """All that is kept of the account as one zip, which is made while it is sent.

    Its README says what is where. A file that is missing or damaged is left out and named in
    `left_out.json`. An API key can't do it. Ten times a day is the most, as each reads every file of
    the account; therefore no other site's page can ask for it with a browser's cookie.
    """
    require_signed_in(caller)
    services.accounts.rate_limits.hit(_LIMIT, str(caller.user_id), what="exports of the account in a day")
    name = f"voicewright-{datetime.now(UTC):%Y-%m-%d}.zip"
    return StreamingResponse(
        services.portability.export(caller, with_audio=audio),
        media_type="application/zip",
        headers={"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"},
    )
