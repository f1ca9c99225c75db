"""`voicewright audit`, in this process, on a database of the test's own."""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text

from voicewright.accounts.service import AccountService
from voicewright.audit.acts import Act
from voicewright.audit.trail import note
from voicewright.bootstrap import LocalApplication
from voicewright.cli.app import run
from voicewright.voices.schemas import LOCAL_USER_ID

if TYPE_CHECKING:
    from voicewright.db.server import Database
    from voicewright.settings import Settings

Run = Callable[..., tuple[int, str, str]]


class Quiet(LocalApplication):
    """Without log files."""

    def open(self, command: str) -> None:
        self.data_dir = self.settings.home


@pytest.fixture
def audit(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], settings: Settings) -> Run:
    """Run `voicewright audit ...`; returns the status, standard output and errors."""
    assert settings.database_url is not None
    monkeypatch.setenv("DATABASE_URL", settings.database_url.get_secret_value())
    monkeypatch.setenv("VOICEWRIGHT_HOME", str(settings.home))

    def audit(*arguments: object) -> tuple[int, str, str]:
        status = run(Quiet(), ["audit", *map(str, arguments)])
        told = capsys.readouterr()
        return status, told.out, told.err

    return audit


@pytest.fixture
def ann(settings: Settings, database: Database) -> uuid.UUID:
    return AccountService(settings, database).users.add("ann@example.com").id


def act(database: Database, owner_id: uuid.UUID, **more: object) -> None:
    with database.session() as session:
        note(session, Act("voice_model.read", owner_id, owner_id, **more))  # type: ignore[arg-type]


def test_what_was_done_is_listed(audit: Run, database: Database, ann: uuid.UUID) -> None:
    assert "Nothing is on record" in audit("list")[1]
    model_id = uuid.uuid4()
    act(database, ann, model_id=model_id)
    act(database, uuid.UUID(int=7), result="refused", code="VOICE_MODEL_NOT_FOUND")

    status, out, _ = audit("list")
    assert status == 0
    assert "refused: VOICE_MODEL_NOT_FOUND" in out
    title, theirs, hers = out.splitlines()
    assert title.split() == ["at", "(UTC)", "who", "what", "voice", "result", "from", "request"]
    assert theirs.split()[2:5] == ["00000000", "read", "refused:"]
    assert hers.split()[2:] == ["ann@example.com", "read", str(model_id)[:8], "done", "command"]
    act(database, LOCAL_USER_ID)
    with database.session() as session:
        note(session, Act("account.delete", LOCAL_USER_ID, None))
    assert [line[18:33].strip() for line in audit("list")[1].splitlines()[1:3]] == ["service", "command line"]
    for filters in (["--owner", "ann@example.com"], ["--owner", ann], ["--model", model_id]):
        [event] = json.loads(audit("list", *filters, "--json")[1])["events"]
        assert (event["actor_id"], event["model_id"], event["source"]) == (str(ann), str(model_id), "command")
    assert len(json.loads(audit("list", "--limit", 1, "--json")[1])["events"]) == 1
    assert audit("list", "--owner", "nobody@example.com")[0] == 4


def test_a_whole_trail_is_told_with_its_digest_and_a_broken_one_fails(
    audit: Run, database: Database, ann: uuid.UUID, tmp_path: Path
) -> None:
    heads = tmp_path / "heads"
    for owner_id in (ann, ann, uuid.UUID(int=7)):
        act(database, owner_id)
    status, out, _ = audit("verify", "--save-heads", heads)
    assert status == 0
    assert "3 events in 2 chains" in out
    assert hashlib.sha256(heads.read_bytes()).hexdigest() in out
    act(database, ann)
    assert audit("verify", "--since-head", heads)[0] == 0
    assert json.loads(audit("verify", "--owner", "ann@example.com", "--json")[1])["events"] == 3

    with database.session() as session:
        session.execute(text("ALTER TABLE audit_events DISABLE TRIGGER USER"))
        session.execute(text("DELETE FROM audit_events WHERE sequence = 2"))
    status, out, err = audit("verify")
    assert status == 5
    assert f"{ann}: event 2 is missing. (missing_row)" in out
    assert "broken in 1 places" in err
    answer = json.loads(audit("verify", "--since-head", heads, "--json")[1])
    assert (answer["code"], answer["broken"]) == ("AUDIT_TRAIL_BROKEN", 2)
    assert [one["kind"] for one in answer["breaks"]] == ["missing_row", "not_as_before"]
    assert audit("verify", "--owner", uuid.UUID(int=7))[0] == 0


def test_a_file_that_holds_no_heads_is_refused(audit: Run, tmp_path: Path) -> None:
    (tmp_path / "heads").write_bytes(b"\xff\xfe not heads")
    status, _, err = audit("verify", "--since-head", tmp_path / "heads")
    assert status == 3
    assert "--save-heads" in err
    assert audit("verify", "--since-head", tmp_path / "absent")[0] == 2
