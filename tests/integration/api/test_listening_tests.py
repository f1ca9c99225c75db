"""`/listening-tests`: blind tests over HTTP, with real sound."""

from __future__ import annotations

import io
import uuid
from typing import Any

import numpy as np
import pytest
import soundfile
from sqlalchemy import select

from voicewright.audio.loudness import integrated_loudness
from voicewright.listening.models import ListeningSound, ListeningTest, ListeningTrial
from voicewright.listening.sweeping import sweep_tests
from voicewright.recordings.models import SampleClip
from voicewright.voices.models import VoiceModel
from voicewright.voices.sharing.models import VoiceShare


@pytest.fixture
def ask(client, person):
    """Call `/listening-tests...`: the answer, of the status `expect`."""

    def call(method, path="", body=None, *, expect=200, by=person):
        answer = client.request(method, f"/listening-tests{path}", json=body, headers=by.headers)
        assert answer.status_code == expect, answer.text
        return answer

    return call


@pytest.fixture
def make(ask, humming, person):
    """A test of two humming voices: what `POST` answers."""

    def make(*voices, **body: Any):
        chosen = voices or (humming(person, "Ann"), humming(person, "Bob"))
        sides = [{"modelId": str(voice.id)} for voice in chosen]
        return ask("POST", "", {"sides": sides, **body}, expect=201).json()

    return make


def prepared(ask, test):
    for _ in range(test["sentences"]):
        test = ask("POST", f"/{test['id']}/prepare").json()
    assert test["state"] == "ready"
    return test


def hear(ask, trial):
    return [ask("GET", trial[where].removeprefix("/listening-tests")).content for where in ("urlA", "urlB")]


def test_a_whole_blind_test(  # noqa: PLR0917 - fixtures
    client, ask, make, database, services, person, call_voice
):
    test = make(count=2, name="New or old")
    assert (test["state"], test["trials"], test["voted"]) == ("preparing", 2, 0)
    assert [side["label"] for side in test["sides"]] == ["Ann, version 1", "Bob, version 1"]
    where = f"/{test['id']}"
    told = ask("GET", f"{where}/trials/1/sounds/a", expect=409).json()
    assert told["code"] == "LISTENING_TEST_NOT_READY"
    test = prepared(ask, test)
    assert ask("POST", f"{where}/prepare").json() == test

    vote = {"choice": "a", "naturalnessA": 4, "naturalnessB": 2}
    told = ask("PUT", f"{where}/trials/1/vote", vote, expect=409).json()
    assert told["code"] == "LISTENING_TRIAL_NOT_HEARD"
    levels = []
    for trial in test["items"]:
        for content in hear(ask, trial):
            samples, rate = soundfile.read(io.BytesIO(content), dtype="float32")
            assert rate == 48_000
            levels.append(integrated_loudness(samples, rate))
    assert np.ptp(levels) < 0.5
    part = client.get(test["items"][0]["urlA"], headers={**person.headers, "Range": "bytes=0-3"})
    assert (part.status_code, part.content) == (206, b"fLaC")
    assert not {"voicewright-provenance", "x-voice-model-id"} & set(part.headers)

    assert ask("POST", f"{where}/finish", expect=409).json()["code"] == "LISTENING_TEST_NOT_READY"
    assert ask("GET", f"{where}/result", expect=409).json()["code"] == "LISTENING_TEST_NOT_FINISHED"
    assert ask("GET", f"{where}/votes.csv", expect=409).json()["code"] == "LISTENING_TEST_NOT_FINISHED"
    ask("PUT", f"{where}/trials/1/vote", {"choice": "none"})
    seen = ask("PUT", f"{where}/trials/1/vote", vote).json()
    assert (seen["voted"], seen["items"][0]["choice"], seen["items"][0]["naturalnessB"]) == (1, "a", 2)
    assert (
        ask("PUT", f"{where}/trials/9/vote", vote, expect=404).json()["code"] == "LISTENING_TRIAL_NOT_FOUND"
    )

    result = ask("POST", f"{where}/finish").json()
    with database.session() as session:
        trial = session.get_one(ListeningTrial, (uuid.UUID(test["id"]), 1))
    labels = [side["label"] for side in test["sides"]]
    assert result["trials"][0]["a"] == labels[trial.side_a]
    assert result["pairs"][0]["first"] == labels[trial.side_a]
    assert (result["pairs"][0]["wins"], result["pairs"][0]["moreVotes"]) == (1, 5)
    assert result["pairs"][0]["words"].startswith(f"1 of 1 for {labels[trial.side_a]}: not enough")
    assert ask("GET", f"{where}/result").json() == result == ask("POST", f"{where}/finish").json()
    table = ask("GET", f"{where}/votes.csv")
    assert "attachment" in table.headers["content-disposition"]
    assert len(table.text.splitlines()) == 3
    assert ask("PUT", f"{where}/trials/1/vote", vote, expect=409).json()["code"] == "LISTENING_TEST_FINISHED"

    assert call_voice("GET", "/history").json()["syntheses"] == []  # how long they are would tell who speaks
    files = list(services.history.vault.objects.paths(f"{person.id}/listening"))
    assert len(files) == 4
    listed = ask("GET").json()
    assert (listed["total"], listed["tests"][0]["state"]) == (1, "finished")
    ask("DELETE", where, expect=204)
    assert not list(services.history.vault.objects.paths(f"{person.id}/listening"))
    assert ask("GET", where, expect=404).json()["code"] == "LISTENING_TEST_NOT_FOUND"


def test_who_is_who_is_in_no_answer_before_the_end(ask, make, database):
    test = prepared(ask, make(count=1))
    with database.session() as session:
        trial = session.get_one(ListeningTrial, (uuid.UUID(test["id"]), 1))
        files = [str(one) for one in session.scalars(select(ListeningSound.file_id))]
    swapped = ListeningTest.__table__.metadata.tables["listening_trials"]
    before = ask("GET", f"/{test['id']}").json()
    with database.session() as session:
        session.execute(swapped.update().values(side_a=trial.side_b, side_b=trial.side_a))
    assert ask("GET", f"/{test['id']}").json() == before == test
    assert not any(file in str(test) for file in files)


def test_the_recordings_of_a_person_are_compared_with_their_voice(  # noqa: PLR0917 - fixtures
    ask, humming, database, services, person, enter_sample, other
):
    voice = humming(person, "Ann", speaker="Ann")
    sides = [{"modelId": str(voice.id)}, {"modelId": str(voice.id), "recording": True}]
    told = ask("POST", "", {"sides": sides}, expect=422).json()
    assert (told["code"], told["fields"][0]["field"]) == ("LISTENING_TEST_INVALID", "sides[1].recording")

    sound = io.BytesIO()
    soundfile.write(sound, 0.1 * np.sin(np.arange(44_100) / 20), 22_050, format="WAV")
    digest = services.samples.vault.of(person.id).put_bytes(sound.getvalue()).digest
    sample = enter_sample(person.id, speech_s=2.0, text="What was said.", speaker="ann")
    enter_sample(person.id, speech_s=2.0, text="Said by another.", speaker="Bob")
    enter_sample(person.id, speech_s=60.0, text="Too long.", speaker="Ann")
    enter_sample(other.id, speech_s=2.0, text="Of somebody else.", speaker="Ann")
    with database.session() as session:
        session.get_one(SampleClip, (sample.id, 0)).digest = digest
    told = ask("POST", "", {"sides": sides, "sentences": ["Own."]}, expect=422).json()
    assert told["fields"][0]["field"] == "sentences"
    test = ask("POST", "", {"sides": sides}, expect=201).json()
    assert [trial["text"] for trial in test["items"]] == ["What was said."]
    assert test["sides"][1] == {"modelId": str(voice.id), "kind": "recording", "label": "Ann, recordings"}
    test = prepared(ask, test)
    assert all(content.startswith(b"fLaC") for content in hear(ask, test["items"][0]))


@pytest.mark.parametrize("kind", ["twice", "too many", "nobody's", "one", "empty"])
def test_what_can_not_be_compared(ask, humming, person, other, kind):
    mine = [{"modelId": str(humming(person, name).id)} for name in ("Ann", "Bob", "Cid", "Dora")]
    theirs = {"modelId": str(humming(other, "Eve").id)}
    body, status, field = {
        "twice": ({"sides": mine[:1] * 2}, 422, "sides"),
        "too many": ({"sides": mine, "sentences": [f"{number}." for number in range(11)]}, 422, "sentences"),
        "nobody's": (
            {"sides": [mine[0], theirs]},
            404,
            "sides[1].modelId",
        ),
        "one": ({"sides": mine[:1]}, 422, "sides"),
        "empty": ({"sides": mine[:2], "sentences": ["  "]}, 422, "sentences[0]"),
    }[kind]
    assert ask("POST", "", body, expect=status).json()["fields"][0]["field"] == field


def test_a_shared_voice_is_compared_until_it_is_taken_back(  # noqa: PLR0917 - fixtures
    ask, make, humming, database, person, other
):
    theirs = humming(other, "Eve")
    with database.session() as session:
        share = VoiceShare(model_id=theirs.id, owner_id=other.id, target_user_id=person.id, permission="use")
        session.add(share)
    test = make(humming(person, "Ann"), theirs, count=2)
    ask("POST", f"/{test['id']}/prepare")
    with database.session() as session:
        session.delete(session.get_one(VoiceShare, share.id))
    told = ask("POST", f"/{test['id']}/prepare", expect=404).json()
    assert told["code"] == "VOICE_MODEL_NOT_FOUND"
    assert ask("GET", f"/{test['id']}").json()["readySentences"] == 1


def test_two_who_prepare_at_once_keep_one_sound_each(ask, make, services, person, run_together):
    test = make(count=1)
    run_together(lambda _: ask("POST", f"/{test['id']}/prepare").json(), 2)
    assert len(list(services.history.vault.objects.paths(f"{person.id}/listening"))) == 2


def test_old_tests_are_swept(ask, make, services, database, person):
    test = prepared(ask, make(count=1))
    vault = services.history.vault
    assert sweep_tests(database, vault, kept_days=1) == 0
    with database.session() as session:
        row = session.get_one(ListeningTest, uuid.UUID(test["id"]))
        row.created_at = row.created_at.replace(year=2020)
    assert sweep_tests(database, vault, kept_days=0) == 0
    assert sweep_tests(database, vault, kept_days=1) == 1
    assert not list(vault.objects.paths(f"{person.id}/listening"))
    with database.session() as session:
        assert session.scalars(select(VoiceModel)).all()
