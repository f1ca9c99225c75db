"""The panel in a real Chromium (`tests/browsers.py`), over the real application in this process.

A test that asks for `browse` is marked `browser`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from voicewright.accounts.schemas import Origin
from voicewright.api.browser import COOKIE
from voicewright.web.panel import add_panel

if TYPE_CHECKING:
    from fastapi import FastAPI


@pytest.fixture
def app(app: FastAPI) -> FastAPI:
    """The application with the panel, as `voicewright serve` makes it."""
    add_panel(app)
    return app


@pytest.fixture
def cookies_of(accounts: Any, database: Any) -> Callable[[Any], dict[str, str]]:
    """The cookies of a new browser session of somebody, for a `TestClient`."""

    def cookies(person: Any) -> dict[str, str]:
        user = accounts.users.get(person.id)
        with database.session() as session:
            session.add(user)
            tokens = accounts.sessions.start(session, user, Origin("192.0.2.1", "Chromium"))
        return {COOKIE: accounts.sessions.to_browser(tokens).secret}

    return cookies


@pytest.fixture
def browse(
    # in this order: the browsers are closed before the server is
    base_url: str,
    open_browser: Callable[..., Any],
    cookies_of: Callable[[Any], dict[str, str]],
) -> Callable[..., Any]:
    """A browser of somebody: `browse(person, scheme="dark", width="phone").open("/panel")`."""

    def start(person: Any = None, **more: Any) -> Any:
        return open_browser(base_url, cookies={} if person is None else cookies_of(person), **more)

    return start
