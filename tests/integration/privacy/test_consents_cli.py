"""`voicewright consents`, and `clone`, which asks for a consent before any work is done."""

from __future__ import annotations

import json
import uuid

import pytest

from voicewright.bootstrap import LocalApplication
from voicewright.cli.app import run


@pytest.fixture
def voicewright(monkeypatch, settings, capsys):
    """Run a command in this process; gives its status and the JSON that it answers with."""
    monkeypatch.setenv("VOICEWRIGHT_HOME", str(settings.home))
    monkeypatch.setenv("DATABASE_URL", settings.database_url.get_secret_value())
    monkeypatch.setenv("ENVIRONMENT", "production")

    def command(*arguments):
        capsys.readouterr()
        status = run(LocalApplication(), [*map(str, arguments), "--json"])
        return status, json.loads(capsys.readouterr().out)

    return command


def test_in_production_no_voice_is_cloned_without_a_recorded_consent(voicewright, sample_recordings):
    clone = ("clone", sample_recordings, "--name", "My voice", "--speaker", "Ann")
    status, refused = voicewright(*clone)
    assert (status, refused["code"]) == (13, "CONSENT_REQUIRED")
    assert 'voicewright consents add "Ann"' in refused["error"]
    status, named = voicewright("clone", sample_recordings, "--name", "My voice")
    assert (status, '"My voice"' in named["error"]) == (13, True)
    assert voicewright("consents", "list") == (0, {"consents": []})


def test_consents_are_recorded_listed_and_taken_back(voicewright, sample_recordings):
    status, given = voicewright(
        "consents", "add", "Ann", "--expires", "2999-01-31", "--statement", "On paper."
    )
    assert (status, given["speaker"], given["statement"]) == (0, "Ann", "On paper.")
    assert given["expires_at"] == "2999-01-31T00:00:00+00:00"
    assert voicewright("consents", "list") == (0, {"consents": [given]})
    status, revoked = voicewright("consents", "revoke", given["consent_id"])
    assert (status, revoked["revoked_at"] is not None) == (0, True)
    assert voicewright("consents", "list") == (0, {"consents": [revoked]})
    status, refused = voicewright("clone", sample_recordings, "--name", "Ann")
    assert (status, refused["code"]) == (13, "CONSENT_REQUIRED")
    assert "took back" in refused["error"]


@pytest.mark.parametrize(
    ("arguments", "status", "code"),
    [
        (("add", "Ann", "--expires", "2020-01-01"), 3, "CONSENT_INVALID"),
        (("add", " "), 3, "SPEAKER_INVALID"),
        (("revoke", uuid.UUID(int=1)), 4, "CONSENT_NOT_FOUND"),
        (("revoke", "nonsense"), 2, "USAGE"),
        (("add", "Ann", "--expires", "tomorrow"), 2, "USAGE"),
    ],
)
def test_what_is_wrong_is_said(voicewright, arguments, status, code):
    answered, error = voicewright("consents", *arguments)
    assert (answered, error["code"]) == (status, code)


@pytest.mark.usefixtures("voicewright")
def test_people_are_answered_in_words(capsys):
    def said(*arguments):
        assert run(LocalApplication(), ["consents", *arguments]) == 0
        return capsys.readouterr().out

    assert "No consents yet" in said("list")
    consent_id = said("add", "Ann").split()[-1].rstrip(".")
    assert "Ann" in said("list")
    assert consent_id in said("list")
    assert "until a new consent is recorded" in said("revoke", consent_id)
    title, line = said("list").splitlines()
    assert title.split() == ["speaker", "to", "recorded", "until", "id"]
    assert line.split()[-2:] == ["revoked", consent_id]
