"""Who looks at a page: a dependency of every page that is not for everybody. It asks for a browser's cookie.

    def page(request: Request, visitor: Visiting, services: Wired) -> Response: ...

An administrator's pages take `Administrating`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Request

from voicewright.accounts.caller import Caller
from voicewright.accounts.policies import require_admin
from voicewright.api.caller import identify
from voicewright.api.services import Wired


@dataclass(frozen=True, slots=True)
class Visitor:
    """Somebody who is signed in."""

    caller: Caller
    name: str
    """Theirs, or their address."""
    email: str | None

    @property
    def id(self) -> UUID:
        """Of their account."""
        return self.caller.user_id

    @property
    def is_admin(self) -> bool:
        """Whether they administer the platform."""
        return self.caller.is_admin


def _visitor(request: Request, services: Wired) -> Visitor:
    # by the cookie alone: a key that is made for a few routes opens no page
    caller = identify(request, services, None, None)
    user = services.accounts.users.get(caller.user_id)
    visitor = Visitor(caller, user.name or user.label, user.email)
    request.state.visitor = visitor  # a refusal shows the menu too
    return visitor


def _administrator(visitor: Annotated[Visitor, Depends(_visitor)]) -> Visitor:
    require_admin(visitor.caller)
    return visitor


Visiting = Annotated[Visitor, Depends(_visitor)]
"""In the signature of a route: somebody who is signed in."""
Administrating = Annotated[Visitor, Depends(_administrator)]
"""In the signature of a route: an administrator."""
