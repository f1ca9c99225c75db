"""The pages of datasets: lists, figures, recordings beside their words, and whose they are."""

from __future__ import annotations

import re
import uuid
from typing import TYPE_CHECKING, Any

import pytest

from voicewright.recordings.entering import Incoming, Place
from voicewright.recordings.models import Sample
from voicewright.recordings.spread import Measured, flaws_of, spreads_of
from voicewright.web.datasets import CLIPS_LENGTH
from voicewright.web.language_titles import language_title

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from fastapi.testclient import TestClient

HOSTILE = '"><img src=x onerror=alert(1)>'
HX_CLIPS = {"HX-Request": "true", "HX-Target": "clips"}
WORDS = "The birch canoe slid slowly past the mill."


@pytest.fixture
def look(client: TestClient, cookies_of: Callable[[Any], dict[str, str]]) -> Callable[..., Any]:
    """Open a page as somebody."""

    def get(person: Any, path: str, *, expect: int = 200, **headers: str) -> str:
        client.cookies = cookies_of(person)
        answer = client.get(path, headers=headers)
        assert answer.status_code == expect, answer.text[:500]
        return answer.text

    return get


def test_an_empty_list_teaches_and_a_search_without_a_find_says_so(look, person):
    page = look(person, "/panel/datasets")
    assert "No recordings yet" in page
    assert "What makes good recordings" in page
    assert "Nothing is called that" in look(person, "/panel/datasets?search=%22%3E%3Cimg")


def test_the_list_shows_figures_and_finds_names_and_speakers(look, person, enter_dataset, enter_sample):
    mine = enter_dataset(person.id, name="my voice", language="de")
    for verdict in ("good", "good", "usable", "rejected"):
        enter_sample(person.id, dataset=mine, verdict=verdict)
    enter_dataset(person.id, name="Zoo", speaker="Bob", language="xx-yy")
    page = look(person, "/panel/datasets")
    assert "German" in page
    assert "xx-yy" in page
    for words in ("2 good", "1 usable", "1 rejected", "3:00 min", "No recordings"):
        assert words in page
    assert re.findall(r'<rect class="(\w+)" x="([\d.]+)" width="([\d.]+)"', page) == [
        ("good", "0.0", "50.0"), ("usable", "50.0", "25.0"), ("rejected", "75.0", "25.0")
    ]  # fmt: skip
    part = look(person, "/panel/datasets?search=bOb", **{"HX-Request": "true"})
    assert "<html" not in part
    assert ("Zoo" in part, "my voice" in part) == (True, False)


def test_a_dataset_shows_the_worst_first_and_can_be_narrowed(look, person, enter_dataset, enter_sample):
    mine = enter_dataset(person.id)
    good = enter_sample(person.id, dataset=mine, text=WORDS)
    noise = "background noise: speech is only 12 dB above it; record in a quieter room"
    usable = enter_sample(person.id, dataset=mine, verdict="usable", text="Other words.", reasons=(noise,))
    bad = enter_sample(person.id, dataset=mine, verdict="rejected", text=None, reasons=(noise, "muffled"))
    page = look(person, "/panel/datasets/MY_VOICE")
    order = [page.index(f'id="clip-{one.id}"') for one in (bad, usable, good)]
    assert order == sorted(order)
    for words in ("Background noise <span", "2 recordings", "record in a quieter room.", "1 recording has"):
        assert words in page
    assert "A training leaves it out" in page
    part = look(person, "/panel/datasets/my_voice?verdict=usable", **HX_CLIPS)
    assert (str(usable.id) in part, str(bad.id) in part, "<html" in part) == (True, False, False)
    found = look(person, "/panel/datasets/my_voice?search=CANOE&verdict=")
    assert (f"clip-{good.id}" in found, f"clip-{usable.id}" in found) == (True, False)
    assert "No such recordings" in look(person, "/panel/datasets/my_voice?search=absent")
    assert "rejected" in look(person, f"/panel/datasets/my_voice/clips/{bad.id}")
    card = look(person, f"/panel/datasets/my_voice/clips/{good.id}/card")
    told = ("<html" in card, "data-wave=" in card, WORDS in card, "DELETE" in card)
    assert told == (False, True, True, False)
    look(person, "/panel/datasets/my_voice?verdict=odd", expect=422)


def test_a_long_list_has_pages(look, person, enter_dataset, enter_sample):
    mine = enter_dataset(person.id)
    for _ in range(CLIPS_LENGTH + 1):
        enter_sample(person.id, dataset=mine)
    first = look(person, "/panel/datasets/my_voice?verdict=good")
    assert ("Previous" in first, "Next" in first) == (False, True)
    assert f"/panel/datasets/my_voice?verdict=good&amp;offset={CLIPS_LENGTH}" in first
    last = look(person, f"/panel/datasets/my_voice?offset={CLIPS_LENGTH}")
    assert ("Previous" in last, "Next" in last) == (True, False)
    assert f"{CLIPS_LENGTH + 1}–{CLIPS_LENGTH + 1} of {CLIPS_LENGTH + 1}" in last


def test_what_others_have_is_not_there(  # noqa: PLR0917 - fixtures
    look, person, other, admin, enter_dataset, enter_sample
):
    sample = enter_sample(person.id, dataset=enter_dataset(person.id))
    for stranger in (other, admin):
        assert "my_voice" not in look(stranger, "/panel/datasets")
        look(stranger, "/panel/datasets/my_voice", expect=404)
        look(stranger, f"/panel/datasets/my_voice/clips/{sample.id}", expect=404)
        look(stranger, f"/panel/datasets/my_voice/clips/{sample.id}/card", expect=404)
        assert "Add to" not in look(stranger, "/panel/upload?dataset=my_voice")
    assert "Add to my_voice" in look(person, "/panel/upload?dataset=my_voice")
    look(person, f"/panel/datasets/my_voice/clips/{uuid.uuid4()}", expect=404)


def test_hostile_names_and_words_stay_text(look, person, enter_dataset, enter_sample, database):
    mine = enter_dataset(person.id, speaker=HOSTILE)
    sample = enter_sample(person.id, dataset=mine, text=f"</textarea>{HOSTILE}", reasons=(HOSTILE,))
    with database.session() as session:
        session.get_one(Sample, sample.id).filename = f"{HOSTILE}.wav"
    for path in ("/panel/datasets", "/panel/datasets/my_voice", "/panel/upload?dataset=my_voice"):
        assert "<img src=x" not in look(person, path)
    assert look(person, "/panel/datasets/my_voice").count("</textarea>") == 1
    assert "<img src=x" not in look(person, "/panel/datasets?search=%22%3E%3Cimg%20src=x%3E")
    assert "<img src=x" not in look(person, "/panel/upload?dataset=%22%3E%3Cimg%20src=x%3E")


def test_figures_become_bars_and_sentences():
    clip = {"snr_db": 40.0, "loudness_lufs": -20.0, "clipping_ratio": 0.0}
    poor = {"snr_db": 3.0, "loudness_lufs": -50.0, "clipping_ratio": 0.1}
    clips = [Measured(5.0, clip)] * 3 + [Measured(1.0, poor, ["muffled: 5 kHz", "muffled: 4 kHz"])]
    noise, loudness, peaks, length = spreads_of(clips)
    assert [bar.count for bar in noise.bars] == [1, 0, 0, 3, 0]
    assert noise.words.startswith("75 % of the clips are quiet enough")
    assert loudness.words.startswith("75 % of the clips are loud enough; the middle is \u221220")
    assert peaks.words == "75 % of the clips are free of cut-off peaks."
    assert (length.most, length.words[:19]) == (3, "The middle is 5.0 s")
    assert [(flaw.words, flaw.count) for flaw in flaws_of(clips)] == [("Muffled", 1)]
    close = [Measured(5.0, {"snr_db": 44.7})] * 9 + [Measured(5.0, {"snr_db": 50.0})] * 6
    assert spreads_of(close)[0].words.endswith("half have 44 dB or more.")
    assert spreads_of([]) == ()
    assert spreads_of([Measured(1.0, {"snr_db": None})])[0].words == "Not measured."
    assert (language_title("PT_BR"), language_title("xx")) == ("Portuguese (Brazil)", "xx")


@pytest.fixture
def fill(services: Any, sample_recordings: Path, tmp_path: Path) -> Callable[..., None]:
    """Take sample recordings into a dataset of somebody by number, with their words."""

    def run(person: Any, name: str, *numbers: int, speaker: str) -> None:
        lines = (sample_recordings / "metadata.csv").read_text().splitlines()
        words = dict(line.split("|")[:2] for line in lines)
        stems = [f"sample-{number:02d}" for number in numbers]
        files = [Incoming.of(sample_recordings / f"{one}.flac", f"{one}.flac", words[one]) for one in stems]
        taken = services.samples.take(files, Place.for_dataset(person.id, name, speaker=speaker), tmp_path)
        assert all(one.sample for one in taken)

    return run


@pytest.mark.browser
@pytest.mark.parametrize(("scheme", "width"), [("light", "wide"), ("dark", "phone")])
def test_recordings_are_heard_mended_and_removed(  # noqa: PLR0917 - fixtures
    browse, person, fill, enter_dataset, enter_sample, check_page, take_picture, services, scheme, width
):
    fill(person, "Ann reading", 1, 2, 3, speaker="Ann")
    noise = "background noise: speech is only 12 dB above it; record in a quieter room"
    more = enter_dataset(person.id, name="Grandpa tells stories", speaker="Otto", language="de")
    for verdict in ("good", "good", "good", "usable", "rejected"):
        reasons = () if verdict == "good" else (noise,)
        enter_sample(person.id, dataset=more, verdict=verdict, reasons=reasons, speaker="Otto")
    browser = browse(person, scheme=scheme, width=width)
    page = browser.open("/panel/datasets")
    page.get_by_role("link", name="Grandpa tells stories").wait_for()
    check_page(page)
    take_picture(page, f"datasets-{scheme}-{width}")
    page.get_by_role("searchbox").fill("ann")
    page.get_by_text("Grandpa").wait_for(state="detached")
    page.get_by_role("link", name="Ann reading").click()
    page.get_by_role("heading", name="Ann reading").wait_for()
    first = page.locator(".clip").first
    first.scroll_into_view_if_needed()
    first.locator("[data-ready]").wait_for()
    check_page(page)
    take_picture(page, f"dataset-{scheme}-{width}")

    # space plays what the focus is in; the sound is really there and goes on
    button = first.get_by_role("button", name=re.compile("^Play"))
    button.focus()
    page.keyboard.press("Space")
    first.get_by_role("button", name=re.compile("^Pause")).wait_for()
    first.get_by_text(re.compile(r"0:0[1-9] / 0:0\d")).wait_for()
    page.keyboard.press("Space")
    button.wait_for()

    # other words are saved, judged again, and the next recording has the focus and plays
    words = first.get_by_label("What is said in it")
    words.fill("Other words of it.")
    first.get_by_text("Not saved yet").wait_for()
    words.press("Control+Enter")
    page.locator(".clip:nth-of-type(2) textarea:focus").wait_for()
    page.locator(".clip").nth(1).get_by_role("button", name=re.compile("^Pause")).wait_for()
    first.get_by_text("Saved", exact=True).wait_for()
    samples, _ = services.datasets.samples_of(person.id, "Ann reading")
    assert samples[0].transcript == "Other words of it."

    # the list can be narrowed, and a recording removed after a question
    page.get_by_role("radio", name="Rejected 0").check()
    page.get_by_text("No such recordings").wait_for()
    page.get_by_role("radio", name="Good 3").check()
    page.locator(".clip").nth(2).wait_for()
    page.get_by_label("Search files and words").fill("sample-02")
    page.locator(".clip").nth(2).wait_for(state="detached")
    page.locator("[data-ready]").wait_for()
    browser.expect("/audio", "status of 404")  # a player may still be reading what is removed
    remove_clip(page)
    page.get_by_text("No such recordings").wait_for()
    assert services.datasets.summary(person.id, "Ann reading").files == 2

    delete_dataset(page)
    assert services.datasets.list_datasets(person.id)[1] == 1


@pytest.mark.browser
@pytest.mark.parametrize(("scheme", "width"), [("light", "wide"), ("dark", "phone")])
def test_figures_follow_what_is_written_and_removed(  # noqa: PLR0917 - fixtures
    browse, person, fill, check_page, take_picture, scheme, width
):
    fill(person, "Ann reading", 1, 2, speaker="Ann")
    browser = browse(person, scheme=scheme, width=width)
    page = browser.open("/panel/datasets/Ann%20reading")
    page.get_by_text("2 with what is said").wait_for()
    first, second = page.locator(".clip").first, page.locator(".clip").nth(1)
    second.get_by_label("What is said in it").fill("Not saved, and not lost.")
    first.get_by_label("What is said in it").fill("")
    first.get_by_role("button", name="Save").focus()
    page.keyboard.press("Enter")
    page.get_by_text("1 with what is said").wait_for()
    page.get_by_text("1 recording has no transcript").wait_for()
    first.locator("button:focus", has_text="Save").wait_for()
    assert second.get_by_label("What is said in it").input_value() == "Not saved, and not lost."

    browser.expect("/audio", "status of 404")  # a player may still be reading what is removed
    remove_clip(page)
    page.locator(".stat", has_text="Recordings").get_by_text("1", exact=True).wait_for()
    for name in ("All 1", "Good 1"):
        page.get_by_role("radio", name=name).wait_for()
    page.locator(".clip").nth(1).wait_for(state="detached")
    check_page(page)
    page.get_by_role("radio", name="Rejected 0").check()
    page.get_by_text("No such recordings").wait_for()
    page.get_by_role("radio", name="All 1").check()
    page.get_by_text("Not saved yet").wait_for()
    assert page.get_by_label("What is said in it").input_value() == "Not saved, and not lost."
    page.get_by_role("button", name="Save").click()
    page.get_by_text("Saved", exact=True).wait_for()
    remove_clip(page)
    page.get_by_role("heading", name="It is empty").wait_for()
    page.locator("h2:focus", has_text="It is empty").wait_for()
    assert page.get_by_role("radio").count() == 0
    check_page(page)
    take_picture(page, f"dataset-empty-{scheme}-{width}")


def remove_clip(page: Any) -> None:
    """The first one, after the question."""
    page.get_by_role("button", name="Remove").first.click()
    page.get_by_role("button", name="Remove recording").click()


def delete_dataset(page: Any) -> None:
    """By the menu, after the question."""
    page.get_by_text("More").first.click()
    page.get_by_role("button", name="Delete dataset").click()
    page.locator("#confirm").get_by_role("button", name="Keep it").wait_for()
    page.locator("#confirm-yes.danger", has_text="Delete dataset").click()
    page.get_by_text("The dataset was deleted.").wait_for()
