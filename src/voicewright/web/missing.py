"""What the panel says of an address that it does not know."""

from __future__ import annotations

from fastapi import Response

from voicewright.web.errors import PageNotFound
from voicewright.web.rendering import PREFIX, page_router
from voicewright.web.visitor import Visiting

router = page_router()


@router.get("/{rest:path}")
def missing(rest: str, _visitor: Visiting) -> Response:
    """Nothing is there."""
    raise PageNotFound.at(f"{PREFIX}/{rest}")
