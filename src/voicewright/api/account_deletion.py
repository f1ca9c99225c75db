"""`DELETE /account`, `DELETE /admin/users/{id}` and the receipts: an account goes, with all that it has."""

from __future__ import annotations

from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Body, Depends, Response
from pydantic import BaseModel, Field

from voicewright.accounts.caller import Caller, Scope
from voicewright.accounts.policies import require_signed_in
from voicewright.api.auth import Password
from voicewright.api.bodies import RequestBody
from voicewright.api.caller import calling
from voicewright.api.origin import RequestOrigin
from voicewright.api.paging import LongLimit, Offset
from voicewright.api.problems import refusals
from voicewright.api.services import Wired
from voicewright.erasure.models import Erasure
from voicewright.erasure.receipts import Receipt

router = APIRouter()

Anybody = Annotated[Caller, Depends(calling())]
Admin = Annotated[Caller, Depends(calling(Scope.ADMIN))]

_ACCEPTED: Final = 202
_LATER: Final[dict[int | str, dict[str, Any]]] = {
    _ACCEPTED: {
        "model": Receipt,
        "description": "Deleted; objects in a store that is away, which nobody can read, go within the hour.",
    }
}


class DeletionBody(RequestBody):
    """That it is really the owner of the account who asks."""

    password: Annotated[
        Password | None, Body(description="Left out where the account has none: then sign in just before.")
    ] = None


class ReceiptsView(BaseModel):
    """A page of receipts."""

    erasures: list[Receipt]
    total: int = Field(description="Of all pages.")


@router.delete(
    "/account",
    tags=["account"],
    summary="Delete the own account",
    responses=_LATER | refusals(409, 422, 429, 503),
)
def delete_account(
    caller: Anybody,
    services: Wired,
    origin: RequestOrigin,
    response: Response,
    body: Annotated[DeletionBody | None, Body()] = None,
) -> Receipt:
    """Delete the account with its recordings, voices, trainings, backups and keys, at once and for good.

    The key of the files is destroyed with it: nobody can read them any more. Copies of the database or of
    backups that were made elsewhere have the sealed key in them, and are not reached. The answer is the
    receipt; an administrator can show it again. The last administrator can't go, and nobody while their
    voices are being backed up or restored.
    """
    require_signed_in(caller)
    given = None if body is None or body.password is None else body.password.get_secret_value()
    services.accounts.confirm(caller, password=given, origin=origin)
    return _told(services.erasures.erase(caller.user_id, requested_by=caller.user_id), response)


@router.delete(
    "/admin/users/{user_id}",
    tags=["users"],
    summary="Delete an account",
    responses=_LATER | refusals(404, 409, 503),
)
def delete_user(user_id: UUID, caller: Admin, services: Wired, response: Response) -> Receipt:
    """Delete somebody's account with all that belongs to it, as they can themselves; answers the receipt."""
    return _told(services.erasures.erase(user_id, requested_by=caller.user_id), response)


@router.get(
    "/admin/erasures",
    tags=["users"],
    summary="List the receipts of deleted accounts",
    dependencies=[Depends(calling(Scope.ADMIN))],
)
def erasures(
    services: Wired,
    limit: LongLimit = 50,
    offset: Offset = 0,
) -> ReceiptsView:
    """A page of them, the newest first."""
    found, total = services.erasures.page(limit=limit, offset=offset)
    return ReceiptsView(erasures=[Receipt.of(erasure) for erasure in found], total=total)


@router.get(
    "/admin/erasures/{erasure_id}",
    tags=["users"],
    summary="Show the receipt of a deleted account",
    dependencies=[Depends(calling(Scope.ADMIN))],
    responses=refusals(404),
)
def erasure(erasure_id: UUID, services: Wired) -> Receipt:
    """What was deleted with an account, and when the last object was removed."""
    return Receipt.of(services.erasures.get(erasure_id))


def _told(erasure: Erasure, response: Response) -> Receipt:
    if erasure.completed_at is None:
        response.status_code = _ACCEPTED
    return Receipt.of(erasure)
