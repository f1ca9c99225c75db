"""The pages for administrators: who gets in, and what they say."""

from __future__ import annotations

import csv
import html
import io
import re
from datetime import UTC, datetime
from decimal import Decimal
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from sqlalchemy import text

from voicewright.api import audit_table
from voicewright.audit.acts import Act
from voicewright.audit.trail import note
from voicewright.voices.figures.models import VoiceUse
from voicewright.voices.schemas import LOCAL_USER_ID
from voicewright.web.admin.routes import ROUTERS

if TYPE_CHECKING:
    from collections.abc import Callable

    import pytest
    from fastapi.testclient import TestClient

SOMEBODY = "00000000-0000-4000-8000-0000000000aa"
PATHS = sorted(route.path.replace("{user_id}", SOMEBODY) for router in ROUTERS for route in router.routes)
PLACES = [path for path in PATHS if SOMEBODY not in path]
HOSTILE = "<img src=x onerror=alert(1)>\"'&"


def test_every_page_is_for_administrators(
    client: TestClient, person: Any, cookies_of: Callable[..., dict[str, str]]
) -> None:
    for path in PATHS:
        answer = client.get(path, follow_redirects=False)
        assert answer.status_code == 303, path
        assert answer.headers["location"].startswith("/panel/sign-in?next=/panel/admin"), path
    client.cookies.update(cookies_of(person))
    for path in PATHS:
        answer = client.get(path)
        assert answer.status_code == 403, path
        assert "Only an administrator may do this." in answer.text
        assert "/panel/admin" not in answer.text.replace(path, ""), "the menu leads there"


def test_an_empty_installation_teaches(
    client: TestClient, admin: Any, cookies_of: Callable[..., dict[str, str]]
) -> None:
    client.cookies.update(cookies_of(admin))
    for path in PLACES:
        answer = client.get(path)
        assert answer.status_code == 200, path
        partial = client.get(path, headers={"HX-Request": "true"})
        assert partial.status_code == 200, path


def test_what_people_wrote_is_text(  # noqa: PLR0917 - fixtures
    client: TestClient,
    admin: Any,
    make_person: Callable[..., Any],
    add_voice: Callable[..., Any],
    enter_sample: Callable[..., Any],
    cookies_of: Callable[..., dict[str, str]],
) -> None:
    eve = make_person("eve@example.com", name=HOSTILE)
    add_voice(eve, HOSTILE, evaluation={"overall": 0.2, "similarity": "high", "reasons": [HOSTILE]})
    enter_sample(eve.id)
    client.cookies.update(cookies_of(admin))
    shown = 0
    for path in [*PLACES, f"/panel/admin/users/{eve.id}", f"/panel/admin/users?query={HOSTILE}"]:
        answer = client.get(path)
        assert answer.status_code == 200, path
        assert "<img src=x" not in answer.text or "text/csv" in answer.headers["content-type"], path
        shown += "&lt;img" in answer.text
    assert shown >= 4


def test_the_overview_says_that_the_voices_of_the_command_line_count(
    client: TestClient, admin: Any, add_voice: Callable[..., Any], cookies_of: Callable[..., dict[str, str]]
) -> None:
    client.cookies.update(cookies_of(admin))
    assert "none is judged yet</" in client.get("/panel/admin").text
    add_voice(admin, "Ann")
    add_voice(SimpleNamespace(id=LOCAL_USER_ID), "Local")
    tile = client.get("/panel/admin").text.partition('id="tile-voices"')[2].partition("</a>")[0]
    assert '<span class="tile-value">2</span>' in tile
    assert "those of the command line count too" in tile


def test_nobody_is_found_where_nobody_is(
    client: TestClient, admin: Any, cookies_of: Callable[..., dict[str, str]]
) -> None:
    client.cookies.update(cookies_of(admin))
    assert "Nobody here is called that" in client.get("/panel/admin/users?query=zz").text
    assert client.get(f"/panel/admin/users/{SOMEBODY}").status_code == 404
    assert "There is no account zz@example.com" in client.get("/panel/admin/audit?who=zz@example.com").text
    assert "no id of a voice" in client.get("/panel/admin/audit?voice=zz").text
    assert client.get("/panel/admin/audit?since=yesterday").status_code == 200
    assert client.get(f"/panel/admin/cleanup?run={SOMEBODY}").status_code == 404
    assert client.get("/panel/admin/costs?days=5").status_code == 422


def test_less_than_a_cent_is_no_nothing(
    client: TestClient,
    admin: Any,
    database: Any,
    add_voice: Callable[..., Any],
    cookies_of: Callable[..., dict[str, str]],
) -> None:
    voice = add_voice(admin, "Ann")
    with database.session() as session:
        session.add(
            VoiceUse(
                model_id=voice.id, owner_id=admin.id, user_id=admin.id, at=datetime.now(UTC),
                outcome="spoken", characters=40, audio_s=3.0, latency_ms=150.0, cost_usd=Decimal("0.0005"),
            )
        )  # fmt: skip
    client.cookies.update(cookies_of(admin))
    costs = client.get("/panel/admin/costs").text
    assert "with $0.0005." in costs
    assert costs.count("$0.0005") >= 6
    for path in ("/panel/admin", "/panel/admin/users", f"/panel/admin/users/{admin.id}"):
        assert "$0.0005" in client.get(path).text, path


def test_a_changed_record_shows(
    client: TestClient, admin: Any, database: Any, cookies_of: Callable[..., dict[str, str]]
) -> None:
    for number in range(2):
        with database.session() as session:
            note(session, Act("voice_model.read", admin.id, admin.id, details={"number": number}))
    client.cookies.update(cookies_of(admin))
    whole = client.get("/admin/audit/verification").json()
    assert (whole["broken"], whole["breaks"]) == (0, [])
    with database.session() as session:
        session.execute(text("ALTER TABLE audit_events DISABLE TRIGGER USER"))
        session.execute(text("UPDATE audit_events SET action = 'nothing' WHERE sequence = 1"))
    found = client.get("/admin/audit/verification").json()
    assert found["broken"] == 1
    assert found["breaks"][0]["kind"] == "changed_row"
    shown = client.get("/panel/admin/audit/verification", headers={"HX-Request": "true"}).text
    assert "The record is broken in 1 place." in shown
    failed = client.get("/admin/audit", params={"result": "failed"}).json()
    assert failed["events"] == []


def test_all_events_that_are_asked_for_are_exported(
    client: TestClient,
    admin: Any,
    database: Any,
    cookies_of: Callable[..., dict[str, str]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(audit_table, "AT_ONCE", 2)
    for _ in range(5):
        with database.session() as session:
            note(session, Act("=1+1", admin.id, admin.id, result="refused", code="NOT_ALLOWED"))
    client.cookies.update(cookies_of(admin))
    page = client.get(
        "/panel/admin/audit?result=refused&who=admin@example.com&since=2025-01-01&until=9999-12-31"
    )
    (link,) = re.findall(r'href="(/admin/audit/export[^"]*)"', page.text)
    answer = client.get(html.unescape(link))
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert len({row["id"] for row in rows}) == len(rows) == 5
    row = rows[0]
    assert (row["who"], row["actor_id"], row["action"]) == ("admin@example.com", str(admin.id), "'=1+1")
    assert client.get("/admin/audit/export?result=failed").text.count("\n") == 1
    assert "/admin/audit/export" not in client.get("/panel/admin/audit?who=zz@example.com").text
    assert client.get("/admin/audit/export?actor_id=zz").status_code == 422
