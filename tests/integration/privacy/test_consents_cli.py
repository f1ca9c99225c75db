"""`voicewright consents`, and `clone`, which asks for a consent before any work is done."""

from __future__ import annotations

import json
import uuid

import pytest

from voicewright.bootstrap import LocalApplication
from voicewright.cli.app import run
from voicewright.engines.installed import Engines
from voicewright.engines.testing_provider import CELLAR_ENGINE


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


def test_a_provider_gets_no_recording_without_one_in_which_the_speaker_agrees(
    voicewright, monkeypatch, sample_recordings
):
    find = {CELLAR_ENGINE.id: CELLAR_ENGINE}.__getitem__
    engines = Engines(None, {"CELLAR": "/nowhere"}, find, lambda: (CELLAR_ENGINE,))
    monkeypatch.setattr(LocalApplication, "engines", engines)
    clone = ("clone", sample_recordings, "--name", "Ann", "--engine", "cellar")
    one = sample_recordings / "sample-01.flac"

    status, refused = voicewright(*clone)
    assert (status, refused["code"]) == (13, "PROVIDER_CONSENT_REQUIRED")
    assert CELLAR_ENGINE.provider.consent_statements[0][1] in refused["error"]
    assert 'voicewright consents add "Ann" --recording FILE --language en-us' in refused["error"]
    add = ("consents", "add", "Ann", "--recording", one, "--language", "en-US")
    status, given = voicewright(*add)
    assert (status, given["source"], given["language"]) == (0, "recording", "en-us")
    status, refused = voicewright(*clone)  # to the voice, and not to the upload
    assert (status, refused["code"]) == (13, "CONSENT_REQUIRED")
    assert "--scope provider-upload --scope voice-cloning" in refused["error"]
    status, again = voicewright(*add, "--scope", "voice-cloning", "--scope", "provider-upload")
    assert (status, again["recording_sample_id"]) == (0, given["recording_sample_id"])
    status, refused = voicewright(*clone, "--consent", sample_recordings / "nothing.wav")
    assert (status, refused["code"]) == (4, "RECORDINGS_NOT_FOUND")
    status, refused = voicewright("consents", "add", "Bob", "--recording", one)
    assert (status, refused["code"]) == (3, "CONSENT_INVALID")  # it is Ann


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
