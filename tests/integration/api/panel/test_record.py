"""Recording in the browser: who speaks, the microphone, the agreement, sentences and what comes of them."""

from __future__ import annotations

import html
import json
import re
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import soundfile

from voicewright.recordings.prompts.catalogue import catalogue_for
from voicewright.recordings.prompts.choosing import in_order
from voicewright.web.enough import how_far

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from fastapi.testclient import TestClient
    from playwright.sync_api import Browser, Page

    from voicewright.api.services import Services

RATE_HZ = 48_000
CHROMIUM = "/usr/bin/chromium"
_ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--autoplay-policy=no-user-gesture-required",
    "--use-fake-ui-for-media-stream",
    "--use-fake-device-for-media-stream",
)


@pytest.fixture(scope="module")
def speaking(tmp_path_factory: pytest.TempPathFactory, repository: Path) -> Path:
    """What the microphone hears, over and over: a quiet room, then two sentences with rests."""
    noise = np.random.default_rng(1)

    def room(seconds: float) -> np.ndarray:
        return noise.normal(0, 10 ** (-66 / 20), int(seconds * RATE_HZ))

    pieces = [room(4.5)]
    for name in ("sample-02", "sample-05"):
        sound, rate = soundfile.read(repository / "examples" / "recordings" / f"{name}.flac")
        times = np.arange(0.2, 2.6, 1 / RATE_HZ)
        pieces += [
            np.interp(times, np.arange(len(sound)) / rate, sound) * 0.6 / np.abs(sound).max(),
            room(1.0),
        ]
    whole = np.concatenate(pieces)
    path = tmp_path_factory.mktemp("microphone") / "speaking.wav"
    soundfile.write(path, whole + room(len(whole) / RATE_HZ)[: len(whole)], RATE_HZ, subtype="PCM_16")
    return path


@pytest.fixture(scope="module")
def chromium(chromium: Browser, speaking: Path) -> Iterator[Browser]:
    """A browser whose microphone hears that."""
    browser = chromium.browser_type.launch(
        executable_path=CHROMIUM, args=[*_ARGUMENTS, f"--use-file-for-fake-audio-capture={speaking}"]
    )
    yield browser
    browser.close()


def _wait_for_level(page: Page, meter: str, word: str) -> None:
    place = f'[data-level="{meter}"] [data-level-word]'
    page.wait_for_function(
        "([place, word]) => document.querySelector(place).textContent.startsWith(word)", arg=[place, word]
    )


def _take(page: Page, *, started: bool = False) -> None:
    """Record what is said next, with the keyboard."""
    if not started:
        _wait_for_level(page, "take", "Silent")
        page.keyboard.press("Space")
    page.locator('[data-stage][data-state="recording"]').wait_for()
    _wait_for_level(page, "take", "Good")
    _wait_for_level(page, "take", "Silent")
    page.keyboard.press("Space")
    page.locator('[data-stage][data-state="heard"]').wait_for()


def _take_of_nothing(page: Page) -> None:
    """Record a moment in which nobody speaks; on a slow machine somebody may have begun meanwhile."""
    for key in ("Space", "r", "r", "r"):
        _wait_for_level(page, "take", "Silent")
        page.keyboard.press(key)
        page.locator('[data-stage][data-state="recording"]').wait_for()
        page.keyboard.press("Space")
        page.locator('[data-stage][data-state="heard"]').wait_for()
        if page.get_by_text("No speech was heard").is_visible():
            return
    pytest.fail("speech was heard each time")


def _open_microphone(page: Page) -> None:
    page.get_by_role("button", name="Allow the microphone").click()
    page.get_by_role("button", name="Check the room").wait_for()


@pytest.mark.browser
def test_a_whole_sitting(  # noqa: PLR0915, PLR0917 - one journey, and what it takes
    browse: Callable[..., Any],
    make_person: Callable[..., Any],
    services: Services,
    check_page: Callable[[Page], None],
    take_picture: Callable[[Page, str], None],
    tmp_path: Path,
) -> None:
    ann = make_person("ann@example.com", name="Ann")
    browser = browse(ann)
    page = browser.open("/panel/record")
    check_page(page)
    take_picture(page, "record-begin-light")
    assert page.get_by_label("Name of the dataset").input_value() == "Ann reading"
    page.get_by_role("button", name="Set up the microphone").click()

    # the microphone, its level, the room
    _open_microphone(page)
    assert page.get_by_label("Microphone", exact=True).locator("option").count() >= 1
    for _ in range(4):  # a slow machine may have listened while somebody spoke
        page.locator("[data-noise]").click()
        page.locator("[data-noise-result]").wait_for()
        if "quiet" in page.locator("[data-noise-title]").inner_text():
            break
    assert "dBFS" in page.locator("[data-noise-title]").inner_text()
    page.wait_for_function(
        "() => { const meter = document.querySelector('[data-level=setup] [role=meter]'); "
        "return meter.ariaValueText === 'Good' && Number(meter.ariaValueNow) > -45; }"
    )
    check_page(page)
    take_picture(page, "record-microphone-light")
    page.get_by_role("button", name="Go on").click()

    # the agreement, aloud
    page.get_by_role("heading", name="Ann agrees").wait_for()
    assert page.get_by_role("button", name="Agree without a recording").is_disabled()
    _wait_for_level(page, "agreement", "Silent")
    page.get_by_role("button", name="Record the sentence").click()
    _wait_for_level(page, "agreement", "Good")
    _wait_for_level(page, "agreement", "Silent")
    page.get_by_role("button", name="Stop").click()
    page.locator("[data-said]").wait_for()
    page.get_by_label("Ann agrees that").check()
    check_page(page)
    take_picture(page, "record-agreement-light")
    page.get_by_role("button", name="Keep the agreement").click()
    page.locator("[data-sentence]").wait_for()
    (consent,), _ = services.consents.list_consents(ann.id)
    assert (consent.speaker, consent.source) == ("Ann", "recording")

    # two sentences, heard and kept
    first = page.locator("[data-sentence]").inner_text()
    _take_of_nothing(page)
    page.keyboard.press("r")
    _take(page, started=True)
    page.keyboard.press("Space")  # plays it
    page.wait_for_function("() => document.querySelector('[data-player]').audio.currentTime > 0.1")
    length_s = page.evaluate("document.querySelector('[data-player]').audio.duration")
    page.keyboard.press("Enter")
    page.wait_for_function(
        "(said) => document.querySelector('[data-sentence]').textContent !== said", arg=first
    )
    second = page.locator("[data-sentence]").inner_text()
    _take(page)
    page.keyboard.press("Enter")
    takes = page.locator("[data-takes] li.take")
    takes.get_by_text("Good").nth(1).wait_for()
    sounds = int(page.locator('[data-figure="sounds"]').inner_text().split()[0])
    known = catalogue_for("en-us")
    assert known is not None
    read = [prompt for prompt in known.prompts if prompt.text in {first, second}]
    assert sounds == len(read[0].heard | read[1].heard) > len(read[0].heard)
    take_picture(page, "record-sentences-light")
    check_page(page)

    # what the server has
    samples, total = services.datasets.samples_of(ann.id, "Ann reading")
    assert total == 2
    assert {sample.transcript for sample in samples} == {first, second}
    kept = next(sample for sample in samples if sample.transcript == first)
    services.samples.vault.of(ann.id).fetch_file(kept.digest, tmp_path / "kept.wav")
    sound, rate = soundfile.read(tmp_path / "kept.wav")
    assert sound.ndim == 1
    assert len(sound) / rate == pytest.approx(length_s, abs=0.02) == pytest.approx(kept.duration_s, abs=0.02)
    assert np.abs(sound).max() == pytest.approx(0.6, abs=0.15)

    # a new take replaces the one before
    page.get_by_role("button", name="Back").click()
    assert page.locator("[data-sentence]").inner_text() == second
    _take(page)
    page.keyboard.press("Enter")
    page.wait_for_function("() => document.querySelectorAll('[data-takes] .badge.good').length === 2")
    page.get_by_role("button", name="Finish").last.click()
    page.get_by_role("heading", name="What you have recorded").wait_for()
    assert page.locator('[data-end="good"]').inner_text() == "2"
    check_page(page)
    take_picture(page, "record-finish-light")
    again, total = services.datasets.samples_of(ann.id, "Ann reading")
    assert total == 2
    assert {sample.id for sample in again} != {sample.id for sample in samples}


@pytest.mark.browser
def test_coming_back_on_a_phone_in_the_dark(  # noqa: PLR0917 - the fixtures
    browse: Callable[..., Any],
    make_person: Callable[..., Any],
    enter_sample: Callable[..., Any],
    enter_dataset: Callable[..., Any],
    services: Services,
    check_page: Callable[[Page], None],
    take_picture: Callable[[Page, str], None],
) -> None:
    ann = make_person("ann@example.com", name="Ann")
    known = catalogue_for("en-us")
    assert known is not None
    dataset = enter_dataset(ann.id, name="Ann in the evening", speaker="Ann")
    for prompt in in_order(known.prompts)[:30]:
        faint = prompt.text.startswith("O")
        enter_sample(
            ann.id,
            speech_s=3.5,
            text=prompt.text,
            dataset=dataset,
            verdict="usable" if faint else "good",
            reasons=("the background is loud: speech is only 17 dB above it",) if faint else (),
        )
    services.consents.assert_consent(ann.id, "Ann", asserted_by=ann.id)
    browser = browse(ann, scheme="dark", width="phone")
    page = browser.open("/panel/record")
    check_page(page)
    take_picture(page, "record-begin-dark-phone")
    page.get_by_role("link", name="Record more").click()
    # the button is grey until the script runs, and half grey for a moment after that
    page.wait_for_function("() => getComputedStyle(document.querySelector('[data-open]')).opacity === '1'")
    check_page(page)
    _open_microphone(page)
    check_page(page)
    take_picture(page, "record-microphone-dark-phone")
    page.get_by_role("button", name="Go on").first.click()
    page.locator("[data-sentence]").wait_for()  # the agreement is on record
    page.get_by_role("button", name="Agreement").click()
    page.get_by_text("The agreement is on record").wait_for()
    page.get_by_role("button", name="Record another agreement").click()
    page.get_by_role("button", name="Later").click()
    assert page.locator('[data-figure="sounds"]').inner_text() == "40 of 40"
    skipped = page.locator("[data-sentence]").inner_text()
    assert skipped == in_order(known.prompts)[30].text
    page.get_by_role("button", name="Skip").click()
    assert page.locator("[data-sentence]").inner_text() != skipped
    page.get_by_text("Read your own text").click()
    page.get_by_label("Text", exact=True).fill("My dog is called Ben. He sleeps all day.")
    page.get_by_role("button", name="Add the sentences").click()
    assert page.locator("[data-sentence]").inner_text() == "My dog is called Ben."

    # the connection is lost: takes wait, and go when it is back
    browser.expect("ERR_INTERNET_DISCONNECTED")
    page.context.set_offline(True)
    _take(page)
    take_picture(page, "record-sentences-dark-phone")
    check_page(page)
    page.set_viewport_size({"width": 1280, "height": 800})
    take_picture(page, "record-sentences-dark")
    page.keyboard.press("Enter")
    page.get_by_text("The connection is lost").wait_for()
    page.context.set_offline(False)
    page.locator("[data-takes] li.take").first.get_by_text("Good").wait_for()
    assert page.locator("[data-sentence]").inner_text() == "He sleeps all day."


@pytest.mark.browser
def test_what_comes_between_a_recording_and_its_end(
    browse: Callable[..., Any], make_person: Callable[..., Any]
) -> None:
    page = browse(make_person("ann@example.com", name="Ann")).open("/panel/record?dataset=ann")
    _open_microphone(page)
    # a recording takes the microphone from a check of the room, which can be made again
    page.locator("[data-noise]").click()
    page.locator("[data-noise-progress]").wait_for()
    page.get_by_role("button", name="Agreement").click()
    page.get_by_role("button", name="Record the sentence").click()
    # whoever presses Stop twice stops once
    page.get_by_role("button", name="Stop").dblclick()
    page.locator("[data-said]").wait_for()
    page.get_by_role("button", name="Record it again").wait_for()
    page.get_by_role("button", name="Microphone", exact=True).click()
    page.locator("[data-noise]:enabled").click()
    page.locator("[data-noise-result]").wait_for()


@pytest.mark.browser
def test_no_microphone(browse: Callable[..., Any], make_person: Callable[..., Any]) -> None:
    browser = browse(make_person("ann@example.com"))
    page = browser.open("/panel/sign-in")
    refused = "navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('', '{}'))"
    insecure = "Object.defineProperty(globalThis, 'isSecureContext', {value: false})"
    for script, told in (
        (refused.format("NotAllowedError"), "was not allowed"),
        (refused.format("NotFoundError"), "Plug one in"),
        (insecure, "Open this page with https"),
    ):
        page = page.context.new_page()
        page.add_init_script(script)
        page.goto(f"{browser.base_url}/panel/record?dataset=ann")
        button = page.get_by_role("button", name="Allow the microphone")
        if "https" not in told:
            button.click()
        page.get_by_text(told).wait_for()
        assert button.is_disabled() == ("https" in told)


def test_the_studio_goes_on_where_somebody_stopped(
    client: TestClient,
    cookies_of: Callable[..., dict[str, str]],
    make_person: Callable[..., Any],
    enter_sample: Callable[..., Any],
    enter_dataset: Callable[..., Any],
) -> None:
    ann, bob = make_person("ann@example.com", name="Ann"), make_person("bob@example.com", name="Bob")
    known = catalogue_for("en-us")
    assert known is not None
    first, second, third = in_order(known.prompts)[:3]
    mine = enter_dataset(ann.id, name="mine")
    kept = enter_sample(ann.id, text=first.text.upper().replace(".", " !"), dataset=mine)
    enter_sample(ann.id, text="Something else", dataset=mine)
    spoilt = enter_sample(ann.id, text=second.text, verdict="rejected", dataset=mine)
    plan = _plan(_get(client, cookies_of(ann), dataset="Mine").text)
    assert [(one["text"], one["id"]) for one in plan["taken"]] == [(first.text, str(kept.id))]
    assert how_far(plan["good_seconds"]).tone == "good" != how_far(plan["good_seconds"] - 1).tone
    assert plan["others"] == {"seconds": 60.0}  # their words are not the page's business
    assert plan["prompts"][0]["text"] in {second.text, third.text}
    assert [one["replaces"] for one in plan["prompts"] if "replaces" in one] == [str(spoilt.id)]
    assert len(plan["prompts"]) == len(known.prompts) - 1
    # nobody sees what others recorded
    assert _plan(_get(client, cookies_of(bob), dataset="mine").text)["taken"] == []


def test_what_can_not_be_recorded_is_told_in_the_form(
    client: TestClient,
    cookies_of: Callable[..., dict[str, str]],
    make_person: Callable[..., Any],
    enter_dataset: Callable[..., Any],
) -> None:
    ann = make_person("ann@example.com", name="<b>Ann</b>")
    enter_dataset(ann.id, name="mine", speaker="Ann")
    cookies = cookies_of(ann)
    for query, status, told in (
        ({"dataset": "../x"}, 422, "Take out or replace"),
        ({"dataset": "x", "language": "klingonese!"}, 422, "no tag of a language"),
        ({"dataset": "mine", "speaker": "Bob"}, 409, "Bob"),
    ):
        answer = _get(client, cookies, **query)
        assert (answer.status_code, told in answer.text) == (status, True), query
    form = _get(client, cookies).text
    assert "&lt;b&gt;Ann" in form
    assert "<b>Ann" not in form
    hostile = _get(client, cookies, dataset="x", speaker="</div><b>x").text
    assert "<b>x" not in hostile
    assert _plan(hostile)["speaker"] == "</div><b>x"
    assert _get(client, cookies, dataset="x", language="fi").text.count("no sentences for Finnish")


def _plan(page: str) -> dict[str, Any]:
    (told,) = re.findall(r'data-plan="([^"]*)"', page)
    return json.loads(html.unescape(told))


def _get(client: TestClient, cookies: dict[str, str], **query: str) -> Any:
    client.cookies.clear()
    client.cookies.update(cookies)
    return client.get("/panel/record", params=query)
