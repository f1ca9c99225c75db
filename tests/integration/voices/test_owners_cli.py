"""`voicewright voices ... --owner`: what an operator does with the voices of an account."""

from __future__ import annotations

import json
from uuid import UUID

import pytest

from voicewright.bootstrap import LocalApplication
from voicewright.cli.app import run

ANN = "ann@example.com"


@pytest.fixture(autouse=True)
def _home(monkeypatch, settings):
    monkeypatch.setenv("VOICEWRIGHT_HOME", str(settings.home))
    monkeypatch.setenv("DATABASE_URL", settings.database_url.get_secret_value())


@pytest.fixture
def voicewright(capsys):
    """Run `voicewright ... --owner ANN` in this process; gives its status and what it says."""

    def command(*arguments):
        capsys.readouterr()
        status = run(LocalApplication(), [*map(str, arguments), "--owner", ANN])
        told = capsys.readouterr()
        return status, told.out + told.err

    return command


@pytest.fixture
def hers(capsys, voices):
    """The registry of Ann's, who has no voice yet."""
    assert run(LocalApplication(), ["users", "add", ANN, "--json"]) == 0
    user = json.loads(capsys.readouterr().out)["user"]
    return voices.of(UUID(user["id"]))


def test_the_voices_of_an_account_are_managed(voicewright, hers, voices, new_voice):
    voices.register(new_voice("Mine"))
    for name in ("Song", "Song"):
        hers.register(new_voice(name, quality_score=0.76))
    status, table = voicewright("voices", "list")
    assert (status, "0.76" in table, "Mine" in table) == (0, True, False)
    assert f"`voicewright say --owner {ANN}`" in table
    assert table.splitlines()[2].split()[:4] == ["*", "Song", "1", "0.76"]
    status, shown = voicewright("voices", "show", "Song", "--version", 1)
    assert (status, "  quality 0.76, as whoever registered it says\n" in shown) == (0, True)
    assert "'Song', version 2, is the active voice" in voicewright("voices", "use", "Song")[1]
    assert voicewright("voices", "versions", "Song")[1].count("Song") == 2
    assert "version 3, is as version 1 was" in voicewright("voices", "rollback", "Song", "--version", 1)[1]
    assert "'Song' is called 'Tune' now" in voicewright("voices", "rename", "Song", "Tune")[1]
    assert voicewright("voices", "evaluate", "Mine")[0] == 4
    assert voicewright("voices", "delete", "Mine", "--yes")[0] == 4
    assert voicewright("voices", "delete", "Tune", "--yes") == (0, "Deleted 'Tune', version 3.\n")
    assert [voice.name for voice in voices.list_voices()] == ["Mine"]


@pytest.mark.usefixtures("hers")
def test_what_an_account_lacks_is_not_to_be_cloned(voicewright, tmp_path):
    say = ("say", "Hello.", "--out", tmp_path / "a.wav")
    for arguments in (("voices", "list"), say):
        _, told = voicewright(*arguments)
        assert "over HTTP" in told
        assert f"voices shared --owner {ANN}`" in told
        assert "clone" not in told
    for arguments in (("voices", "show", "Song"), (*say, "--voice", "Song"), ("voices", "undelete", "Song")):
        status, told = voicewright(*arguments)
        assert (status, f"voices list --owner {ANN}`" in told, "clone" in told) == (4, True, False)
