"""Debian's Chromium, watched, for every test that is marked `browser`.

An error on the console, a request to another host, a breach of the content security policy and a request that
was refused make the test fail that opened the page.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page, Request, Response

CHROMIUM = Path("/usr/bin/chromium")
AXE = Path(__file__).with_name("axe.min.js")
PATIENCE_MS = 20_000
PICTURES = os.environ.get("VOICEWRIGHT_PICTURES")
LARGEST_SHIFT = 0.1
"""What Lighthouse calls good, of the cumulative layout shift."""
_SHIFT = """() => new Promise((resolve) => {
    const sum = (entries) => entries.reduce((all, one) => all + (one.hadRecentInput ? 0 : one.value), 0);
    const watch = new PerformanceObserver((list) => resolve(sum(list.getEntries())));
    watch.observe({type: "layout-shift", buffered: true});
    requestAnimationFrame(() => requestAnimationFrame(() => resolve(0)));
})"""
_LOADING = """
    new MutationObserver((_, watch) => {
        if (!document.documentElement) return;
        document.documentElement.toggleAttribute("data-loading", true);
        watch.disconnect();
    }).observe(document, {childList: true});
    addEventListener("load", () => document.documentElement.removeAttribute("data-loading"));
"""
WIDTHS = {"wide": (1280, 800), "phone": (390, 844)}
_ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--autoplay-policy=no-user-gesture-required",
    "--use-fake-ui-for-media-stream",
    "--use-fake-device-for-media-stream",
)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """Debian's Chromium, started once."""
    if not CHROMIUM.exists():
        pytest.skip(f"there is no {CHROMIUM}: apt-get install chromium")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=[*_ARGUMENTS, *_microphone()])
        yield browser
        browser.close()


def _microphone() -> list[str]:
    """What the fake microphone hears: a recording, or Chromium's own beeps."""
    heard = os.environ.get("VOICEWRIGHT_TEST_MICROPHONE")
    return [f"--use-file-for-fake-audio-capture={heard}"] if heard else []


@dataclass
class Watched:
    """A browser of somebody, and what went wrong in it."""

    context: BrowserContext
    base_url: str
    faults: list[str] = field(default_factory=list)
    expected: list[str] = field(default_factory=list)
    """Parts of faults that a test provokes."""

    def open(self, path: str) -> Page:
        """A new page at a path of the panel."""
        page = self.context.new_page()
        # nothing is pressed before the scripts have run by which it works, wherever a link or a reload led
        page.add_locator_handler(page.locator("html[data-loading]"), lambda: None)
        page.on(
            "console", lambda message: message.type == "error" and self._fault(f"console: {message.text}")
        )
        page.on("pageerror", lambda error: self._fault(f"error: {error}"))
        page.on("request", self._look_at)
        page.on("response", self._look_at_answer)
        if PICTURES:  # the font is at hand then: a first page does not wait for it
            page.goto(f"{self.base_url}/panel/goodbye")
        page.goto(self.base_url + path)
        return page

    def keep(self, cookies: Mapping[str, str]) -> None:
        """Have it show these cookies from now on."""
        self.context.add_cookies(
            [{"name": name, "value": value, "url": self.base_url} for name, value in cookies.items()]
        )

    def expect(self, *parts: str) -> None:
        """Faults with these words in them are what the test wants."""
        self.expected += parts

    def _fault(self, text: str) -> None:
        self.faults.append(text)

    def _look_at(self, request: Request) -> None:
        address = urlsplit(request.url)
        if (
            address.scheme in {"http", "https", "ws", "wss"}
            and address.netloc != urlsplit(self.base_url).netloc
        ):
            self._fault(f"a request to another host: {request.url}")

    def _look_at_answer(self, response: Response) -> None:
        if response.status >= 400:
            self._fault(f"{response.status} for {response.request.method} {response.url}")

    @property
    def unexpected(self) -> list[str]:
        """What went wrong that should not have."""
        return [fault for fault in self.faults if not any(part in fault for part in self.expected)]


@pytest.fixture
def open_browser(chromium: Browser) -> Iterator[Callable[..., Watched]]:
    """A new browser at a service: `open_browser(base_url, cookies={}, scheme="dark", width="phone")`."""
    opened: list[Watched] = []

    def start(
        base_url: str,
        *,
        cookies: Mapping[str, str] | None = None,
        scheme: str = "light",
        width: str = "wide",
        **more: Any,
    ) -> Watched:
        wide, high = WIDTHS[width]
        context = chromium.new_context(
            color_scheme=scheme, viewport={"width": wide, "height": high}, permissions=["microphone"],
            locale="en-GB", timezone_id="UTC", reduced_motion="reduce", **more,
        )  # fmt: skip
        context.set_default_timeout(PATIENCE_MS)
        context.add_init_script(_LOADING)
        opened.append(Watched(context, base_url))
        opened[-1].keep(cookies or {})
        return opened[-1]

    yield start
    for one in opened:
        one.context.close()
    faults = [fault for one in opened for fault in one.unexpected]
    assert not faults, "\n".join(faults)


@pytest.fixture
def check_page() -> Callable[[Page], None]:
    """Hold a page to what all keep to: no serious fault, one title, as wide as the screen, steady."""

    def check(page: Page) -> None:
        page.wait_for_load_state()  # where a link led here, no more than its beginning may be there
        # with a script of the debugger's: the content security policy lets none into the page
        page.evaluate(AXE.read_text())
        # preloading copies the styles of shadow trees inline, which the policy refuses; no rule here needs it
        found = page.evaluate("axe.run(document, {resultTypes: ['violations'], preload: false})")
        serious = [
            f"{one['id']} ({one['impact']}): {one['help']}: {node['html'][:300]} "
            f"{node.get('failureSummary', '')}"
            for one in found["violations"]
            if one["impact"] in {"serious", "critical"}
            for node in one["nodes"][:3]
        ]
        assert not serious, f"{page.url}\n" + "\n".join(serious)
        titles = page.locator("h1").all_inner_texts()
        assert len(titles) == 1, f"{page.url} has the titles {titles}"
        wider = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wider <= 0, f"{page.url} is {wider} px wider than the screen"
        shifted = page.evaluate(_SHIFT)
        assert shifted < LARGEST_SHIFT, f"{page.url} moves by {shifted:.2f} while it loads"

    return check


@pytest.fixture
def take_picture(repository: Path) -> Callable[[Page, str], None]:
    """Keep what a page looks like, below the folder of `VOICEWRIGHT_PICTURES`, where one is named."""

    def take(page: Page, name: str) -> None:
        if PICTURES:
            path = (repository / PICTURES).resolve() / f"{name}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            page.evaluate("document.fonts.ready.then(() => true)")
            page.screenshot(path=path)

    return take
