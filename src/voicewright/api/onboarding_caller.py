"""Who may make and watch the voices of an application's users: the application, or one of them by a token."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import cache
from typing import Annotated

from fastapi import Depends

from voicewright.accounts.caller import Caller, Scope
from voicewright.accounts.policies import require_scope
from voicewright.api.caller import identify


@cache
def onboarding(scope: Scope) -> Callable[..., Awaitable[Caller]]:
    """A dependency that gives the caller.

    Args:
        scope: what the application's own key must be for; a token of one of its users needs none, and sees
            what is that user's.

    Raises:
        NotAuthenticated, NotAllowed: from the dependency.
    """

    async def caller(known: Annotated[Caller, Depends(identify)]) -> Caller:
        if known.end_user is None:
            require_scope(known, scope)
        return known

    return caller
