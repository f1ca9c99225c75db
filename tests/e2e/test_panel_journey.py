"""A new operator's whole journey in a browser, with the real program, its worker and the built-in engine."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

PASSWORD = "correct horse battery"  # noqa: S105
TRAINING_MS = 900_000
HEARING_MS = 60_000
SENTENCES = 2
PAGES = (
    "/panel", "/panel/datasets", "/panel/datasets/Ann%20reading", "/panel/train", "/panel/jobs",
    "/panel/voices", "/panel/listening", "/panel/speak", "/panel/account", "/panel/admin",
)  # fmt: skip
"""What the journey has filled; every other page is looked at where it is tested."""


@pytest.fixture
def service(command_line: Any) -> Iterator[dict[str, str]]:
    """What `voicewright serve` says when it is ready."""
    process = command_line.start("serve", "--port", "0", "--json")
    assert process.stdout is not None
    yield json.loads(process.stdout.readline())
    process.terminate()
    process.communicate(timeout=60)


@pytest.fixture
def folder(speech_dir: Path, tmp_path: Path) -> Path:
    """Recordings as somebody has them: MP3 files and their `metadata.csv` in one folder."""
    folder = tmp_path / "Ann reading"
    shutil.copytree(speech_dir / "ljspeech" / "mp3", folder)
    shutil.copy(speech_dir / "ljspeech" / "metadata.csv", folder)
    return folder


@pytest.mark.browser
@pytest.mark.speech
def test_from_the_first_link_to_a_voice_that_is_heard(
    service: dict[str, str],
    open_browser: Callable[..., Any],
    folder: Path,
    check_page: Callable[[Page], None],
    take_picture: Callable[[Page, str], None],
) -> None:
    browser = open_browser(service["url"])
    page = enter(browser, service["first_run_link"])
    take_picture(page, "journey-1-home")
    upload(page, folder)
    take_picture(page, "journey-2-upload")
    page.get_by_role("link", name="Look at the dataset").click()
    page.get_by_role("heading", name="Recordings, worst first").wait_for()
    take_picture(page, "journey-3-dataset")

    page.get_by_role("link", name="Train a voice").click()
    job = train(
        page, "Built-in", "Ann's reading voice", picture=lambda: take_picture(page, "journey-4-train")
    )
    page.locator("[data-log] li").first.wait_for(timeout=TRAINING_MS)
    page.locator("[data-charts] canvas").first.wait_for(timeout=TRAINING_MS)
    take_picture(page, "journey-5-job")
    page.get_by_role("heading", name="The voice is ready").wait_for(timeout=TRAINING_MS)
    assert page.url == job  # it was watched: nobody loaded anything anew
    hear(page.locator("#heard audio-player").first)
    take_picture(page, "journey-6-done")

    page.goto(f"{browser.base_url}/panel")
    page.get_by_label("What Ann's reading voice is to say").fill("Good morning. It is a fine day for a walk.")
    page.keyboard.press("Enter")
    moves(page.locator("speech-player"))
    page.get_by_text("0:00 /").wait_for(state="detached", timeout=HEARING_MS)  # it is heard to its end
    take_picture(page, "home-light")
    page.goto(job)

    page.get_by_role("link", name="Train with another engine").click()
    train(page, "Tone", None, threshold="0")
    page.get_by_role("heading", name="The voice is ready").wait_for(timeout=TRAINING_MS)

    compare(page, browser.base_url)
    check_page(page)
    take_picture(page, "journey-7-compare")
    listen_blind(page)
    check_page(page)
    take_picture(page, "journey-8-blind")

    page.goto(f"{browser.base_url}/panel/speak")
    page.get_by_label("Text").fill(
        "The birch canoe slid on the smooth planks, and the morning smelled of rain."
    )
    page.get_by_role("button", name="Speak", exact=True).click()
    hear_speech(page)
    take_picture(page, "journey-9-speak")

    cookies = {one["name"]: one["value"] for one in browser.context.cookies()}
    for scheme, width in (("dark", "wide"), ("light", "phone")):
        other = open_browser(service["url"], cookies=cookies, scheme=scheme, width=width)
        for path in PAGES:
            seen = other.open(path)
            seen.get_by_role("heading", level=1).wait_for()
            check_page(seen)
            seen.close()


def enter(browser: Any, link: str) -> Page:
    """Make the first administrator and be signed in."""
    page = browser.open(link.removeprefix(browser.base_url))
    page.get_by_label("Your name").fill("Ann")
    page.get_by_label("E-mail address").fill("ann@example.com")
    page.get_by_label("Password").first.fill(PASSWORD)
    page.get_by_role("button", name="Make my account").click()
    page.get_by_role("heading", level=1).wait_for()
    assert urlsplit(page.url).path == "/panel"
    return page


def upload(page: Page, folder: Path) -> None:
    """Upload a folder, and see it judged."""
    page.get_by_role("link", name="Upload", exact=True).first.click()
    page.locator("#folder").set_input_files(folder)
    page.get_by_label("Name of the dataset").fill("Ann reading")
    page.get_by_role("textbox", name="Speaker").fill("Ann")
    page.locator("#agree input").check()
    page.locator("#start").click()
    page.get_by_role("heading", name="All there").wait_for(timeout=TRAINING_MS)


def train(
    page: Page,
    engine: str,
    name: str | None,
    *,
    threshold: str | None = None,
    picture: Callable[[], None] = lambda: None,
) -> str:
    """Choose an engine, read the estimate, start; the address of the job's page."""
    for other in page.get_by_role("checkbox", checked=True).all():
        other.uncheck()
    page.get_by_role("checkbox", name=engine).check()
    if name is not None:
        page.get_by_label("Name of the voice").fill(name)
    if threshold is not None:
        page.get_by_text("Limits and priority").click()
        page.get_by_label("Quality threshold").fill(threshold)
    page.locator("[data-start]:enabled").wait_for()
    picture()
    page.locator("[data-start]").click()
    page.locator("#job").wait_for()
    return page.url


def compare(page: Page, base_url: str) -> None:
    """The two versions side by side, and one sentence spoken by each."""
    page.goto(f"{base_url}/panel/voices")
    page.get_by_role("link", name="Ann's reading voice").first.click()
    page.get_by_role("link", name="Compare the last two").click()
    page.get_by_role("heading", name="Line by line").wait_for()
    page.get_by_role("button", name="Have each say it").click()
    for number in range(2):
        hear(page.locator("[data-spoken] audio-player").nth(number))


def listen_blind(page: Page) -> None:
    """A blind test of two sentences, heard, voted and revealed."""
    page.get_by_role("link", name="Blind test with these").click()
    page.get_by_role("spinbutton", name="Sentences").fill(str(SENTENCES))
    page.get_by_role("button", name="Start").click()
    for number in range(SENTENCES):
        page.get_by_text(f"Trial {number + 1} of {SENTENCES}").wait_for(timeout=HEARING_MS)
        for letter in ("A", "B"):
            page.keyboard.press(letter.lower())
            take = page.locator(f"[data-take={letter.lower()}]")
            take.get_by_text("Heard", exact=True).wait_for(timeout=HEARING_MS)
        page.keyboard.press("1")
    page.get_by_role("button", name="See who was who").click()
    page.get_by_role("heading", name="Who was who").wait_for()


def hear(player: Locator) -> None:
    """Press play and wait until the sound moves."""
    player.wait_for(timeout=HEARING_MS)
    player.get_by_role("button").click()
    moves(player)


def hear_speech(page: Page) -> None:
    """What is being spoken plays by itself while it is made."""
    moves(page.locator("speech-player"))
    page.locator("#after").wait_for(timeout=HEARING_MS)


def moves(player: Locator) -> None:
    """The audio element really plays."""
    player.page.wait_for_function(
        "(player) => { const audio = player.audio ?? player.querySelector('audio'); "
        "return audio.duration > 0 && audio.currentTime > 0.1 }",
        arg=player.element_handle(),
        timeout=HEARING_MS,
    )
