"""`voicewright voices delete`, `undelete` and `cleanup`."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import update

from voicewright.bootstrap import LocalApplication
from voicewright.cli.app import run
from voicewright.voices.models import VoiceModel
from voicewright.voices.schemas import LOCAL_USER_ID


@pytest.fixture
def voicewright(monkeypatch, settings, capsys):
    """Run a command in this process; gives its status and the JSON, or the words, that it answers with."""
    monkeypatch.setenv("VOICEWRIGHT_HOME", str(settings.home))
    monkeypatch.setenv("DATABASE_URL", settings.database_url.get_secret_value())

    def command(*arguments, as_json=True):
        capsys.readouterr()
        status = run(LocalApplication(), [*map(str, arguments), *(["--json"] if as_json else [])])
        out = capsys.readouterr().out
        return status, json.loads(out) if as_json else out

    return command


def test_a_deleted_voice_is_listed_and_brought_back(voicewright, voices, new_voice):
    first, second = (voices.register(new_voice("Ann")) for _ in range(2))
    assert voicewright("voices", "undelete", as_json=False)[1].startswith("No deleted voice")
    for version in (1, 2):
        voicewright("voices", "delete", "Ann", "--version", version, "--yes")
    status, resting = voicewright("voices", "undelete")
    assert (status, [voice["version"] for voice in resting["voices"]]) == (0, [2, 1])
    _, words = voicewright("voices", "undelete", as_json=False)
    title, newest, _ = words.splitlines()
    assert title.split() == ["name", "version", "until", "(UTC)", "id"]
    assert newest.split()[:2] + newest.split()[4:] == ["Ann", "2", str(second.id)]
    assert voicewright("voices", "undelete", "ann")[1]["voice_id"] == str(second.id)
    status, words = voicewright("voices", "undelete", first.id, "--version", "1", as_json=False)
    assert words == "'Ann', version 1, is back. It is not the active voice.\n"
    assert len(voices.list_voices()) == 2
    status, refused = voicewright("voices", "undelete", "Ann")
    assert (status, refused["code"]) == (4, "VOICE_MODEL_NOT_FOUND")


def test_what_is_purged_does_not_come_back(voicewright, voices, new_voice):
    voices.register(new_voice("Ann"))
    assert voicewright("voices", "delete", "Ann", "--purge", "--yes")[0] == 0
    assert voicewright("voices", "undelete")[1] == {"voices": []}
    assert list(voices.vault.of(LOCAL_USER_ID).digests()) == []


def test_the_cleanup_tells_first_and_then_deletes(voicewright, voices, new_voice, database):
    voices.register(new_voice("Good", evaluation={"overall": 0.9}))
    poor = voices.register(new_voice("Poor", evaluation={"overall": 0.2}))
    with database.session() as session:
        long_ago = datetime.now(UTC) - timedelta(days=200)
        session.execute(update(VoiceModel).where(VoiceModel.id == poor.id).values(created_at=long_ago))
    told = voicewright("voices", "cleanup", "--dry-run")[1]
    assert (told["eligible"], told["cleaned"], told["voices"][0]["id"]) == (1, 0, str(poor.id))
    status, words = voicewright("voices", "cleanup", as_json=False)
    assert (status, words.endswith("1 eligible, 1 deleted, 0 failed.\n")) == (0, True)
    assert "quality 0.20, below 0.5" in words
    assert [voice.name for voice in voices.list_voices()] == ["Good"]
    assert voicewright("voices", "undelete", "Poor")[0] == 0
