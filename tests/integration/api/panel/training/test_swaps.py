"""What goes on is all there, and stays as it was while it is shown afresh."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from voicewright.training.models import TrainingJob

if TYPE_CHECKING:
    from collections.abc import Callable


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
