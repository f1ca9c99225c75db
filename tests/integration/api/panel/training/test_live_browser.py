"""What keeps pages up to date in a real browser: few connections, and none for a page that nobody sees.

Somebody whose session has ended is led to the sign-in page.
"""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import update

from voicewright.accounts.models import UserSession
from voicewright.api import event_streams
from voicewright.api.job_watch import JobWatch
from voicewright.speech.long.models import LongChunk, LongPart, LongSpeech
from voicewright.speech.long.transitions import end, issue_ticket

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from uuid import UUID

    from fastapi import FastAPI

    from voicewright.api.job_watch import Changes
    from voicewright.db.server import Database

pytestmark = pytest.mark.browser
PATIENCE_S = 60
_SEEN = """isSeen => {
  Object.defineProperty(document, "hidden", { value: !isSeen, configurable: true });
  document.dispatchEvent(new Event("visibilitychange"));
}"""


@pytest.fixture
def wait_for_watchers(app: FastAPI, monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Wait until so many streams watch the jobs, which no page shows."""
    changed = threading.Condition()
    watching_all = JobWatch.watching_all

    @contextmanager
    def told(watch: JobWatch) -> Iterator[Changes]:
        try:
            with watching_all(watch) as changes:
                with changed:
                    changed.notify_all()
                yield changes
        finally:
            with changed:
                changed.notify_all()

    def wait(watchers: int) -> None:
        with changed:
            assert changed.wait_for(lambda: app.state.job_watch.watchers == watchers, PATIENCE_S)

    monkeypatch.setattr(JobWatch, "watching_all", told)
    return wait


def test_pages_hold_few_streams_and_none_unseen_or_after_the_session(  # noqa: PLR0917 - fixtures
    wait_for_watchers: Callable[[int], None], browse: Any, person: Any, enter_job: Any, happening: Any,
    database: Database, monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr(event_streams, "SIGN_OF_LIFE_S", 0.2)
    texts = [enter_text(database, person.id, f"Chapter {number}") for number in range(7)]
    browser = browse(person)
    page = browser.open("/panel")
    page.get_by_role("link", name="Chapter 6").wait_for()
    wait_for_watchers(1)  # with more than six, nothing else would load
    with database.session() as session:
        end(session, session.get_one(LongSpeech, texts[0]), "cancelled")
    page.get_by_role("link", name="Chapter 0").wait_for(state="detached")

    page.evaluate(_SEEN, False)
    wait_for_watchers(0)
    happening(enter_job(person.id)).progress(42.0, "learning")
    page.evaluate(_SEEN, True)
    page.get_by_text("42 %").wait_for()

    page.goto(f"{browser.base_url}/panel/jobs?state=open")
    page.get_by_text("42 %").wait_for()
    browser.expect("401")
    with database.session() as session:
        session.execute(update(UserSession).values(revoked_at=UserSession.created_at))
    page.wait_for_url("**/panel/sign-in?next=%2Fpanel%2Fjobs%3Fstate%3Dopen")


def enter_text(database: Database, owner_id: UUID, title: str) -> UUID:
    """A long text that waits."""
    with database.session() as session:
        text = LongSpeech(
            owner_id=owner_id, kind="text", title=title, text_digest="0" * 64, markup="text", characters=4,
            parameters={}, output_format="mp3", paragraphs=False,
        )  # fmt: skip
        session.add(text)
        session.flush()
        session.add(LongPart(speech_id=text.id, number=1, name="", engine="tone", speed=1.0))
        session.flush()
        session.add(LongChunk(speech_id=text.id, number=1, part=1, pieces=[], characters=4))
        issue_ticket(session, text)
        return text.id
