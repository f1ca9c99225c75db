"""Who may do what: every answer to that question is one of these functions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from voicewright.accounts.errors import NotAllowed

if TYPE_CHECKING:
    from uuid import UUID

    from voicewright.accounts.caller import Caller, Scope


def require_scope(caller: Caller, scope: Scope) -> None:
    """An API key does what it was made for and nothing else.

    Raises:
        NotAllowed: names the scope that is missing.
    """
    if scope not in caller.scopes:
        raise NotAllowed(f"This API key lacks the scope {scope.value}. Make one that has it, or sign in.")


def require_admin(caller: Caller) -> None:
    """Administration is for administrators.

    Raises:
        NotAllowed: the caller is none.
    """
    if not caller.is_admin:
        raise NotAllowed("Only an administrator may do this.")


def may_see(caller: Caller, owner_id: UUID) -> bool:
    """Whether something of this owner is there at all for the caller: their own; for admins, everything."""
    return caller.is_admin or caller.user_id == owner_id


def require_own_id(caller: Caller, user_id: UUID) -> None:
    """A user id in path, query or body is the caller's own, unless they administer.

    Raises:
        NotAllowed: it is somebody else's.
    """
    if not may_see(caller, user_id):
        raise NotAllowed("userId is not your own. Leave it out, or give the id of the account that asks.")
