"""Choosing, watching and ending trainings in a real browser: live, whatever happens to the connection."""

from __future__ import annotations

import socket
import threading
import uuid
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from voicewright.api.server import Server, listen
from voicewright.audio.encode import write_audio
from voicewright.training.models import TrainingJob
from voicewright.voices.rehearsals import Rehearsed
from voicewright.worker.node import Abilities

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from fastapi import FastAPI

    from voicewright.api.services import Services
    from voicewright.db.server import Database

pytestmark = pytest.mark.browser
PATIENCE_S = 60
LONG_S = 120.0
"""So long that what is played goes on whatever else is waited for."""


class Restartable:
    """The application on a port, which goes away and comes back."""

    def __init__(self, app: FastAPI) -> None:
        self._app = app
        self._kept = socket.socket()  # nobody is given its port while the application is away
        self._kept.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._kept.bind(("127.0.0.1", 0))
        self.port = self._kept.getsockname()[1]
        self.start()

    @property
    def url(self) -> str:
        """Where it is."""
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Come back, at the same port."""
        ready = threading.Event()
        self._listener = listen("127.0.0.1", self.port)
        self._server = Server(self._app, self._listener, on_ready=ready.set)
        self._thread = threading.Thread(target=self._server.serve_until_stopped, name="server")
        self._thread.start()
        assert ready.wait(PATIENCE_S)

    def stop(self) -> None:
        """Go away."""
        with closing(self._listener):
            self._server.should_exit = True
            self._thread.join(PATIENCE_S)
        assert not self._thread.is_alive()

    def end(self) -> None:
        """Go away for good."""
        self.stop()
        self._kept.close()


@pytest.fixture
def server(app: FastAPI) -> Iterator[Restartable]:
    """The application, which can be restarted."""
    running = Restartable(app)
    yield running
    running.end()


@pytest.fixture
def announce(database: Database, services: Services) -> Callable[[], None]:
    """Have a node give a sign of life that offers the humming engine; it is gone after half a minute."""
    engine = services.stock.engines.find("tone")
    node = Abilities(uuid.uuid4(), "studio", {"tone": engine}, 1, None, 0)
    return lambda: node.announce(database)


def learn(it: Any, epochs: range) -> None:
    """Curves as a training draws them."""
    for epoch in epochs:
        it.metric("training_loss", epoch, 2.1 / epoch + 0.4)
        it.metric("validation_loss", epoch, 2.2 / epoch + 0.47)
        it.metric("similarity", epoch, 1 - 0.6 / epoch**0.5)


def refuse_the_second(route: Any) -> None:
    """Have the second engine refused after the first was started."""
    if route.request.post_data_json["provider"] == "tone":
        route.fulfill(status=409, json={"error": "It is busy.", "code": "NODE_BUSY"})
    else:
        route.continue_()


def scroll_through_the_log(page: Any, it: Any) -> None:
    """It follows its end, and not while somebody reads further up."""
    for number in range(40):
        it.log(f"line {number}")
    page.get_by_text("line 39").wait_for()
    log = page.get_by_label("Log of the training")
    log.evaluate("element => element.scrollTo(0, 0)")
    page.get_by_role("button", name="Follow the end").wait_for()
    it.log("line 40")
    page.get_by_text("line 40").wait_for(state="attached")
    assert log.evaluate("element => element.scrollTop") == 0
    page.get_by_role("button", name="Follow the end").click()
    assert log.evaluate("element => element.scrollTop") > 0


@pytest.fixture
def speak(services: Services, tmp_path: Path) -> Callable[..., None]:
    """Have the voice of a job say something after an epoch, as a worker keeps and tells it."""

    def speak_after(it: Any, epoch: int) -> None:
        said = Rehearsed(epoch, "The old fisherman pushed his boat away.", LONG_S, None, signed=False)
        hum = 0.2 * np.sin(np.arange(int(LONG_S) * 22_050, dtype=np.float32) / 20)
        write_audio(tmp_path / said.name, [hum], 22_050, "flac")
        services.voices.of(it.job.owner_id).keep_rehearsal(it.job.id, said, tmp_path / said.name)
        it.log(f"The voice said a sentence after epoch {epoch}.", audio=said.name, epoch=epoch)

    return speak_after


def listen_while_more_comes(page: Any, it: Any, speak: Callable[..., None]) -> None:
    """A sample appears by itself and plays; the next one leaves it playing."""
    speak(it, 10)
    heard = page.get_by_role("region", name="After 10 epochs")
    heard.get_by_role("button", name="Play").click()
    page.wait_for_function(
        "() => { const { audio } = document.querySelector('#heard audio-player'); "
        "return audio.duration > 100 && audio.currentTime > 0.1; }"
    )
    speak(it, 40)
    speak(it, 20)
    page.get_by_role("region", name="After 20 epochs").wait_for()
    assert page.locator("#heard h3").all_text_contents() == [
        "After 10 epochs",
        "After 20 epochs",
        "After 40 epochs",
    ]
    playing = (
        "() => { const { audio } = document.querySelector('#heard audio-player'); return !audio.paused; }"
    )
    assert page.evaluate(playing)
    heard.get_by_role("button", name="Pause").click()


def test_a_training_is_watched_to_its_end_over_a_restart_of_the_server(  # noqa: PLR0915, PLR0917 - a journey
    open_browser: Any, server: Restartable, cookies_of: Any, person: Any, enter_job: Any, happening: Any,
    check_page: Callable[[Any], None], take_picture: Any, speak: Callable[..., None],
) -> None:  # fmt: skip
    job = enter_job(person.id)
    it = happening(job)
    it.log("Queued: Ann's reading voice, from 102 samples with 431 s of speech.")
    it.log("94 of 102 clips accepted, with 431 s of speech.")
    it.log("reading-17.mp3: too much noise in the background", "warning")
    it.progress(8.0, "finding speech")
    browser = open_browser(server.url, cookies=cookies_of(person))
    page = browser.open(f"/panel/jobs/{job.id}")
    page.get_by_text("finding speech").wait_for()
    assert page.get_by_text("They appear with the second epoch").is_visible()

    learn(it, range(1, 30))
    it.log("Epoch 29 was the best so far.")
    it.log("grad norm 0.13", "debug")
    it.progress(61.0, "learning")
    page.get_by_text("61 %", exact=True).wait_for()
    page.get_by_text("Training loss: 0.472 at epoch 29").wait_for()
    assert page.locator("figure").count() == 2
    page.get_by_text("Epoch 29 was the best so far.").wait_for()
    assert page.get_by_text("grad norm").is_hidden()
    page.get_by_label("Technical lines").check()
    assert page.get_by_text("grad norm").is_visible()
    assert page.locator("[data-milestone]").text_content() == "Now: Train the voice."
    assert "left" in str(page.locator("[data-left]").text_content())
    page.evaluate("scrollTo(0, 0)")
    take_picture(page, "job-light")
    check_page(page)

    scroll_through_the_log(page, it)
    listen_while_more_comes(page, it, speak)
    take_picture(page, "job-heard-light")

    browser.expect("ERR_CONNECTION_REFUSED", "ERR_INCOMPLETE", "ERR_EMPTY_RESPONSE", "ERR_CONNECTION_RESET")
    browser.expect("htmx:")  # parts of the page are asked for in vain
    server.stop()
    page.get_by_text("Reconnecting").wait_for()
    figures = page.locator("#figures")
    figures.evaluate("element => element.toggleAttribute('data-old')")
    page.evaluate("document.body.dispatchEvent(new CustomEvent('job-moved'))")
    page.get_by_text("Not up to date").wait_for()
    assert page.get_by_text("Not up to date").count() == 1
    it.log("written while nobody listened")
    it.progress(90.0, "judging the voice")
    server.start()
    page.get_by_text("written while nobody listened").wait_for()
    page.get_by_text("90 %", exact=True).wait_for()
    page.get_by_text("Reconnecting").wait_for(state="hidden")
    page.get_by_text("Not up to date").wait_for(state="detached")
    page.locator("#figures:not([data-old])").wait_for()  # what was asked for in vain is there

    rises = page.get_by_text("A validation loss that rises again need not mean a worse voice")
    assert rises.is_hidden()
    it.metric("validation_loss", 30, 0.9)
    rises.wait_for()
    it.complete()
    page.get_by_role("heading", name="The voice is ready").wait_for()
    assert page.get_by_text("Two words were lost").is_visible()
    assert page.locator(".steps [data-stands=done]").count() == 5
    assert "is ready" in str(page.locator("[data-milestone]").text_content())
    assert page.get_by_role("button", name="Cancel").count() == 0


def test_a_training_that_fails_is_tried_again_and_cancelled(  # noqa: PLR0917 - fixtures
    browse: Any, person: Any, enter_job: Any, happening: Any, database: Database, check_page: Any,
    take_picture: Any,
) -> None:  # fmt: skip
    job = enter_job(person.id, progress=70.0)
    it = happening(job)
    page = browse(person, scheme="dark", width="phone").open(f"/panel/jobs/{job.id}")
    page.get_by_text("70 %", exact=True).wait_for()
    it.log("Memory ran out.", "error")
    it.status(
        "failed", error_code="NO_MEMORY", last_error="Memory ran out in epoch 12.", can_retry=True,
        suggested_actions=["Lower options.batchSize, or give fewer samples."],
    )  # fmt: skip
    page.get_by_role("heading", name="What went wrong").wait_for()
    assert page.get_by_text("Lower the batch size").is_visible()
    assert page.locator("[data-stage=training]").get_attribute("data-stands") == "failed"
    page.reload()  # what comes in live moves the page; what is there from the start does not
    page.get_by_role("heading", name="What went wrong").wait_for()
    take_picture(page, "job-failed-dark-phone")
    check_page(page)

    page.get_by_role("button", name="Retry").click()
    page.get_by_text("No node that is there now can run it").wait_for()
    page.get_by_text("0 %", exact=True).wait_for()
    it.status("running")
    page.locator("[data-stage=listening][data-stands=running]").wait_for()  # it listens again

    page.get_by_role("button", name="Cancel").click()
    page.get_by_role("button", name="Cancel the training").click()
    page.get_by_text("It was cancelled").wait_for()
    with database.session() as session:
        assert session.get_one(TrainingJob, job.id).status == "cancelled"


@pytest.mark.parametrize(("scheme", "width"), [("light", "wide"), ("dark", "phone")])
def test_the_list_is_live(  # noqa: PLR0917 - fixtures
    browse: Any, person: Any, enter_job: Any, happening: Any, check_page: Any, take_picture: Any,
    scheme: str, width: str,
) -> None:  # fmt: skip
    enter_job(
        person.id, "Ann on the telephone", status="failed", dataset_name="Calls", actual_cost=0.02,
        last_error="The voice reached an overall quality of 0.520, and 0.700 was asked for.",
    )  # fmt: skip
    enter_job(person.id, "Bedtime stories", status="completed", quality_score=0.91, actual_cost=0.03)
    job = enter_job(person.id)
    it = happening(job)
    it.progress(42.0, "learning")
    page = browse(person, scheme=scheme, width=width).open("/panel/jobs")
    page.get_by_text("42 %").wait_for()
    row = page.locator(f"#job-{job.id}")
    it.progress(50.0, "tuning")
    row.get_by_text("50 %").wait_for()  # perhaps with all rows, as the stream has begun only now
    row.evaluate("element => { element.kept = true; }")
    it.progress(58.0, "tuning")
    row.get_by_text("58 %").wait_for()
    assert row.evaluate("element => element.kept")  # moved in its place
    happening(enter_job(person.id, "Grandfather's letters", status="queued")).log("Queued.")
    page.get_by_role("link", name="Grandfather's letters").wait_for()
    take_picture(page, f"jobs-{scheme}-{width}")
    check_page(page)

    it.complete()
    row.get_by_text("completed").wait_for()
    page.get_by_label("Search").fill("bedtime")
    page.get_by_role("link", name="Grandfather's letters").wait_for(state="detached")
    assert page.url.endswith("search=bedtime")
    page.get_by_role("link", name="Completed").click()
    page.get_by_role("link", name="Bedtime stories").click()
    page.get_by_role("heading", name="The voice is ready").wait_for()


def train_again(browser: Any, page: Any, announce: Callable[[], None]) -> None:
    """With two engines, of which the second is refused at first."""
    page.get_by_role("link", name="Train with another engine").click()
    page.get_by_text("The recordings of Ann, reading").wait_for()
    page.locator("[data-engine=builtin] input").uncheck()
    announce()
    page.locator("#engine-tone").check()
    page.locator("#engine-heavy").check()
    browser.expect("409")
    page.route("**/again", refuse_the_second)
    page.get_by_role("button", name="Start 2 trainings").click()
    page.get_by_text("Hum was not started: It is busy.").wait_for()
    page.get_by_text("Heavy is queued.").wait_for()
    assert not page.locator("#engine-heavy").is_checked()
    page.unroute("**/again", refuse_the_second)
    page.get_by_role("button", name="Start the training").click()
    page.get_by_text("2 trainings are queued.").wait_for()
    names = page.get_by_role("link", name="Ann, reading")
    names.nth(2).wait_for()
    assert names.count() == 3  # one was cancelled; nothing was started twice


def choose_a_moment(page: Any) -> None:
    """Nothing starts before one is chosen."""
    page.get_by_label("When").select_option("later")
    page.locator("[data-estimates]", has_text="Choose when it may start.").wait_for()
    assert page.get_by_role("button", name="Start the training").is_disabled()
    soon = datetime.now(UTC) + timedelta(days=2)
    page.get_by_label("Not before").fill(f"{soon:%Y-%m-%d}T10:00")
    page.locator(".estimate", has_text=f"{soon.year}, 10:00").wait_for()


def start_is_seen(page: Any) -> None:
    """The button is in the window, whatever is estimated, and wherever the page and the card are scrolled."""
    button = page.get_by_role("button", name="Start ")
    scrolled = page.get_by_role("group", name="Before you start")
    assert scrolled.evaluate("element => element.scrollHeight > element.clientHeight")  # it does not fit
    for height in (0, 100_000):
        page.evaluate("height => scrollTo(0, height)", height)
        scrolled.evaluate("(element, height) => element.scrollTo(0, height)", height)
        box = button.bounding_box()
        assert box["y"] >= 0
        assert box["y"] + box["height"] <= page.viewport_size["height"]
    page.evaluate("scrollTo(0, 0)")


def test_a_training_is_chosen_estimated_and_started(  # noqa: PLR0915, PLR0917 - a journey
    browse: Any, announce: Callable[[], None], person: Any, enter_dataset: Any, enter_sample: Any,
    check_page: Any, take_picture: Any,
) -> None:  # fmt: skip
    announce()
    readings = enter_dataset(person.id, name="Evening readings")
    for number in range(9):
        enter_sample(person.id, dataset=readings, speech_s=48.0, verdict="good" if number else "usable")
    enter_sample(
        person.id, dataset=enter_dataset(person.id, name="Grandfather", speaker="Karl"), speech_s=0.5
    )
    browser = browse(person)
    page = browser.open("/panel/train?dataset=Grandfather")
    page.get_by_label("Hum").check()
    page.locator("[data-engine=builtin] input").uncheck()
    page.locator(".estimate").get_by_text("There are 0 s of usable speech").wait_for()
    assert page.locator("[data-engine=tone] [data-fit]").text_content().startswith("Too short")
    assert page.get_by_role("button", name="Start the training").is_disabled()

    announce()
    page.get_by_role("radio", name="Evening readings").check()
    page.get_by_text("as soon as studio is free").wait_for()
    page.get_by_text("by starting you say that Ann agrees").wait_for()
    choose_a_moment(page)
    announce()
    page.get_by_label("When").select_option("now")
    page.get_by_text("as soon as studio is free").wait_for()
    page.evaluate("scrollTo(0, 0)")
    take_picture(page, "train-light")
    check_page(page)
    browser.expect("422")
    page.get_by_role("spinbutton", name="Epochs").fill("0")
    page.get_by_text("Input should be greater than or equal to 1").wait_for()
    announce()
    page.get_by_role("spinbutton", name="Epochs").fill("7")
    page.get_by_text("as soon as studio is free").wait_for()

    page.locator("#engine-openai-tts").check()
    page.locator(".estimate").get_by_text("The speaker's consent is missing").wait_for()
    assert "can't start: The speaker's consent" in str(page.locator("[data-sentence]").text_content())
    page.get_by_role("button", name="Record the consent").click()
    page.get_by_role("button", name="They agree").click()
    page.get_by_text("The consent is recorded.").wait_for()
    page.get_by_text("OpenAI hears them agree: there is no recording").wait_for()
    studio = page.get_by_role("link", name="Record it in the studio")
    assert studio.get_attribute("href") == "/panel/record?dataset=Evening+readings"
    start_is_seen(page)
    take_picture(page, "train-long-light")
    check_page(page)
    page.locator("#engine-openai-tts").uncheck()
    page.locator("#engine-heavy").check()
    page.get_by_label("Name of the voice").fill("Ann, reading")
    page.get_by_role("button", name="Start 2 trainings").click()
    page.get_by_text("2 trainings are queued.").wait_for()
    assert page.get_by_role("link", name="Ann, reading").count() == 2

    page.get_by_role("link", name="Ann, reading").first.click()
    page.wait_for_url("**/panel/jobs/*")  # the list has buttons to cancel, too
    page.get_by_role("button", name="Cancel").click()
    page.get_by_role("button", name="Cancel the training").click()
    train_again(browser, page, announce)
