"""The account: the cookie and what it is good for, the pages, and what people do on them."""

from __future__ import annotations

import re
import uuid
from typing import TYPE_CHECKING, Any

import pytest
from starlette.testclient import TestClient

from voicewright.accounts.caller import Role
from voicewright.accounts.rate_limits import per_window
from voicewright.api import account_export
from voicewright.api.browser import COOKIE
from voicewright.web.devices import device_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from fastapi import FastAPI

    from voicewright.accounts.service import AccountService
    from voicewright.api.services import Services

PASSWORD = "correct horse battery"  # noqa: S105
ANOTHER = "quite another horse"
SAME = {"Sec-Fetch-Site": "same-origin"}
PAGES = ("/panel/account", "/panel/account/keys", "/panel/account/notifications", "/panel/account/data")


@pytest.fixture
def ann(make_person: Callable[..., Any]) -> Any:
    """Somebody with a password."""
    return make_person("ann@example.com", password=PASSWORD, name="Ann")


def sign_in(client: TestClient, password: str = PASSWORD, to: str = "/panel") -> Any:
    form = {"email": "ann@example.com", "password": password, "next": to}
    return client.post("/panel/sign-in", data=form, headers=SAME, follow_redirects=False)


@pytest.mark.usefixtures("ann")
def test_the_cookie_is_read_by_no_script_and_goes_to_no_other_site(client: TestClient) -> None:
    given = sign_in(client).headers["set-cookie"]
    name, *flags = given.split("; ")
    assert name.startswith(f"{COOKIE}=vwb_")
    assert {"HttpOnly", "SameSite=lax", "Path=/"} <= set(flags)
    assert "Secure" not in flags  # a browser would not send it back over plain http
    assert "Domain" not in given
    out = client.post("/panel/sign-out", headers=SAME, follow_redirects=False).headers["set-cookie"]
    assert f'{COOKIE}=""' in out
    assert "Max-Age=0" in out


@pytest.mark.usefixtures("ann")
def test_the_cookie_travels_encrypted_where_the_service_is_reached_so(
    app: FastAPI, services: Services
) -> None:
    with TestClient(app, base_url="https://testserver") as client:
        assert "Secure" in sign_in(client).headers["set-cookie"].split("; ")
    settings = services.settings.model_copy(update={"public_url": "https://voices.example.com/wright"})
    object.__setattr__(services, "settings", settings)  # behind a proxy that speaks plainly with us
    with TestClient(app) as client:
        answer = sign_in(client)
        assert {"Secure", "Path=/wright"} <= set(answer.headers["set-cookie"].split("; "))
        assert answer.headers["location"] == "/wright/panel"


FOREIGN = (
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
    {"Sec-Fetch-Site": "none"},
    {"Origin": "https://evil.example"},
    {"Origin": "null"},
    {"Origin": "http://testserver:none"},
    {"Origin": "http://testserver:8080"},
    {"Sec-Fetch-Site": "cross-site", "Origin": "http://testserver"},
    {},
)


@pytest.mark.parametrize("headers", FOREIGN, ids=str)
def test_another_sites_page_changes_nothing(
    client: TestClient, ann: Any, cookies_of: Callable[..., dict[str, str]], headers: dict[str, str]
) -> None:
    client.cookies.update(cookies_of(ann))
    forms = {
        "/panel/sign-in": {"email": "ann@example.com", "password": PASSWORD},
        "/panel/sign-out": {},
        "/panel/welcome": {"token": "vwl_x", "password": PASSWORD},
        "/panel/account/password": {"current": PASSWORD, "new": ANOTHER},
    }
    for path, form in forms.items():
        refused = client.post(path, data=form, headers=headers)
        assert (refused.status_code, "CROSS_SITE_REQUEST" in refused.text) == (403, True), path
    calls: list[tuple[str, str, Any]] = [
        ("PATCH", "/auth/me", {"name": "Eve"}),
        ("POST", "/auth/api-keys", {"name": "k", "scopes": ["speech"]}),
        ("DELETE", "/auth/sessions", None),
        ("DELETE", "/account", {"password": PASSWORD}),
    ]
    for method, path, body in calls:
        refused = client.request(method, path, json=body, headers=headers)
        assert (refused.status_code, refused.json()["code"]) == (403, "CROSS_SITE_REQUEST"), path
    # looking is allowed: SameSite and CORS keep others from seeing it
    assert client.get("/auth/me", headers=headers).json()["name"] == "Ann"
    assert client.get("/panel/account", headers=headers).status_code == 200


def test_another_sites_link_uses_up_no_export(
    client: TestClient, ann: Any, cookies_of: Callable[..., dict[str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(account_export, "_LIMIT", per_window("account-exports", 3, 86_400))
    client.cookies.update(cookies_of(ann))
    for site in ("cross-site", "same-site"):
        refused = client.get(
            "/account/export", headers={"Sec-Fetch-Site": site, "Sec-Fetch-Mode": "navigate"}
        )
        assert (refused.status_code, refused.json()["code"]) == (403, "CROSS_SITE_REQUEST"), site
    for headers in (SAME, {"Sec-Fetch-Site": "none"}, {}):
        assert client.get("/account/export", headers=headers).status_code == 200, headers
    used_up = client.get("/account/export", headers=SAME)
    assert (used_up.status_code, used_up.json()["code"]) == (429, "RATE_LIMITED")


def test_deleted_voices_that_rest_are_counted_with_what_is_kept(
    client: TestClient, ann: Any, add_voice: Callable[..., Any], cookies_of: Callable[..., dict[str, str]]
) -> None:
    client.cookies.update(cookies_of(ann))
    add_voice(ann, "Kept")
    resting = add_voice(ann, "Resting")
    assert "Versions, each counted ·" in client.get("/panel/account/data").text
    client.delete(f"/voice-models/{resting.id}", headers=SAME).raise_for_status()
    assert "Versions, each counted, and 1 deleted ·" in client.get("/panel/account/data").text


def test_tokens_and_keys_work_beside_a_cookie(
    client: TestClient, ann: Any, other: Any, cookies_of: Callable[..., dict[str, str]]
) -> None:
    client.cookies.update(cookies_of(ann))
    cross = {"Sec-Fetch-Site": "cross-site"}  # a program's own credential needs no page of ours
    for credential in (other.headers, other.key("account")):
        named = client.patch("/auth/me", json={"name": "Bob"}, headers=credential | cross)
        assert (named.status_code, named.json()["email"]) == (200, other.email)
    assert (
        client.get("/auth/me", headers={"Origin": "http://testserver"}).json()["email"] == "ann@example.com"
    )
    mine = client.patch("/auth/me", json={"name": "Anna"}, headers={"Origin": "http://TestServer:80"})
    assert mine.json()["name"] == "Anna"  # without TLS a browser says no more than this
    wrong = {"Authorization": "Bearer vw_nothing"}
    assert client.get("/auth/me", headers=wrong).status_code == 401  # and does not fall back to the cookie


def test_an_ended_session_and_a_disabled_account_lead_to_the_sign_in(
    client: TestClient, ann: Any, cookies_of: Callable[..., dict[str, str]], accounts: AccountService
) -> None:
    for end in (
        lambda: accounts.sessions.end_all(ann.id),
        lambda: accounts.users.change(ann.id, disabled=True),
    ):
        client.cookies.update(cookies_of(ann))
        assert client.get("/panel/account").status_code == 200
        end()
        led = client.get("/panel/account", follow_redirects=False)
        assert led.headers["location"] == "/panel/sign-in?next=/panel/account"
        assert client.get("/auth/me").json()["code"] == "NOT_AUTHENTICATED"
        client.cookies.clear()
    refused = sign_in(client)
    assert (refused.status_code, "disabled" in refused.text) == (403, True)


@pytest.mark.parametrize(
    "to",
    [
        "https://evil.example/panel", "//evil.example", "/\\evil.example", "/panel\\..\\x", "/panel/\n//x",
        "/panelx", "/auth/me", "javascript:alert(1)", "",
    ],
)  # fmt: skip
@pytest.mark.usefixtures("ann")
def test_next_leads_to_pages_of_the_panel_only(client: TestClient, to: str) -> None:
    assert sign_in(client, to=to).headers["location"] == "/panel"


@pytest.mark.usefixtures("ann")
def test_changing_the_password_ends_all_else_and_this_browser_goes_on(
    client: TestClient, app: FastAPI
) -> None:
    sign_in(client)
    before = client.cookies[COOKIE]
    with TestClient(app) as elsewhere:
        sign_in(elsewhere)

        def change(current: str, new: str) -> Any:
            form = {"current": current, "new": new}
            return client.post("/panel/account/password", data=form, headers=SAME, follow_redirects=False)

        wrong = change("wrong", ANOTHER)
        assert (wrong.status_code, "The current password is wrong" in wrong.text) == (401, True)
        assert change(PASSWORD, "short").status_code == 422
        assert COOKIE not in wrong.cookies
        done = change(PASSWORD, ANOTHER)
        assert (done.status_code, done.headers["location"]) == (303, "/panel/account?done=password")
        assert "Your password is changed" in client.get(done.headers["location"]).text
        assert elsewhere.get("/panel/account", follow_redirects=False).status_code == 303
    client.cookies.clear()
    client.cookies.set(COOKIE, before)
    assert client.get("/auth/me").status_code == 401
    client.cookies.clear()
    assert sign_in(client).status_code == 401
    assert sign_in(client, ANOTHER).status_code == 303


def test_the_pages_are_for_who_signed_in_and_show_names_as_text(
    client: TestClient, ann: Any, admin: Any, cookies_of: Callable[..., dict[str, str]], accounts: Any
) -> None:
    for page in PAGES:
        assert client.get(page, follow_redirects=False).headers["location"] == f"/panel/sign-in?next={page}"
    hostile = "<script>alert('x')</script>"
    accounts.users.rename(ann.id, hostile)
    accounts.api_keys.make(ann.id, name=hostile, scopes=[])
    client.cookies.update(cookies_of(ann))
    for page in PAGES:
        shown = client.get(page)
        assert shown.status_code == 200, page
        assert "<script>alert" not in shown.text
        assert re.search(r"\bvw_\w{20}", shown.text) is None or page.endswith("keys")
    assert "Administer" not in client.get(PAGES[1]).text
    assert "Alerts of this installation" not in client.get(PAGES[2]).text
    client.cookies.clear()
    client.cookies.update(cookies_of(admin))
    assert "Administer" in client.get(PAGES[1]).text
    assert "Alerts of this installation" in client.get(PAGES[2]).text


def test_other_sessions_end_and_this_one_goes_on(
    client: TestClient, ann: Any, other: Any, cookies_of: Callable[..., dict[str, str]], accounts: Any
) -> None:
    client.cookies.update(cookies_of(ann))
    cookies_of(ann)
    theirs = accounts.sessions.of_user(other.id)[0].id
    for nobodys in (theirs, uuid.uuid4()):
        assert client.delete(f"/auth/sessions/{nobodys}", headers=SAME).status_code == 404
    assert len(accounts.sessions.of_user(ann.id)) == 3  # a program and two browsers
    assert client.delete("/auth/sessions?keep_current=true", headers=SAME).status_code == 204
    assert len(accounts.sessions.of_user(ann.id)) == 1
    assert client.get("/panel/account").status_code == 200
    assert accounts.sessions.of_user(other.id)


@pytest.mark.parametrize(
    ("user_agent", "name", "icon"),
    [
        ("Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Safari/537.36",
         "Chrome on Linux", "monitor"),
        ("Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/140.0 Safari/537.36 Edg/140.0",
         "Edge on Windows", "monitor"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1 Version/18.0 Safari/604.1",
         "Safari on iPhone", "smartphone"),
        ("Mozilla/5.0 (Android 15; Mobile; rv:140.0) Gecko/140.0 Firefox/140.0", "Firefox on Android",
         "smartphone"),
        ("curl/8.5.0", "curl", "terminal"),
        ("python-httpx/0.28 (x)", "python-httpx", "terminal"),
        ("", "Unknown device", "terminal"),
    ],
)  # fmt: skip
def test_devices_are_named(user_agent: str, name: str, icon: str) -> None:
    device = device_of(user_agent)
    assert (device.name, device.icon) == (name, icon)


def test_what_somebody_is_told_of(
    client: TestClient, ann: Any, cookies_of: Callable[..., dict[str, str]]
) -> None:
    client.cookies.update(cookies_of(ann))
    page = client.get("/panel/account/notifications").text
    assert "Mail is not set up on this installation" in page
    shown = client.get("/auth/me/notifications").json()
    assert shown == {
        "by_mail": {"training_ended": False, "voices_expiring": True, "alerts": True},
        "mail_is_sent": False,
        "address": "ann@example.com",
    }
    wanted = {"by_mail": {"training_ended": True, "voices_expiring": False}}
    changed = client.patch("/auth/me/notifications", json=wanted, headers=SAME).json()
    assert changed["by_mail"] == {"training_ended": True, "voices_expiring": False, "alerts": True}
    assert client.get("/auth/me/notifications").json() == changed
    refused = client.patch("/auth/me/notifications", json={"by_mail": {"sms": True}}, headers=SAME)
    assert refused.json()["fields"][0]["field"] == "by_mail.sms"


@pytest.mark.usefixtures("ann")
def test_roles_are_named(client: TestClient, ann: Any, accounts: AccountService, cookies_of: Any) -> None:
    client.cookies.update(cookies_of(ann))
    assert "Administrator" not in client.get("/panel/account").text
    accounts.users.change(ann.id, role=Role.ADMIN)
    assert "Administrator" in client.get("/panel/account").text
