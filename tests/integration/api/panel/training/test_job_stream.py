"""The stream behind the lists of jobs: nothing is lost before it begins, and it is for those who may see."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from voicewright.accounts.models import User
from voicewright.api import event_streams
from voicewright.web import job_stream

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from voicewright.db.server import Database

PATIENCE_S = 60
EVENTS = "/panel/jobs/events"
STREAM = {"Accept": "text/event-stream"}


@pytest.fixture
def http(base_url: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=base_url, timeout=PATIENCE_S, headers=STREAM) as client:
        yield client


@pytest.fixture
def signed_in(http: httpx.Client, cookies_of: Callable[[Any], dict[str, str]]) -> Callable[[Any], None]:
    """Have the client be somebody."""
    return lambda who: http.cookies.update(cookies_of(who))


def test_what_changes_before_the_stream_begins_is_told_first(  # noqa: PLR0917 - fixtures
    http: httpx.Client, signed_in: Any, person: Any, enter_job: Any, happening: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr(event_streams, "SIGN_OF_LIFE_S", 0.05)
    monkeypatch.setattr(job_stream, "_MOMENT_S", 0.01)
    signed_in(person)
    it = happening(enter_job(person.id))

    def mark(path: str) -> str:
        found = re.search(r'data-mark="(\w+)"', http.get(path).text)
        assert found is not None
        return found[1]

    def first(query: str) -> str:
        with http.stream("GET", f"{EVENTS}{query}") as answer:
            lines = (line for line in answer.iter_lines() if line)
            assert next(lines) == "retry: 2000"
            return next(lines)

    first("")  # whoever listens first hears that something may have happened before
    seen = mark("/panel/jobs")
    assert seen == mark("/panel")  # what is told to the one is told to the other
    assert seen == mark("/panel/jobs?state=failed&search=nobody")  # the stream tells of all of them
    assert first(f"?mark={seen}") == ": still there"
    it.progress(50.0, "learning")
    assert first(f"?mark={seen}") == "event: all"
    assert first("") == "event: all"
    assert first(f"?mark={mark('/panel/jobs')}") == ": still there"


def test_it_is_refused_without_a_session_and_ends_with_the_role(  # noqa: PLR0917 - fixtures
    http: httpx.Client, signed_in: Any, admin: Any, other: Any, enter_job: Any, database: Database,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr(event_streams, "SIGN_OF_LIFE_S", 0.05)
    assert http.get(EVENTS).status_code == 401  # a script that would be led to a page can't tell why
    assert http.get(EVENTS, headers={"Accept": "text/html"}).status_code == 303
    job = enter_job(other.id)
    signed_in(admin)
    with http.stream("GET", f"{EVENTS}?whose=all") as answer:
        lines = answer.iter_lines()
        assert ": still there" in lines
        with database.session() as session:
            session.get_one(User, admin.id).role = "user"
        assert str(job.id) not in "".join(lines)  # it ends
