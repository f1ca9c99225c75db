"""Where a request comes from, and under which address people reach us."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request

from voicewright.accounts.schemas import Origin
from voicewright.api.services import Wired


async def _origin(request: Request) -> Origin:
    # the client is the one behind a trusted proxy, if there is one (`create_app`)
    address = request.client.host if request.client else ""
    return Origin(address=address, user_agent=request.headers.get("user-agent", ""))


async def _base_url(request: Request, services: Wired) -> str:
    return services.settings.public_url or str(request.base_url).rstrip("/")


RequestOrigin = Annotated[Origin, Depends(_origin)]
"""In the signature of a route: `origin: RequestOrigin`."""
BaseUrl = Annotated[str, Depends(_base_url)]
"""In the signature of a route: where links lead."""
