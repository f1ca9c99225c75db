"""What goes on is all there, and stays as it was while it is shown afresh."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from voicewright.training.models import TrainingJob

if TYPE_CHECKING:
    from collections.abc import Callable

PATIENCE_S = 60


def test_an_old_job_that_goes_on_is_on_the_first_page(
    look: Callable[..., Any],
    person: Any,
    enter_job: Callable[..., TrainingJob],
    enter_dataset: Callable[..., Any],
    enter_sample: Callable[..., Any],
) -> None:
    now = datetime.now(UTC)
    enter_job(person.id, "The old one", created_at=now - timedelta(days=2))
    for number in range(21):
        enter_job(person.id, f"Done {number}", status="completed", completed_at=now)
    for name in ("one", "two"):
        enter_sample(person.id, speech_s=150.0, dataset=enter_dataset(person.id, name=name))
    page = look(person, "/panel").text
    assert "The old one" in page
    assert "2 datasets, 5:00 min of speech" in page


@pytest.mark.browser
def test_the_focus_and_open_details_outlast_a_swap(
    browse: Callable[..., Any], person: Any, enter_job: Callable[..., TrainingJob], database: Any
) -> None:
    job = enter_job(person.id, status="queued", started_at=None, attempt_started_at=None)
    enter_job(person.id, "Another")
    browser = browse(person)
    page = browser.open("/panel/jobs")
    swapped = """name => new Promise(resolve => {
        document.addEventListener("htmx:afterSettle", () => resolve(document.activeElement.id), {once: true});
        document.body.dispatchEvent(new CustomEvent(name));
    })"""
    cancel = f"act-POST-training-{job.id}-cancel"
    page.locator(f"#{cancel}").focus()
    assert page.evaluate(swapped, "jobs-changed") == cancel
    with database.session() as session:
        session.delete(session.get_one(TrainingJob, job.id))
    page.evaluate(swapped, "jobs-changed")
    page.wait_for_function("document.activeElement.matches('h1')")

    running = enter_job(person.id, "A third")
    page = browser.open(f"/panel/jobs/{running.id}")
    page.locator("#options-title").click()
    assert page.evaluate(swapped, "job-moved") == "options-title"
    assert page.locator("#options").get_attribute("open") is not None


_CHANGED = "document.body.dispatchEvent(new CustomEvent('jobs-changed'))"


@pytest.mark.browser
@pytest.mark.parametrize("asked_by", ["itself", "somebody"])
def test_what_changes_while_a_list_is_asked_for_is_shown(  # noqa: PLR0917 - fixtures
    browse: Callable[..., Any], person: Any, enter_job: Callable[..., TrainingJob], services: Any,
    monkeypatch: pytest.MonkeyPatch, asked_by: str,
) -> None:  # fmt: skip
    enter_job(person.id, "An old voice")
    page = browse(person).open("/panel/jobs")
    asked, answered = threading.Event(), threading.Event()
    read = services.training.browse

    def read_and_hold_the_first(*arguments: Any, **more: Any) -> Any:
        found = read(*arguments, **more)
        if not asked.is_set():
            asked.set()
            assert answered.wait(PATIENCE_S)
        return found

    monkeypatch.setattr(services.training, "browse", read_and_hold_the_first)
    if asked_by == "itself":
        page.evaluate(_CHANGED)
    else:
        page.get_by_label("Search").fill("voice")
    assert asked.wait(PATIENCE_S)
    enter_job(person.id, "A new voice")
    page.evaluate(_CHANGED)
    # and once more between the swap and its end
    page.evaluate(f"document.addEventListener('htmx:afterSwap', () => {_CHANGED}, {{once: true}})")
    answered.set()  # with what was there before the new one
    page.get_by_text("A new voice").wait_for()
    page.get_by_text("An old voice").wait_for()
    assert page.get_by_label("Search").input_value() == ("" if asked_by == "itself" else "voice")


def test_a_page_beyond_the_end_of_a_list_leads_to_its_last(
    look: Callable[..., Any], person: Any, enter_job: Callable[..., TrainingJob]
) -> None:
    for number in range(26):
        enter_job(person.id, f"Voice {number}")
    led, *_ = look(person, "/panel/jobs?search=Voice&offset=50").history
    assert led.headers["location"] == "/panel/jobs?search=Voice&offset=25"
    assert "26–26 of 26" in look(person, led.headers["location"], part="jobs").text
    for path in ("voices?", "voices?whose=shared&", "voices/deleted?", "voices/backups?", "datasets?",
                 "listening?", "speak/history?", "speak/long?", "account/data?"):  # fmt: skip
        led, *_ = look(person, f"/panel/{path}offset=1000").history
        assert led.headers["location"].endswith("offset=0"), path
