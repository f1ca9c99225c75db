"""What every page has: the door, the frame, the headers, the refusals, what travels over the wire."""

from __future__ import annotations

import hashlib
import json
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

from voicewright.web.navigation import sections_for
from voicewright.web.panel import ROUTERS
from voicewright.web.static_files import FOLDER, digest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from fastapi.testclient import TestClient

PASSWORD = "correct horse battery"  # noqa: S105
FIRST_PAGE_BYTES = 100_000
OPEN = {"/", "/panel/sign-in", "/panel/sign-out", "/panel/welcome", "/panel/goodbye"}
"""What somebody sees who has not signed in, beside the files."""
ANY_ID = "6f1c0a52-3a0e-4f0e-9a55-0d9a3c1c7d11"


def test_every_page_leads_to_the_sign_in_and_back(client: TestClient) -> None:
    paths = [
        re.sub(r"{[^}]*}", ANY_ID, route.path)
        for route in _routes()
        if "GET" in route.methods and route.path not in OPEN and "/static/" not in route.path
    ]
    assert paths
    for path in paths:
        answer = client.get(path, follow_redirects=False)
        assert answer.status_code == 303, path
        assert urlsplit(answer.headers["location"]).path == "/panel/sign-in"
    answer = client.get("/panel/voices?search=ann", follow_redirects=False)
    assert answer.headers["location"] == "/panel/sign-in?next=/panel/voices%3Fsearch%3Dann"


def test_no_key_and_no_token_opens_a_page(client: TestClient, admin: Any) -> None:
    for credential in (admin.headers, admin.key("speech"), admin.key("admin")):
        for path in (
            "/panel",
            "/panel/jobs",
            "/panel/admin/users",
            "/panel/admin/audit",
            "/panel/account/keys",
        ):
            answer = client.get(path, headers=credential, follow_redirects=False)
            assert answer.status_code == 303, path


def test_what_changes_something_is_never_a_page_of_the_panel_without_its_guard() -> None:
    for route in _routes():
        if route.methods - {"GET", "HEAD"}:
            guards = [dependency.call.__name__ for dependency in route.dependant.dependencies]
            assert "require_own_page" in guards, route.path


def test_the_menu_leads_to_pages_that_are_there(
    client: TestClient, admin: Any, cookies_of: Callable[..., dict[str, str]]
) -> None:
    client.cookies.update(cookies_of(admin))

    class Anybody:
        is_admin = True

    for place in (place for section in sections_for(Anybody()) for place in section.places):  # type: ignore[arg-type]
        page = client.get(place.path, follow_redirects=False)
        assert page.status_code == 200, place.path
        assert 'aria-current="page"' in page.text, place.path


def test_the_front_door_leads_to_the_panel(client: TestClient) -> None:
    assert client.get("/", follow_redirects=False).headers["location"] == "/panel"


def test_below_a_path_of_a_proxy_every_address_has_it(
    client: TestClient, services: Any, person: Any, cookies_of: Callable[..., dict[str, str]]
) -> None:
    object.__setattr__(services.settings, "public_url", "https://example.com/voices")
    away = client.get("/panel", follow_redirects=False)
    assert away.headers["location"] == "/voices/panel/sign-in"
    client.cookies.update(cookies_of(person))
    page = client.get("/panel").text
    addresses = re.findall(r'(?:href|src|action)="(/[^"]*)"', page)
    assert addresses
    assert all(address.startswith("/voices/") for address in addresses)


def test_the_headers_let_nothing_strange_in(
    client: TestClient, person: Any, cookies_of: Callable[..., dict[str, str]]
) -> None:
    client.cookies.update(cookies_of(person))
    first, second = client.get("/panel"), client.get("/panel")
    policy = dict(
        part.strip().partition(" ")[::2] for part in first.headers["content-security-policy"].split(";")
    )
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["connect-src"] == policy["form-action"] == "'self'"
    assert policy["frame-ancestors"] == policy["base-uri"] == "'none'"
    assert "unsafe" not in first.headers["content-security-policy"]
    assert policy["style-src"] not in second.headers["content-security-policy"]  # a nonce is used once
    assert first.headers["cache-control"] == "no-store"
    assert first.headers["x-frame-options"] == "DENY"
    assert "microphone=(self)" in first.headers["permissions-policy"]


def test_templates_have_nothing_that_the_policy_forbids(repository: Path) -> None:
    for path in (repository / "src" / "voicewright" / "web" / "templates").rglob("*.html"):
        text = path.read_text()
        assert not re.search(r'\s(style|on\w+|hx-on[\w:-]*)\s*=\s*["\']', text), path
        assert not re.search(r"<style|javascript:|<script(?![^>]*\ssrc=)", text), path


def test_an_address_that_is_not_there_says_so(
    client: TestClient, person: Any, cookies_of: Callable[..., dict[str, str]]
) -> None:
    client.cookies.update(cookies_of(person))
    page = client.get("/panel/<b>nothing</b>")
    assert page.status_code == 404
    assert "PAGE_NOT_FOUND" in page.text
    assert "&lt;b&gt;nothing" in page.text
    part = client.get("/panel/nothing", headers={"HX-Request": "true"})
    assert part.status_code == 404
    assert part.text.lstrip().startswith('<div class="toast bad" role="alert"')


@pytest.mark.parametrize(
    ("path", "above"),
    [
        ("/panel/voices/nothing-here", "Voices"),
        ("/panel/jobs/nothing-here", "Jobs"),
        ("/panel/jobs/nothing-here/log.txt", "Jobs"),
        ("/panel/listening/nothing-here", "Blind test"),
        ("/panel/speak/long/nothing-here", "Speak"),
        ("/panel/datasets/mine/clips/nothing-here", "Datasets"),
        ("/panel/admin/users/nothing-here", "Users"),
    ],
)
def test_an_id_that_cannot_be_one_is_an_address_that_is_not_there(
    client: TestClient, admin: Any, cookies_of: Callable[..., dict[str, str]], path: str, above: str
) -> None:
    client.cookies.update(cookies_of(admin))
    page = client.get(path)
    assert page.status_code == 404
    assert f"There is no page at {path}." in page.text
    assert "PAGE_NOT_FOUND" in page.text
    told = page.text.partition("<main")[2]
    assert re.search(rf'<a class="button primary"[^>]*>.*{above}</a>', told)


def test_a_part_of_a_page_asked_for_without_a_session_loads_the_page_anew(client: TestClient) -> None:
    part = client.get("/panel/jobs", headers={"HX-Request": "true"})
    assert part.status_code == 204
    assert part.headers["hx-refresh"] == "true"


def test_files_are_kept_by_browsers_and_compressed(client: TestClient) -> None:
    path = f"/panel/static/{digest()}/css/panel.css"
    packed = client.get(path, headers={"Accept-Encoding": "gzip"})
    plain = client.get(path, headers={"Accept-Encoding": "identity"})
    assert packed.text == plain.text == (FOLDER / "css" / "panel.css").read_text()
    assert packed.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in plain.headers
    assert "immutable" in packed.headers["cache-control"]
    assert client.get("/panel/static/other/css/panel.css").headers["cache-control"] == "no-cache"
    odd = ("..%2frendering.py", "%2e%2e/%2e%2e/rendering.py", "nothing.js", "css", "", "css//panel.css")
    for name in (*odd, "css/%2e/panel.css"):
        refused = client.get(f"/panel/static/{digest()}/{name}")
        assert refused.status_code == 404, name
        assert refused.json()["code"] == "PAGE_NOT_FOUND"


def test_the_libraries_are_those_of_the_lock(repository: Path) -> None:
    lock = json.loads((repository / "requirements" / "vendor.json").read_text())
    locked = {name: digest for package in lock["packages"] for name, digest in package["sha256"].items()}
    there = {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in (FOLDER / "vendor").iterdir()
    }
    assert there == locked
    assert all(package["licence"] and package["integrity"] for package in lock["packages"])


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_signing_in_and_out(
    browse: Callable[..., Any],
    make_person: Callable[..., Any],
    check_page: Callable[..., None],
    take_picture: Callable[..., None],
    scheme: str,
) -> None:
    make_person("ann@example.com", password=PASSWORD, name="Ann")
    browser = browse(scheme=scheme)
    page = browser.open("/panel")
    take_picture(page, f"sign-in-{scheme}")
    check_page(page)
    page.get_by_label("E-mail address").fill("ann@example.com")
    page.get_by_label("Password").fill("wrong" * 3)
    browser.expect("401")
    page.get_by_role("button", name="Sign in").click()
    page.get_by_text("is wrong").wait_for()
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("link", name="Voicewright").wait_for()
    assert urlsplit(page.url).path == "/panel"
    cookie = next(one for one in browser.context.cookies() if one["name"] == "voicewright_session")
    assert cookie["httpOnly"]
    assert cookie["sameSite"] == "Lax"
    page.locator("summary", has_text="Ann").click()
    page.get_by_role("button", name="Sign out").click()
    page.get_by_role("heading", name="Sign in to Voicewright").wait_for()
    assert not [one for one in browser.context.cookies() if one["name"] == "voicewright_session"]


@pytest.mark.browser
def test_the_first_page_is_light_and_steady(
    browse: Callable[..., Any], person: Any, check_page: Callable[..., None]
) -> None:
    browser = browse(person)
    page = browser.context.new_page()
    came: list[Any] = []
    page.on("requestfinished", lambda request: came.append(request))  # noqa: PLW0108 - Playwright marks it
    page.goto(f"{browser.base_url}/panel", wait_until="networkidle")
    paths = {urlsplit(request.url).path: request for request in came}
    sizes = {
        path.rpartition("/")[2]: request.sizes()["responseBodySize"]
        for path, request in paths.items()
        if path.endswith((".js", ".css"))
    }
    assert {"panel.css", "htmx.min.js", "main.js"} <= sizes.keys()
    assert sum(sizes.values()) <= FIRST_PAGE_BYTES, sizes
    check_page(page)


@pytest.mark.browser
@pytest.mark.parametrize(("scheme", "width"), [("light", "wide"), ("dark", "phone")])
def test_the_page_of_a_refusal(  # noqa: PLR0917 - fixtures
    browse: Callable[..., Any],
    person: Any,
    check_page: Callable[..., None],
    take_picture: Callable[..., None],
    scheme: str,
    width: str,
) -> None:
    browser = browse(person, scheme=scheme, width=width)
    browser.expect("404")
    page = browser.open("/panel/voices/nothing")
    page.get_by_role("heading", name="That did not work", level=1).wait_for()
    check_page(page)
    take_picture(page, f"refusal-{scheme}-{width}")


@pytest.mark.browser
@pytest.mark.parametrize(("scheme", "width"), [("light", "wide"), ("dark", "phone")])
def test_a_button_at_work_shows_it_and_keeps_the_focus(  # noqa: PLR0917 - fixtures
    browse: Callable[..., Any],
    person: Any,
    check_page: Callable[..., None],
    take_picture: Callable[..., None],
    scheme: str,
    width: str,
) -> None:
    browser = browse(person, scheme=scheme, width=width)
    browser.context.clock.install()
    page = browser.open("/panel/account")
    held: list[Any] = []
    page.route("**/auth/me", lambda route: held.append(route))  # noqa: PLW0108 - Playwright marks it
    save = page.get_by_role("button", name="Save name")
    save.focus()
    for _ in range(2):  # the second press does nothing
        page.keyboard.press("Enter")
    page.locator("button[aria-busy=true]:focus", has_text="Save name").wait_for()
    assert save.evaluate("button => getComputedStyle(button).opacity") == "1"
    assert save.evaluate("button => getComputedStyle(button, '::before').animationName") == "turning"
    browser.context.clock.fast_forward(1_000)
    page.get_by_role("status").filter(has_text="Working…").wait_for()
    check_page(page)
    take_picture(page, f"busy-{scheme}-{width}")
    assert [route.request.method for route in held] == ["PATCH"]
    held.pop().continue_()
    page.get_by_text("Your name is saved.").wait_for()
    assert page.get_by_role("status").filter(has_text="Working…").count() == 0


@pytest.mark.browser
def test_light_and_dark_by_the_switch_stay(browse: Callable[..., Any], person: Any) -> None:
    page = browse(person, scheme="light").open("/panel")
    before = page.evaluate("getComputedStyle(document.body).backgroundColor")
    page.get_by_role("button", name="Switch to dark").click()
    page.get_by_role("button", name="Switch to light").wait_for()
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"
    page.reload()
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"  # drawn so by the server
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") != before


@pytest.mark.browser
def test_the_menu_shows_all_of_itself_or_at_least_where_one_is(
    browse: Callable[..., Any], admin: Any
) -> None:
    page = browse(admin).open("/panel")
    last = page.locator("#menu").get_by_role("link", name="Alerts", exact=True)

    def is_seen(high: int) -> bool:
        box = last.bounding_box()
        return bool(56 <= box["y"] <= high - box["height"])

    assert is_seen(800)  # the longest menu
    page.set_viewport_size({"width": 1280, "height": 560})
    assert not is_seen(560)
    last.evaluate("link => link.click()")  # without scrolling to it
    page.get_by_role("heading", name="Alerts", level=1).wait_for()
    page.wait_for_load_state()
    assert is_seen(560)
    assert page.evaluate("scrollY") == 0


@pytest.mark.browser
def test_the_menu_on_a_phone_by_keyboard(
    browse: Callable[..., Any], admin: Any, check_page: Callable[..., None]
) -> None:
    page = browse(admin, width="phone").open("/panel")
    check_page(page)
    menu = page.get_by_role("button", name="Menu")
    menu.focus()
    page.keyboard.press("Enter")
    page.get_by_role("link", name="Voices", exact=True).wait_for()
    assert menu.get_attribute("aria-expanded") == "true"
    for name in ("Home", "Alerts"):  # the longest menu: its first and its last
        page.locator("#menu").get_by_role("link", name=name, exact=True).scroll_into_view_if_needed()
        box = page.locator("#menu").get_by_role("link", name=name, exact=True).bounding_box()
        assert 56 <= box["y"] <= 844 - box["height"]
    page.keyboard.press("Escape")
    page.get_by_role("link", name="Voices", exact=True).wait_for(state="hidden")
    assert page.evaluate("document.activeElement.hasAttribute('data-menu')")


def _routes() -> list[Any]:
    return [route for router in ROUTERS for route in router.routes]
