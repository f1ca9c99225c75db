"""The pages of jobs: whose they are, what they list, what they say of an end, and what may be in a name."""

from __future__ import annotations

import re
import uuid
from typing import TYPE_CHECKING, Any

from sqlalchemy import event

from voicewright.training.listing import STATES, Wanted

if TYPE_CHECKING:
    from voicewright.api.services import Services

HOSTILE = "<img src=x onerror=alert(1)>'\"&{{7*7}}"


def test_everybody_sees_their_own_jobs_and_administrators_all(
    look: Any, person: Any, other: Any, admin: Any, enter_job: Any
) -> None:
    job, theirs = enter_job(person.id, "Ann's voice"), enter_job(other.id, "Bob's voice")
    page = look(person, "/panel/jobs?whose=all").text  # which is for administrators
    assert str(job.id) in page
    assert str(theirs.id) not in page
    for path in ("", "/log.txt"):
        look(other, f"/panel/jobs/{job.id}{path}", expect=404)
        look(admin, f"/panel/jobs/{job.id}{path}")
    look(person, f"/panel/jobs/{uuid.uuid4()}", expect=404)
    assert "No trainings yet" in look(admin, "/panel/jobs").text
    everybody = look(admin, "/panel/jobs?whose=all").text
    assert str(job.id) in everybody
    assert other.email in everybody


def test_the_list_is_sorted_out_by_state_and_words(look: Any, person: Any, enter_job: Any) -> None:
    for number, status in enumerate(("running", "queued", "delayed", "completed", "failed", "cancelled")):
        enter_job(person.id, f"Voice {number} 100%", status=status)
    enter_job(person.id, "Quiet", dataset_name="x", status="completed")

    def rows(query: str) -> int:
        return look(person, f"/panel/jobs{query}", part="jobs").text.count("<tr id=")

    assert [rows(f"?state={state}") for state in ("", *STATES)] == [7, 3, 2, 1, 1]
    assert [rows(f"?search={words}") for words in ("voice", "100%25", "0%25+voice", "quiet+tone", "_")] == [
        6,
        6,
        6,
        1,
        0,
    ]
    assert rows("?state=nonsense") == 7
    assert "No such job" in look(person, "/panel/jobs?search=nobody").text
    partial = look(person, "/panel/jobs?state=failed", part="jobs").text
    assert partial.lstrip().startswith('<div id="jobs"')
    assert partial.count("<tr id=") == 1


def test_the_list_comes_in_pages(services: Services, person: Any, look: Any, enter_job: Any) -> None:
    for number in range(27):
        enter_job(person.id, f"Voice {number}", status="completed")
    assert "1–25 of 27" in look(person, "/panel/jobs").text
    assert "26–27 of 27" in look(person, "/panel/jobs?offset=25").text
    caller = services.accounts.authenticate(person.access_token)
    page = services.training.browse(caller, Wanted(person.id, "failed"), limit=5, offset=0)
    assert (page.total, page.counts["completed"]) == (0, 27)


def test_a_page_asks_as_often_whatever_there_is(
    services: Services, person: Any, look: Any, enter_job: Any
) -> None:
    asked: list[str] = []

    def count(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        asked.append(statement)

    def queries(query: str = "") -> int:
        asked.clear()
        assert look(person, f"/panel/jobs{query}").status_code == 200
        return len(asked)

    for _ in range(2):
        enter_job(person.id, status="completed")
    event.listen(services.database.engine, "before_cursor_execute", count)
    queries()  # what a process asks once
    few = queries()
    for _ in range(30):
        enter_job(person.id, status="completed")
    assert queries() == few
    assert sum("GROUP BY training_jobs.status" in statement for statement in asked) == 1
    assert queries("?state=failed") == few
    assert queries("?search=Ann") == few + 1  # what is found is counted as well


def test_room_is_kept_for_what_has_two_values(look: Any, person: Any, enter_job: Any, happening: Any) -> None:
    it = happening(enter_job(person.id))
    page = f"/panel/jobs/{it.job.id}"
    curves, rises = re.compile(r"data-curves( hidden)?>"), re.compile(r"data-rises( hidden)?>")
    it.complete()  # with a score, which is told above
    assert curves.search(look(person, page).text)[1]
    for epoch, loss in enumerate((0.9, 0.5), 1):
        it.metric("validation_loss", epoch, loss)
    told = look(person, page).text
    assert not curves.search(told)[1]
    assert "charts-1" in told
    assert rises.search(told)[1]
    it.metric("validation_loss", 3, 0.6)
    assert not rises.search(look(person, page).text)[1]


def test_a_name_is_a_name_and_no_page(look: Any, person: Any, enter_job: Any, happening: Any) -> None:
    job = enter_job(person.id, HOSTILE, dataset_name=HOSTILE, status="failed", last_error=HOSTILE)
    happening(job).log(HOSTILE)
    for path in ("", f"/{job.id}"):
        page = look(person, f"/panel/jobs{path}").text
        assert "<img src=x" not in page
        assert "&lt;img src=x" in page


def test_a_job_that_failed_says_what_to_do(look: Any, person: Any, enter_job: Any) -> None:
    job = enter_job(
        person.id, status="failed", error_code="TRAINING_TIMEOUT", last_error="It took too long.",
        suggested_actions=[
            "Try again: POST /training/{jobId}/retry. It goes on from its last checkpoint.",
            "Start a new job with a higher options.maxTrainingTimeMs (it was 3600000 ms), for example 1.",
        ],
    )  # fmt: skip
    page = look(person, f"/panel/jobs/{job.id}").text
    assert "It took too long." in page
    assert "Try again with Retry above." in page
    assert "a higher time limit (it was 60 min), for example 1." in page
    assert "POST /training/{jobId}" not in page
    assert f'data-call="POST /training/{job.id}/retry"' in page


def test_a_job_that_waits_says_for_what(look: Any, person: Any, enter_job: Any) -> None:
    job = enter_job(person.id, status="queued", started_at=None, attempt_started_at=None)
    page = look(person, f"/panel/jobs/{job.id}", part="standing").text
    assert "No node that is there now can run it" in page
    assert "voicewright worker" in page
    assert "<html" not in page


def test_the_log_is_a_file_with_every_line(look: Any, person: Any, enter_job: Any, happening: Any) -> None:
    job = enter_job(person.id)
    for number in range(3):
        happening(job).log(f"line {number}", "warning" if number else "info")
    answer = look(person, f"/panel/jobs/{job.id}/log.txt")
    assert answer.headers["content-disposition"].startswith("attachment")
    lines = answer.text.splitlines()
    assert [line.rpartition("  ")[2].strip() for line in lines] == ["line 0", "line 1", "line 2"]
    assert "warning" in lines[1]


def test_an_administrator_is_not_led_astray_by_the_job_of_another(
    look: Any, person: Any, admin: Any, enter_job: Any
) -> None:
    job = enter_job(person.id, status="completed", voice_model_id=None)
    path = f"/panel/jobs/{job.id}"
    mine, seen = look(person, path).text, look(admin, path).text
    for link in ("/panel/datasets/Evening%20readings", f"/panel/train?again={job.id}"):
        assert (link in mine, link in seen) == (True, False), link
    assert "Evening readings" in seen
    refused = look(admin, f"/panel/train?again={job.id}", expect=403).text
    assert "Only its owner trains its samples again" in refused


def test_what_was_asked_for_is_told_in_words(look: Any, person: Any, enter_job: Any) -> None:
    options = {"batchSize": 4, "maxTrainingTimeMs": 7_200_000, "engine": {"from_prior": True, "seed": None}}
    page = look(person, f"/panel/jobs/{enter_job(person.id, options=options).id}").text
    for words in (
        "<dt>Language</dt><dd>English (US)</dd>",
        "<dt>Batch size</dt><dd>4</dd>",
        "<dt>Max training time</dt><dd>2:00 h</dd>",
        "<dt>From prior</dt><dd>yes</dd>",
        "<dt>Seed</dt><dd>–</dd>",
    ):
        assert words in page, words


def test_the_queue_of_administrators_calls_engines_by_their_names(
    look: Any, person: Any, admin: Any, enter_job: Any
) -> None:
    enter_job(person.id, status="queued", provider="studio")
    enter_job(person.id, provider="tone")
    page = look(admin, "/panel/admin/queue").text
    assert '<td data-name="Engine">Studio</td>' in page
    assert '<td data-name="Engine">Hum</td>' in page
