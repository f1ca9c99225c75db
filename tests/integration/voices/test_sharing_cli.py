"""`voicewright voices share`, `unshare` and `shared`, and `say` with a voice that is shared."""

from __future__ import annotations

import json
import os
from uuid import UUID

import pytest

from voicewright.bootstrap import LocalApplication
from voicewright.cli.app import run

ANN, BOB = "ann@example.com", "bob@example.com"


@pytest.fixture
def voicewright(monkeypatch, settings, capsys, tone_plugin):
    """Run a command in this process; gives its status and the JSON, or the words, that it answers with."""
    monkeypatch.setenv("VOICEWRIGHT_HOME", str(settings.home))
    monkeypatch.setenv("DATABASE_URL", settings.database_url.get_secret_value())
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tone_plugin), os.environ.get("PYTHONPATH", "")]))
    monkeypatch.syspath_prepend(tone_plugin)

    def command(*arguments, as_json=True):
        capsys.readouterr()
        status = run(LocalApplication(), [*map(str, arguments), *(["--json"] if as_json else [])])
        out = capsys.readouterr().out
        return status, json.loads(out) if as_json else out

    return command


@pytest.fixture
def voice(voicewright, voices, new_voice):
    """A voice of Ann's, who has an account as Bob has."""
    ids = {
        email: voicewright("users", "add", email, "--name", email[:3])[1]["user"]["id"]
        for email in (ANN, BOB)
    }
    new = new_voice("Song")
    content = {"format": 1, "pitch_hz": 150.0, "speaking_fault": "none"}
    (new.artefact_dir / "voice.json").write_text(json.dumps(content))
    return voices.of(UUID(ids[ANN])).register(new)


@pytest.mark.slow
def test_a_voice_is_shared_spoken_with_and_taken_back(voicewright, voice, tmp_path):
    say = ("say", "Hello.", "--voice", "Song", "--owner", BOB, "--out", tmp_path / "a.wav")
    assert voicewright(*say)[1]["code"] == "VOICE_MODEL_NOT_FOUND"
    status, shared = voicewright("voices", "share", "Song", BOB, "--owner", ANN)
    assert (status, shared["voice_id"]) == (0, str(voice.id))
    assert [(each["email"], each["permission"]) for each in shared["shares"]] == [(BOB, "use")]
    (listed,) = voicewright("voices", "shared", "--owner", BOB)[1]["voices"]
    assert (listed["name"], listed["owner_name"], listed["permission"]) == ("Song", "ann", "use")
    assert voicewright("voices", "shared", "Song", "--owner", ANN)[1] == shared
    assert "Song" in voicewright("voices", "shared", "--owner", BOB, as_json=False)[1]
    assert f"{BOB}: use" in voicewright("voices", "shared", "Song", "--owner", ANN, as_json=False)[1]
    status, said = voicewright(*say)
    assert (status, said["voice_id"]) == (0, str(voice.id))

    _, words = voicewright("voices", "share", "Song", BOB, "--read", "--owner", ANN, as_json=False)
    assert words == f"{BOB} may look at 'Song', version 1, now.\n"
    assert voicewright(*say)[1]["code"] == "NOT_ALLOWED"
    assert voicewright("voices", "unshare", "Song", BOB, "--owner", ANN)[1]["unshared"] == BOB
    assert voicewright("voices", "unshare", "Song", BOB, "--owner", ANN)[1]["code"] == "VOICE_SHARE_NOT_FOUND"
    assert voicewright("voices", "shared", "--owner", BOB, as_json=False)[1].startswith("Nobody")
    assert (
        voicewright("voices", "share", "Song", "x@example.com", "--owner", ANN)[1]["code"] == "USER_NOT_FOUND"
    )
