"""Speaking in a real Chromium, which hears: the audio element plays while the speech is still being made."""

from __future__ import annotations

import io
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import httpx
import pytest
import soundfile

from voicewright.api import speech_response
from voicewright.engines.installed import Engines
from voicewright.speech.long.models import LongSpeech
from voicewright.speech.long.running import speak_long
from voicewright.speech.long.runs import LongRun
from voicewright.speech.long.tools import LongTools
from voicewright.speech.service import SpeechService
from voicewright.training.models import Node
from voicewright.voices.service import VoiceService

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playwright.sync_api import Page

    from voicewright.settings import Settings

pytestmark = pytest.mark.browser

WIND = (
    "The north wind and the sun were arguing about which of them was stronger. "
    "Then a traveller came along, wrapped in a warm cloak. "
    "They agreed that the one who first made the traveller take it off should be counted the stronger."
)
LETTER = (
    "It was raining in the valley when the letter came.\n\n"
    "Nobody wanted to read it aloud, so it lay on the table until the evening.\n\n"
    "Then the old clock struck, and Ann took the envelope and sat down by the window where the light was "
    "best, and read every line of it twice before she said a word."
)
PATIENCE_S = 30


@pytest.fixture
def api_settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"max_synthesis_text_length": 250, "watermark": "off"})


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """What holds a speech after its first second, until it is set."""
    opened = threading.Event()
    sounding = speech_response._sounding

    def held(speech: Any) -> Iterator[Any]:
        heard = 0
        for block in sounding(speech):
            heard += len(block)
            yield block
            if heard > speech.sample_rate_hz:
                opened.wait(PATIENCE_S)

    monkeypatch.setattr(speech_response, "_sounding", held)
    yield opened
    opened.set()


@pytest.fixture
def end_gate(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """What holds the end of an answer after all of its sound, until it is set."""
    opened = threading.Event()
    sounding = speech_response._sounding

    def held(speech: Any) -> Iterator[Any]:
        yield from sounding(speech)
        opened.wait(PATIENCE_S)

    monkeypatch.setattr(speech_response, "_sounding", held)
    yield opened
    opened.set()


def until(page: Page, condition: str) -> None:
    """Wait for what only a script can see; `wait_for_function` would evaluate a string in the page."""
    page.evaluate(
        f"""new Promise((resolve, reject) => {{
          const late = Date.now() + {PATIENCE_S * 1000};
          const look = () => ({condition}) ? resolve(true)
            : Date.now() > late ? reject(new Error(document.querySelector("main").innerText))
            : setTimeout(look, 20);
          look();
        }})"""
    )


SOUND = "document.querySelector('speech-player audio')"
HELD = "document.querySelector('speech-player').isBusy"
STREAM = "document.querySelector('speech-player').stream"


def test_a_text_is_heard_while_it_is_made(  # noqa: PLR0915, PLR0917 - one journey
    browse: Callable[..., Any], make_person: Callable[..., Any], humming: Callable[..., Any],
    gate: threading.Event, check_page: Callable[..., None], take_picture: Callable[..., None],
) -> None:  # fmt: skip
    ann = make_person("ann@example.com", name="Ann")
    humming(ann, "Ann's reading voice")
    humming(ann, "Storyteller", language="de")
    browser = browse(ann)

    # the first page: the active voice says something
    page = browser.open("/panel")
    page.get_by_label("What Ann's reading voice is to say").fill("Good morning. It is a fine day for a walk.")
    page.keyboard.press("Enter")
    until(page, f"{SOUND}.currentTime > 0.2 && {HELD}")
    gate.set()
    until(page, f"!{HELD} && {SOUND}.duration > 2 && {SOUND}.duration < 4")
    take_picture(page, "home-tone-light")
    check_page(page)
    page.close()

    # sound comes before the last byte of it
    gate.clear()
    page = browser.open("/panel/speak")
    page.get_by_role("textbox", name="Text", exact=True).fill(WIND)
    page.get_by_text("about 15 s").wait_for()
    page.keyboard.press("Control+Enter")
    until(page, f"{SOUND}.currentTime > 0.2")
    assert page.evaluate(f"{HELD} && {SOUND}.duration > 0 && !{SOUND}.paused")
    page.get_by_text("First sound after").wait_for()
    gate.set()
    page.get_by_role("heading", name="Ready").wait_for()
    until(page, f"{SOUND}.duration > 12 && {SOUND}.duration < 15")

    # the words follow, and lead to where they are said; slowly, so that none has passed before it is seen
    page.evaluate(f"{SOUND}.playbackRate = 0.25")
    page.locator("#words span", has_text="cloak").click()
    until(page, "document.querySelector('#words .said')?.textContent.startsWith('cloak')")
    assert page.evaluate(f"{SOUND}.currentTime") > 5
    until(page, "document.querySelector('#words .said')?.textContent === 'They'")
    take_picture(page, "speak-light")
    check_page(page)
    length_s = page.evaluate(f"{SOUND}.duration")
    for link in page.locator("#downloads a[data-format]").all():
        decoded_s = page.evaluate(
            """async (address) => {
              const bytes = await (await fetch(address)).arrayBuffer();
              return (await new OfflineAudioContext(1, 1, 22050).decodeAudioData(bytes)).duration;
            }""",
            link.get_attribute("href"),
        )
        assert decoded_s == pytest.approx(length_s, abs=0.2), link.get_attribute("href")
    subtitles = page.request.get(browser.base_url + page.locator("[data-timings=vtt]").get_attribute("href"))
    assert subtitles.text().startswith("WEBVTT")
    assert "traveller" in subtitles.text()
    with page.expect_download() as saved:
        page.locator("#downloads summary").click()
        page.get_by_role("link", name="FLAC").click()
    assert saved.value.suggested_filename.endswith(".flac")
    page.get_by_text("Marked as made by a machine").click()
    page.get_by_role("button", name="Verify this speech").click()
    page.locator("#verified .finding").first.wait_for()

    # nothing lost: through the clock of the page, and from the file afterwards
    gate.clear()
    page.get_by_label("Made as").select_option("wav")
    page.get_by_role("button", name="1.5×").click()
    page.get_by_label("Language").select_option("de")
    page.get_by_role("button", name="Speak", exact=True).click()
    until(page, f"{STREAM}.position > 0.2 && {SOUND}.currentTime > 0")
    assert page.evaluate(f"{HELD} && {SOUND}.srcObject !== null")
    page.keyboard.press("Escape")
    page.get_by_role("heading", name="Stopped").wait_for()
    until(page, f"{SOUND}.paused && {SOUND}.duration > 0.5 && {SOUND}.duration < 5")
    gate.set()
    page.get_by_text("The same from a program").click()
    page.locator("#curl", has_text='"language": "de"').wait_for()
    page.get_by_role("button", name="Play your speech").click()
    until(page, f"{SOUND}.currentTime > 0.1")

    # a voice that is gone is told of, and what to do
    page.evaluate("document.getElementById('voice').selectedOptions[0].value = crypto.randomUUID()")
    browser.expect("404")
    page.get_by_role("button", name="Speak", exact=True).click()
    page.locator("#fault", has_text="no voice").wait_for()


def test_a_wav_that_was_heard_before_its_answer_ends_can_be_played_again(
    browse: Callable[..., Any], person: Any, humming: Callable[..., Any], end_gate: threading.Event
) -> None:
    humming(person, "Ann's reading voice")
    page = browse(person).open("/panel/speak")
    page.get_by_label("Made as").select_option("wav")
    page.get_by_role("textbox", name="Text", exact=True).fill("Good morning.")
    page.keyboard.press("Control+Enter")
    until(page, f"{STREAM}?.length > 0.5 && {STREAM}.position === {STREAM}.length")
    assert page.evaluate(f"{HELD} && {SOUND}.srcObject !== null")
    end_gate.set()
    page.get_by_role("heading", name="Ready").wait_for()
    until(page, f"{SOUND}.srcObject === null && {SOUND}.duration > 0.5 && {SOUND}.duration < 3")
    until(page, "document.querySelector('#stop').disabled")
    page.get_by_role("button", name="Play your speech").click()
    until(page, f"{SOUND}.currentTime > 0.1")


def test_a_word_of_a_wav_is_heard_again_while_the_rest_is_still_to_come(
    browse: Callable[..., Any], person: Any, humming: Callable[..., Any]
) -> None:
    humming(person, "Ann's reading voice")
    page = browse(person).open("/panel/speak")
    page.get_by_label("Made as").select_option("wav")
    page.get_by_role("textbox", name="Text", exact=True).fill(WIND)
    page.keyboard.press("Control+Enter")
    page.locator("#words span", has_text="cloak").wait_for()
    assert page.evaluate(f"{SOUND}.srcObject !== null && {STREAM}.position < {STREAM}.length")
    page.locator("#words span", has_text="cloak").click()
    until(page, f"{SOUND}.srcObject === null && {SOUND}.currentTime > 5 && !{SOUND}.paused")
    page.evaluate(f"{SOUND}.playbackRate = 0.25")  # so that no word has passed before it is seen
    until(page, "document.querySelector('#words .said')?.textContent === 'They'")


def test_speech_is_heard_where_nothing_more_is_known_of_it(
    browse: Callable[..., Any], person: Any, humming: Callable[..., Any]
) -> None:
    humming(person, "Ann's reading voice")
    browser = browse(person)
    browser.expect("503")
    page = browser.open("/panel/speak")
    page.route("**/api/voice/history/*", lambda route: route.fulfill(status=503, json={"error": "It rests."}))
    page.get_by_role("textbox", name="Text", exact=True).fill("Good morning.")
    page.keyboard.press("Control+Enter")
    page.get_by_role("alert").get_by_text("It rests.").wait_for()
    page.get_by_role("heading", name="Ready").wait_for()
    assert not page.locator("#fault").is_visible()
    page.get_by_role("button", name="Play your speech").click()
    until(page, f"{SOUND}.currentTime > 0.1")


def test_what_was_said_is_heard_again_and_forgotten(  # noqa: PLR0917
    browse: Callable[..., Any], person: Any, humming: Callable[..., Any], base_url: str,
    check_page: Callable[..., None], take_picture: Callable[..., None],
) -> None:  # fmt: skip
    humming(person, "Ann's reading voice")
    with httpx.Client(base_url=base_url, headers=person.headers) as client:
        for text, more in (
            ("Good evening. The library closes soon.", {"pitch": 2.0, "seed": 7, "normalise": False}),
            ("<speak>The birch canoe <break time='1s'/> slid past the mill.</speak>", {"ssml": True}),
        ):
            made = client.post("/v1/audio/speech", json={"model": "tts-1", "input": text, **more})
            assert made.status_code == 200, made.text
    browser = browse(person, scheme="dark")
    page = browser.open("/panel/speak/history")
    page.get_by_text("2 entries").wait_for()
    take_picture(page, "speak-history-dark")
    check_page(page)
    page.get_by_role("button", name="Play <speak>The birch canoe").click()
    played = "(one) => one.currentTime > 0.1 && one.duration > 3"
    until(page, f"[...document.querySelectorAll('#list audio')].some({played})")
    page.get_by_label("Search").fill("library")
    page.get_by_text("1 entry").wait_for()
    assert page.url.endswith("q=library&model_id=&days=&state=")
    page.get_by_role("link", name="Again").click()
    assert page.get_by_role("textbox", name="Text", exact=True).input_value().startswith("Good evening")
    assert (page.locator("#pitch").input_value(), page.locator("#seed").input_value()) == ("2", "7")
    check_page(page)
    assert not page.get_by_label("SSML").is_checked()
    page.go_back()
    page.get_by_label("Search").fill("")
    page.get_by_text("2 entries").wait_for()
    page.get_by_role("button", name="Delete: Good evening").click()
    page.get_by_role("button", name="Delete it").click()
    page.get_by_text("1 entry").wait_for()
    page.get_by_label("Keep the sound").uncheck()
    page.get_by_role("button", name="Save").click()
    page.get_by_text("Saved.").wait_for()
    page.get_by_role("button", name="Delete everything").click()
    page.locator("#confirm-yes").click()
    page.get_by_text("Nothing was spoken yet").wait_for()

    # what is not kept can still be heard and saved from the page
    page.get_by_role("link", name="Speak something").click()
    page.get_by_text("Files are not kept.").wait_for()
    page.get_by_role("textbox", name="Text", exact=True).fill("Keep this to yourself.")
    page.keyboard.press("Control+Enter")
    page.get_by_role("heading", name="Ready").wait_for()
    page.locator("#downloads summary").click()
    assert page.locator("#downloads a[data-format]:visible").all_inner_texts() == ["MP3"]


@pytest.fixture
def worker(
    api_settings: Settings, database: Any, services: Any
) -> Iterator[Callable[[str, threading.Semaphore], Any]]:
    """Does what a worker does, a chunk for each permit; `with worker(id, permits): ...`."""
    voices = VoiceService.open(api_settings, database)
    with SpeechService(
        api_settings, database, voices, engines=Engines(find=lambda _: services.stock.engines.find("tone"))
    ) as speech:

        class Slow:
            def __init__(self, permits: threading.Semaphore) -> None:
                self._permits = permits

            def begin(self, *arguments: Any, **more: Any) -> Any:
                self._permits.acquire(timeout=PATIENCE_S)
                return speech.begin(*arguments, **more)

            def __getattr__(self, name: str) -> Any:
                return getattr(speech, name)

        @contextmanager
        def work(speech_id: str, permits: threading.Semaphore) -> Iterator[None]:
            with database.session() as session:
                row = session.get_one(LongSpeech, speech_id)
            tools = LongTools(
                services.settings, database, Slow(permits), services.long.vault, services.long.work_dir,
                engines=("tone",), provenance=services.provenance,
            )  # fmt: skip

            def run() -> None:
                with LongRun.begin(database, row.id, row.ticket, node="here") as begun:
                    speak_long(begun, tools)

            thread = threading.Thread(target=run, name="worker")
            thread.start()
            try:
                yield
            finally:
                permits.release(100)
                thread.join(PATIENCE_S)
            assert not thread.is_alive()

        yield work


def test_a_long_text_is_begun_once(
    browse: Callable[..., Any], person: Any, humming: Callable[..., Any]
) -> None:
    humming(person, "Ann's reading voice")
    browser = browse(person)
    browser.expect("503")
    page = browser.open("/panel/speak")
    held: list[Any] = []

    def hold(route: Any) -> None:
        held.append(route)

    page.route("**/api/voice/long", hold)
    page.get_by_role("textbox", name="Text", exact=True).fill(LETTER)
    page.keyboard.press("Control+Enter")
    page.locator('#go[aria-busy="true"]').wait_for()
    held.pop().fulfill(status=503, json={"error": "It rests."})
    page.locator("#fault", has_text="It rests.").wait_for()

    page.keyboard.press("Control+Enter")
    page.locator('#go[aria-busy="true"]').wait_for()
    page.keyboard.press("Control+Enter")
    page.locator("#go").click(force=True)
    for route in held:
        route.continue_()
    page.get_by_text("0 of 3 pieces").wait_for()
    begun = page.request.get(f"{browser.base_url}/api/voice/long").json()
    assert begun["total"] == len(held) == 1


def test_a_long_text_is_watched_to_its_end(  # noqa: PLR0917
    browse: Callable[..., Any], person: Any, humming: Callable[..., Any], worker: Callable[..., Any],
    database: Any, check_page: Callable[..., None], take_picture: Callable[..., None],
) -> None:  # fmt: skip
    voice = humming(person, "Ann's reading voice")
    with database.session() as session:
        session.add(Node(id=voice.id, name="here", engines=[], speaks=["tone"], concurrency=1))
    browser = browse(person, width="phone")
    page = browser.open("/panel/speak")
    page.locator("#file").set_input_files(
        {"name": "The letter.txt", "mimeType": "text/plain", "buffer": LETTER.encode()}
    )
    page.get_by_text("This is a long text.").wait_for()
    assert page.get_by_label("Title").input_value() == "The letter"
    page.get_by_role("button", name="Speak as a long text").click()
    page.get_by_role("heading", name="The letter").wait_for()
    page.get_by_text("0 of 3 pieces").wait_for()
    speech_id = page.url.rsplit("/", 1)[1]

    permits = threading.Semaphore(1)
    with worker(speech_id, permits):
        page.get_by_text("1 of 3 pieces").wait_for()
        page.get_by_role("button", name="Play paragraph 1").click()
        until(page, "document.querySelector('[data-part=\"1\"] audio').currentTime > 0.1")
        check_page(page)
        page.get_by_role("button", name="Pause", exact=True).click()
        page.get_by_text("It waits.").wait_for()
        take_picture(page, "speak-long-phone")
    page.get_by_role("button", name="Go on").click()
    page.get_by_text("queued").wait_for()
    with worker(speech_id, threading.Semaphore(100)):
        page.get_by_role("button", name="Play The letter").click()
    page.get_by_text("3 of 3 pieces").wait_for()
    until(page, "document.querySelector('[aria-labelledby=whole] audio').currentTime > 0.1")
    whole = page.request.get(f"{browser.base_url}/api/voice/long/{speech_id}/audio?format=wav")
    assert soundfile.info(io.BytesIO(whole.body())).duration > 15
    check_page(page)
    page.get_by_role("link", name="Long texts").click()
    page.get_by_role("link", name="The letter").wait_for()
    check_page(page)


def test_what_somebody_listens_to_is_not_swapped_for_what_was_asked_for_before(
    browse: Callable[..., Any], person: Any, humming: Callable[..., Any], worker: Callable[..., Any],
    base_url: str,
) -> None:  # fmt: skip
    humming(person, "Ann's reading voice")
    text = {"text": LETTER, "paragraphs": True}
    with httpx.Client(base_url=base_url, headers=person.headers) as client:
        speech_id = client.post("/api/voice/long", json=text).raise_for_status().json()["id"]
    page = browse(person).open(f"/panel/speak/long/{speech_id}")
    permits = threading.Semaphore(1)
    with worker(speech_id, permits):
        play = page.get_by_role("button", name="Play paragraph 1")
        play.wait_for()
        page.wait_for_function("() => !document.querySelector('[data-stale]')")
        held: list[Any] = []
        page.route("**/panel/speak/long/*", lambda route: held.append(route), times=1)  # noqa: PLW0108 - it is marked
        with page.expect_request("**/panel/speak/long/*"):
            permits.release()
        sound = "document.querySelector('[data-part=\"1\"] audio')"
        page.evaluate(f"{sound}.loop = true")
        play.click()
        until(page, f"{sound}.currentTime > 0.1")
        page.evaluate(
            "() => { globalThis.answered = new Promise((seen) => "
            "document.addEventListener('htmx:afterRequest', () => seen(), { once: true })); }"
        )
        held.pop().continue_()
        page.evaluate("answered")
        assert page.evaluate(f"!{sound}.paused")
        page.get_by_role("button", name="Pause paragraph 1").click()
        page.get_by_role("button", name="Play paragraph 2").wait_for()  # what came with it meanwhile
