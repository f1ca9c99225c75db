"""One-time links: the page that they open, without a script, and what it says of those that are no good."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pytest

from voicewright.accounts.passwords import AT_ONCE, MOST_WAITING
from voicewright.accounts.schemas import Origin
from voicewright.api.browser import COOKIE

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.testclient import TestClient

    from voicewright.accounts.service import AccountService

PASSWORD = "correct horse battery"  # noqa: S105
SAME = {"Sec-Fetch-Site": "same-origin"}


def token_of(link: str) -> str:
    return parse_qs(urlsplit(link).query)["token"][0]


def send(client: TestClient, **fields: str) -> Any:
    return client.post("/panel/welcome", data=fields, headers=SAME, follow_redirects=False)


def test_the_first_administrator_is_signed_in(client: TestClient, accounts: AccountService) -> None:
    link = accounts.first_run_link("http://testserver")
    for _ in range(2):  # looking does not use it up
        page = client.get(link)
        assert page.status_code == 200
        assert "Welcome to Voicewright" in page.text
    assert page.headers["cache-control"] == "no-store"
    assert page.headers["referrer-policy"] == "strict-origin"  # the token goes nowhere
    token = token_of(link)
    hidden = re.search(r'name="token" value="([^"]+)"', page.text)
    assert hidden is not None
    assert hidden[1] == token

    me = {"token": token, "email": "me@example.com", "name": "Ann"}
    assert send(client, **me, password=PASSWORD[:5]).status_code == 422
    assert send(client, **me).status_code == 422  # none at all: nobody comes in without one
    odd = send(client, token=token, email="<b>", name='"><script>', password=PASSWORD)
    assert odd.status_code == 422
    assert "<b>" not in odd.text
    assert "<script>" not in odd.text
    assert client.post("/panel/welcome", data={**me, "password": PASSWORD}).status_code == 403  # whose page?

    done = send(client, **me, password=PASSWORD)
    assert (done.status_code, done.headers["location"]) == (303, "/panel")
    assert "Welcome, Ann" in client.get("/panel").text
    assert client.get("/auth/me").json()["role"] == "admin"
    for again in (client.get(link), send(client, **me, password=PASSWORD)):
        assert again.status_code == 401
        assert "This link can&#39;t be used" in again.text
        assert "/panel/sign-in" in again.text
    assert client.get("/panel/welcome").status_code == 401


def test_a_link_for_somebody_sets_their_password_and_ends_what_was_signed_in(
    client: TestClient, person: Any, accounts: AccountService
) -> None:
    token = accounts.users.link(person.id).token
    page = client.get("/auth/first-run", params={"token": token})  # as earlier versions printed it
    assert "Choose a password" in page.text
    assert 'name="email"' not in page.text
    assert "repeated" in send(client, token=token, password="a" * 20).text
    assert send(client, token=token, password=PASSWORD, email="other@example.com").status_code == 303
    assert client.get("/auth/me").json()["email"] == "ann@example.com"
    client.cookies.clear()
    assert client.get("/auth/me", headers=person.headers).status_code == 401  # of before
    accounts.sign_in.with_password("ann@example.com", PASSWORD, Origin())


def test_a_link_is_good_as_long_as_somebody_can_use_it(
    client: TestClient, person: Any, accounts: AccountService
) -> None:
    token = accounts.users.link(person.id).token
    passwords = accounts.sign_in._passwords
    for _ in range(AT_ONCE + MOST_WAITING):
        passwords._room.acquire()
    busy = send(client, token=token, password=PASSWORD)
    for _ in range(AT_ONCE + MOST_WAITING):
        passwords._room.release()
    assert busy.status_code == 503
    assert "Try again in 5 seconds" in busy.text
    accounts.users.change(person.id, disabled=True)
    disabled = send(client, token=token, password=PASSWORD)
    assert disabled.status_code == 403
    assert "This account is disabled" in disabled.text
    assert COOKIE not in disabled.cookies
    accounts.users.change(person.id, disabled=False)
    assert send(client, token=token, password=PASSWORD).status_code == 303


@pytest.mark.browser
@pytest.mark.parametrize(("scheme", "width"), [("light", "wide"), ("dark", "phone")])
def test_the_first_visit(  # noqa: PLR0917 - fixtures
    browse: Callable[..., Any],
    accounts: AccountService,
    check_page: Callable[..., None],
    take_picture: Callable[..., None],
    scheme: str,
    width: str,
) -> None:
    link = accounts.first_run_link("http://x")
    browser = browse(scheme=scheme, width=width, java_script_enabled=scheme == "light")
    page = browser.open(link.removeprefix("http://x"))
    if scheme == "light":  # the other one has no script at all
        check_page(page)
        page.get_by_label("Your name").fill("Ann")
        take_picture(page, "account-welcome-light")
    page.get_by_label("E-mail address").fill("ann@example.com")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Make my account").click()
    page.get_by_role("heading", name="Welcome, ").wait_for()
    browser.expect("401")
    page.goto(page.url.partition("/panel")[0] + link.removeprefix("http://x"))
    page.get_by_role("heading", name="This link can't be used").wait_for()
    if scheme == "light":
        check_page(page)
    take_picture(page, f"account-link-gone-{scheme}")
