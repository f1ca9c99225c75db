"""The cookie of a browser that is signed in, and what keeps other people's pages from using it.

The cookie is read by no script (`HttpOnly`), goes nowhere with what another site's page posts
(`SameSite=Lax`) and travels encrypted only where the service is reached so (`Secure`). Beyond that, a
request that changes something and shows the cookie must come from a page of ours: the browser says so itself
in `Sec-Fetch-Site`, or, where the connection is not trusted enough for that header, in `Origin`. One that
says neither is refused.

This is how Go's `http.CrossOriginProtection` does it, and it needs no token in any form.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from starlette.requests import HTTPConnection

from voicewright.accounts.errors import CrossSiteRequest

if TYPE_CHECKING:
    from starlette.responses import Response

    from voicewright.accounts.schemas import BrowserSession
    from voicewright.settings import Settings

COOKIE: Final = "voicewright_session"
_SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_FOREIGN: Final = frozenset({"cross-site", "same-site"})


def cookie_of(connection: HTTPConnection) -> str | None:
    """The secret that a browser shows, from a page of ours.

    Raises:
        CrossSiteRequest: it shows one for a request that somebody else's page made.
    """
    secret = connection.cookies.get(COOKIE)
    if secret:
        require_own_page(connection)
    return secret or None


def require_own_page(connection: HTTPConnection) -> None:
    """Refuse what changes something, as any WebSocket may, unless a page of ours asks for it.

    Raises:
        CrossSiteRequest: another site's page asks, or nothing says which.
    """
    if connection.scope["type"] == "http" and connection.scope["method"] in _SAFE:
        return
    site = connection.headers.get("sec-fetch-site")
    if site == "same-origin":
        return
    origin = _host_of(connection.headers.get("origin", ""))
    if site is None and origin[0] and origin == _own_host(connection):
        return
    raise _cross_site()


def refuse_foreign_page(connection: HTTPConnection) -> None:
    """Refuse what only looks and yet uses something up, where a page that is not ours leads a browser there.

    `SameSite=Lax` lets the cookie go along with another site's links. An address that somebody typed or kept
    comes through, and so does a browser that says nothing, as over plain http.

    Raises:
        CrossSiteRequest: the browser shows its cookie and says that such a page asks.
    """
    if COOKIE in connection.cookies and connection.headers.get("sec-fetch-site") in _FOREIGN:
        raise _cross_site()


def keep_cookie(
    response: Response, begun: BrowserSession, settings: Settings, connection: HTTPConnection
) -> None:
    """Give a browser the cookie that it goes on with."""
    response.set_cookie(
        COOKIE,
        begun.secret,
        max_age=begun.lifetime_s,
        path=path_prefix(settings) or "/",
        secure=_is_secure(settings, connection),
        httponly=True,
        samesite="lax",
    )


def drop_cookie(response: Response, settings: Settings, connection: HTTPConnection) -> None:
    """Have a browser forget its cookie."""
    response.delete_cookie(
        COOKIE,
        path=path_prefix(settings) or "/",
        secure=_is_secure(settings, connection),
        httponly=True,
        samesite="lax",
    )


def path_prefix(settings: Settings) -> str:
    """The path below which a proxy has put the whole service; empty: none."""
    return urlsplit(settings.public_url or "").path.rstrip("/")


def _cross_site() -> CrossSiteRequest:
    return CrossSiteRequest(
        "This did not come from a page of this service. Open the panel itself and try again there; a program "
        "sends an API key instead of a cookie."
    )


def _own_host(connection: HTTPConnection) -> tuple[str | None, int | None]:
    settings: Settings = connection.app.state.services.settings
    return _host_of(settings.public_url or f"{connection.url.scheme}://{connection.headers.get('host', '')}")


def _host_of(address: str) -> tuple[str | None, int | None]:
    """The host in lower case and the port, where it is not the scheme's own; as browsers write an origin."""
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError:  # whoever wrote the header wrote no port
        return None, None
    return parts.hostname, None if port == {"http": 80, "https": 443}.get(parts.scheme) else port


def _is_secure(settings: Settings, connection: HTTPConnection) -> bool:
    # the scheme is the one in front of a trusted proxy, if there is one
    return connection.url.scheme == "https" or (settings.public_url or "").startswith("https:")
