"""Going back and renaming, by the command line's registry and by its commands."""

from __future__ import annotations

import json

import pytest

from voicewright.bootstrap import LocalApplication
from voicewright.cli.app import run
from voicewright.voices.errors import VoiceIsCurrent, VoiceNameTaken


@pytest.fixture
def voicewright(monkeypatch, settings, capsys):
    """Run a command in this process; gives its status and what it answers with."""
    monkeypatch.setenv("VOICEWRIGHT_HOME", str(settings.home))
    monkeypatch.setenv("DATABASE_URL", settings.database_url.get_secret_value())

    def command(*arguments, as_json=True):
        capsys.readouterr()
        status = run(LocalApplication(), ["voices", *arguments, *(["--json"] if as_json else [])])
        out = capsys.readouterr().out
        return status, json.loads(out) if as_json else out

    return command


def test_a_voice_goes_back_and_is_renamed_in_all_its_versions(voices, new_voice):
    first, second = voices.register(new_voice("Ann")), voices.register(new_voice("Ann"))
    with pytest.raises(VoiceIsCurrent):
        voices.rollback("Ann")
    back = voices.rollback("Ann", 1)
    assert (back.version, back.parent_id, back.is_active) == (3, first.id, True)
    assert back.artefact_digest == first.artefact_digest != second.artefact_digest
    assert voices.get("Ann").id == back.id
    voices.register(new_voice("Bob"))
    with pytest.raises(VoiceNameTaken):
        voices.rename("Ann", "bob")
    assert voices.rename("Ann", "Carol").version == 3
    assert {voice.name for voice in voices.list_voices()} == {"Carol", "Bob"}
    assert voices.get("carol", 1).id == first.id


def test_the_commands_do_it(voicewright, voices, new_voice):
    for name in ("Ann", "Ann", "Bob"):
        voices.register(new_voice(name))
    status, made = voicewright("rollback", "ann", "--version", "1")
    assert (status, made["version"], made["active"]) == (0, 3, True)
    assert voicewright("rename", "Ann", "Carol") == (0, made | {"name": "Carol"})
    status, listed = voicewright("versions", "Carol")
    assert [(voice["name"], voice["version"]) for voice in listed["voices"]] == [
        ("Carol", 3), ("Carol", 2), ("Carol", 1),
    ]  # fmt: skip
    assert "'Carol' is called 'Dora' now." in voicewright("rename", "Carol", "Dora", as_json=False)[1]
    assert (
        "version 4, is as version 2 was"
        in voicewright("rollback", "Dora", "--version", "2", as_json=False)[1]
    )
    assert voicewright("versions", "Dora", as_json=False)[1].count("Dora") == 4
    assert voicewright("rename", "Dora", "Bob", as_json=False)[0] == 5
