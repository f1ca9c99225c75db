"""Uploading a folder in the browser: words found, verdicts as they come, pause, a lost connection, retry."""

from __future__ import annotations

import base64
import io
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import soundfile

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from playwright.sync_api import Route

RATE_HZ = 22_050
DROP = """files => {
  const transfer = new DataTransfer();
  for (const [name, content] of files) {
    transfer.items.add(new File([Uint8Array.from(atob(content), (one) => one.charCodeAt(0))], name));
  }
  const options = { dataTransfer: transfer, bubbles: true, cancelable: true };
  document.querySelector("#drop").dispatchEvent(new DragEvent("dragover", options));
  document.querySelector("#drop").dispatchEvent(new DragEvent("drop", options));
}"""


@pytest.fixture
def folder(sample_recordings: Path, tmp_path: Path) -> Path:
    """Five sound recordings with their words, a noisy one, a silent one and one that is none."""
    made = tmp_path / "Ann reading"
    made.mkdir()
    lines = (sample_recordings / "metadata.csv").read_text().splitlines()[:5]
    for number in range(1, 6):
        name = f"sample-{number:02d}.flac"
        (made / name).write_bytes((sample_recordings / name).read_bytes())
    (made / "metadata.csv").write_text(
        "\n".join([*lines, "noisy|What nobody hears well.", "lost|Not there."])
    )
    voice, rate_hz = soundfile.read(made / "sample-01.flac")
    noise = np.random.default_rng(1).normal(0.0, 2.0 * np.sqrt(np.mean(voice**2)), len(voice))
    soundfile.write(made / "noisy.wav", np.clip(0.5 * voice + 0.5 * noise, -1, 1), rate_hz)
    soundfile.write(made / "silence.wav", np.zeros(3 * RATE_HZ), RATE_HZ)
    (made / "broken.mp3").write_bytes(b"this is no recording")
    return made


@pytest.fixture
def hundred(sample_recordings: Path) -> list[tuple[str, str]]:
    """102 short recordings in Base64, by their names; no two are alike."""
    names, most_s, found = [f"sample-{number:02d}" for number in range(1, 18)], 1.5, []
    for name in names:
        sound, rate_hz = soundfile.read(sample_recordings / f"{name}.flac", dtype="int16")
        for cut, start in enumerate(np.linspace(0, len(sound) - most_s * rate_hz, 6, dtype=int)):
            kept = io.BytesIO()
            soundfile.write(kept, sound[start : start + int(most_s * rate_hz)], rate_hz, format="FLAC")
            found.append((f"{name}-{cut}.flac", base64.b64encode(kept.getvalue()).decode()))
    return found


class Line:
    """The line to `/datasets/upload`, which a test holds, cuts and mends."""

    def __init__(self, end_the_session: Callable[[], None]) -> None:
        self.end_the_session = end_the_session
        self.state = "open"
        self.sent = 0
        self.breaks_at = 0
        self.held: list[Route] = []

    def pass_on(self, route: Route) -> None:
        """Let a request through, or not."""
        self.sent += 1
        if self.state == "held":
            self.held.append(route)
        elif self.state == "cut":
            route.abort("connectionrefused")
        elif self.state == "signed out":
            self.end_the_session()
            route.continue_()
        elif self.state == "broken" and self.sent == self.breaks_at:
            route.fulfill(
                status=500, json={"error": "Something unforeseen happened.", "code": "INTERNAL_ERROR"}
            )
        else:
            route.continue_()


@pytest.mark.browser
def test_a_folder_is_uploaded(  # noqa: PLR0915, PLR0917 - one journey, fixtures
    browse: Callable[..., Any],
    person: Any,
    folder: Path,
    hundred: list[tuple[str, str]],
    services: Any,
    cookies_of: Callable[[Any], dict[str, str]],
    check_page: Callable[..., None],
    take_picture: Callable[..., None],
) -> None:
    browser = browse(person)
    browser.expect("401", "422", "500", "ERR_CONNECTION_REFUSED", "Response Status Error")
    page = browser.open("/panel/upload")
    line = Line(lambda: services.accounts.sessions.end_all(person.id))
    page.route("**/datasets/upload", line.pass_on)

    # the words are found before anything is sent, and what matches nothing is told
    page.locator("#folder").set_input_files(folder)
    page.get_by_text("8 files").first.wait_for()
    page.get_by_text("1 line of metadata.csv names a recording that is not here: lost.").wait_for()
    rows = page.locator("#rows > li")
    assert "The birch canoe" in rows.filter(has_text="sample-01.flac").text_content()
    assert "Without words" in rows.filter(has_text="silence.wav").text_content()
    assert page.get_by_label("Name of the dataset").input_value() == "Ann reading"
    page.get_by_role("textbox", name="Speaker").fill("Ann")
    consent = page.get_by_role("checkbox", name="Ann agrees that a voice is made of these recordings.")
    page.get_by_role("button", name="Upload 8 files").click()
    assert line.sent == 0  # not without her consent
    consent.check()

    # held on the way, paused, cut off: it goes on by itself, and nothing is lost
    line.state = "held"
    page.get_by_role("button", name="Upload 8 files").click()
    page.get_by_role("heading", name="Uploading").wait_for()
    page.locator("#now li").nth(2).wait_for(state="attached")
    page.get_by_role("button", name="Pause").click()
    page.get_by_role("heading", name="Paused").wait_for()
    line.state = "cut"
    page.get_by_role("button", name="Go on").click()
    page.get_by_role("heading", name="The service does not answer").wait_for()
    line.state, line.breaks_at = "broken", line.sent + 5  # neither the noisy one nor the broken one
    page.get_by_role("heading", name="Nearly all there").wait_for()
    check_page(page)

    # each has its verdict, what can't be used its reason; one that was not sent is tried again
    assert "rejected" in rows.filter(has_text="noisy.wav").text_content()
    assert "The content is not audio" in rows.filter(has_text="broken.mp3").text_content()
    assert "Can’t be used" in rows.filter(has_text="silence.wav").text_content()
    again = rows.filter(has_text="Not sent")
    assert again.count() == 1
    failed = again.locator(".file-name").get_attribute("title").rpartition("/")[2]
    again.get_by_role("button", name=f"Try again: {failed}").click()
    page.get_by_role("heading", name="Nearly all there").wait_for()
    page.get_by_text("5 good").wait_for()
    page.evaluate("scrollTo(0, 0)")
    take_picture(page, "upload-light-wide")
    page.get_by_role("radio", name="Need a look").check()
    rows.nth(3).wait_for(state="detached")
    with page.expect_response("**/datasets/upload"):
        page.get_by_role("button", name="Try all again").click()
    page.get_by_role("heading", name="Nearly all there").wait_for()
    (recorded,), _ = services.consents.list_consents(person.id)
    assert (recorded.speaker, recorded.source) == ("Ann", "assertion")

    # the same folder again: what is there is not sent, words of one's own stay, and Ann is not asked twice
    (samples, total) = services.datasets.samples_of(person.id, "Ann reading")
    assert total == 6
    services.samples.set_transcript(samples[1], "Words that somebody mended by hand.")
    page.get_by_role("button", name="Upload others").click()
    page.locator("#folder").set_input_files(folder)
    page.get_by_text("There is one with 6 recordings").wait_for()
    page.get_by_text("That Ann agrees to a voice being made was recorded").wait_for()
    sent = line.sent
    page.get_by_role("button", name="Upload 8 files").click()
    page.get_by_role("heading", name="Nearly all there").wait_for()
    assert line.sent == sent + 2  # the silent one and the broken one
    rows.filter(has_text="sample-01.flac").get_by_text("It was there already.").wait_for(state="attached")
    page.get_by_text("It has other words there, which are kept.").wait_for(state="attached")

    # a row opens in place: it is heard, and its words are mended there
    row = rows.filter(has_text="sample-02.flac")
    row.get_by_role("button", name="Listen and edit: sample-02.flac").click()
    row.locator("[data-ready]").wait_for()
    row.get_by_label("What is said in it").fill("Glue the sheet, and mind the words.")
    row.get_by_role("button", name="Save").click()
    row.locator(".words").get_by_text("Glue the sheet, and mind the words.").wait_for()
    row.get_by_text("Saved", exact=True).wait_for()
    take_picture(page, "upload-row-light-wide")
    assert services.datasets.samples_of(person.id, "Ann reading")[0][2].transcript.startswith(
        "Glue the sheet, "
    )

    # a hundred files are dropped; who is signed out on the way loses none of them
    page.evaluate(DROP, hundred)
    page.get_by_text("102 files").first.wait_for()
    page.get_by_label("Name of the dataset").fill("Ann reading")
    page.get_by_text("There is one with 6 recordings").wait_for()
    page.get_by_text("That Ann agrees to a voice being made was recorded").wait_for()
    line.state = "signed out"
    page.get_by_role("button", name="Upload 102 files").click()
    page.get_by_text("You have been signed out.").wait_for()
    take_picture(page, "upload-signed-out-light-wide")
    line.state = "open"
    page.get_by_role("button", name="Go on").click()
    page.get_by_text("Nobody is signed in yet.").wait_for()
    browser.keep(cookies_of(person))  # as another tab does that signs in
    page.get_by_role("button", name="Go on").click()
    page.get_by_role("heading", name="All there").wait_for(timeout=180_000)
    assert services.datasets.summary(person.id, "Ann reading").files == 6 + len(hundred)

    assert (
        page.get_by_role("link", name="Train a voice")
        .get_attribute("href")
        .endswith("/panel/train?dataset=Ann%20reading")
    )
    page.get_by_role("link", name="Look at the dataset").click()
    page.get_by_role("heading", name="Ann reading").wait_for()
    page.get_by_text("The background is nearly as loud").first.wait_for()


@pytest.mark.browser
def test_too_little_speech_asks_for_more_of_it(
    browse: Callable[..., Any], person: Any, hundred: list[tuple[str, str]]
) -> None:
    page = browse(person).open("/panel/upload")
    name, content = hundred[0]
    one = {"name": name, "mimeType": "audio/flac", "buffer": base64.b64decode(content)}
    page.locator("#files").set_input_files(one)
    page.get_by_label("Name of the dataset").fill("Ann reading")
    page.get_by_role("textbox", name="Speaker").fill("Ann")
    page.get_by_role("checkbox", name="Ann agrees that a voice is made of these recordings.").check()
    page.get_by_role("button", name="Upload 1 file").click()
    page.get_by_text("1 recording has no transcript: their words are recognised").wait_for()
    page.get_by_text("A voice needs 10 seconds of usable speech").wait_for()
    main = page.locator("#next .primary")
    assert main.all_inner_texts() == ["Upload others"]


@pytest.mark.browser
def test_hostile_names_many_files_and_leaving(
    browse: Callable[..., Any],
    person: Any,
    check_page: Callable[..., None],
    take_picture: Callable[..., None],
) -> None:
    page = browse(person, scheme="dark", width="phone").open("/panel/upload")
    check_page(page)
    hostile = '<img src=x onerror="alert(1)">.wav'
    files = [
        {"name": f"take-{number:04d}.wav", "mimeType": "audio/wav", "buffer": b"x"} for number in range(999)
    ]
    files += [{"name": hostile, "mimeType": "audio/wav", "buffer": b"x"}]
    page.locator("#files").set_input_files(files)
    page.get_by_text("1,000 files").first.wait_for()
    assert page.locator("#rows > li").count() == 100
    assert page.locator("#rows img").count() == 0
    page.get_by_text(hostile).wait_for()
    check_page(page)
    page.get_by_role("button", name="Show 100 more of 900").click()
    page.locator("#rows > li").nth(199).wait_for(state="attached")
    page.get_by_label("Name of the dataset").fill("../<b>x")
    page.get_by_text("It will be called “b x”.").wait_for()
    take_picture(page, "upload-dark-phone")

    # whoever leaves while it runs is asked
    page.route("**/datasets/upload", lambda _: None)
    page.get_by_role("textbox", name="Speaker").fill("Ann")
    page.get_by_role("checkbox").last.check()
    page.get_by_role("button", name="Upload 1,000 files").click()
    page.get_by_role("heading", name="Uploading").wait_for()
    asked = []
    page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))
    page.reload()
    page.get_by_text("Drop a folder here").wait_for()
    assert asked == ["beforeunload"]
