"""Has a browser go on as somebody who has just signed in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from voicewright.api.browser import keep_cookie
from voicewright.web.rendering import redirect

if TYPE_CHECKING:
    from fastapi import Request, Response

    from voicewright.accounts.schemas import Tokens
    from voicewright.api.services import Services


def let_in(request: Request, services: Services, tokens: Tokens, path: str) -> Response:
    """Give the browser its cookie, and lead it to a page of the panel.

    Raises:
        RefreshTokenInvalid: the session has ended in the meantime.
    """
    answer = redirect(request, path)
    keep_cookie(answer, services.accounts.sessions.to_browser(tokens), services.settings, request)
    return answer
