"""Whose voice it will be: the caller's own, or, where an administrator asks, that of an account they name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select

from voicewright.accounts.errors import UserNotFound
from voicewright.accounts.models import User
from voicewright.accounts.policies import require_own_id
from voicewright.voices.schemas import LOCAL_USER_ID

if TYPE_CHECKING:
    from uuid import UUID

    from sqlalchemy.orm import Session

    from voicewright.accounts.caller import Caller


def owner_of(caller: Caller, user_id: UUID | None) -> UUID:
    """The user that is named, or else the caller.

    Raises:
        NotAllowed: the user that is named is somebody else.
    """
    if user_id is None:
        return caller.user_id
    require_own_id(caller, user_id)
    return user_id


def require_owner(session: Session, caller: Caller, owner_id: UUID) -> None:
    """Somebody else than the caller has an account, and it stays until the transaction ends.

    The user of the command line is there without one.

    Raises:
        UserNotFound: there is none, so that nobody would ever see what is kept for it.
    """
    if owner_id in {caller.user_id, LOCAL_USER_ID}:
        return
    there = select(User.id).where(User.id == owner_id).with_for_update(read=True, key_share=True)
    if session.scalar(there) is None:
        raise UserNotFound(f"There is no account with the id {owner_id}. Check userId.")
