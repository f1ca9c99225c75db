"""Who may do what: every answer to that question is one of these functions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from voicewright.accounts.caller import Role, Scope
from voicewright.accounts.errors import LastAdministrator, NotAllowed

if TYPE_CHECKING:
    from collections.abc import Iterable
    from uuid import UUID

    from voicewright.accounts.caller import Caller


def scopes_of(role: Role) -> frozenset[Scope]:
    """All that somebody of this role may do, when they have signed in."""
    every = frozenset(Scope)
    return every if role is Role.ADMIN else every - {Scope.ADMIN}


def default_key_scopes() -> frozenset[Scope]:
    """What an API key is for where nobody says: the work, and neither the account nor the platform."""
    return frozenset(Scope) - {Scope.ACCOUNT, Scope.ADMIN}


def require_account(caller: Caller) -> None:
    """What an application made for one of its users is good for their onboarding and nothing else.

    Raises:
        NotAllowed: the caller shows such a token.
    """
    if caller.end_user is not None:
        raise NotAllowed(
            "An onboarding token is good for /api/public/voice/onboarding and nothing else. Use an API key "
            "on your server for this."
        )


def require_scope(caller: Caller, scope: Scope) -> None:
    """An API key does what it was made for and nothing else.

    Raises:
        NotAllowed: names the scope that is missing.
    """
    require_account(caller)
    if scope not in caller.scopes:
        raise NotAllowed(f"This API key lacks the scope {scope.value}. Make one that has it, or sign in.")


def require_signed_in(caller: Caller) -> None:
    """Some things a program with an API key must not do: whoever finds the key could keep the account.

    Raises:
        NotAllowed: the caller uses an API key.
    """
    if caller.api_key_id is not None:
        raise NotAllowed("An API key can't do this. Sign in.")


def require_own_scopes(caller: Caller, wanted: Iterable[Scope]) -> None:
    """Nobody makes a key that may do more than they may themselves.

    Raises:
        NotAllowed: names the scopes that are too much.
    """
    missing = sorted(set(wanted) - caller.scopes)
    if missing:
        raise NotAllowed(f"You can't give what you don't have yourself: {', '.join(missing)}.")


def require_another_admin(other_admins: int) -> None:
    """Somebody must be left who can administer the platform.

    Args:
        other_admins: the administrators apart from the one who is to be disabled or demoted.

    Raises:
        LastAdministrator: there is no other one.
    """
    if other_admins == 0:
        raise LastAdministrator(
            "This is the last administrator. Make somebody else one first "
            "(`voicewright users add EMAIL --admin`)."
        )


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
