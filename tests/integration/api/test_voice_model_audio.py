"""What pages read of voices: the sentences that they were judged by, versions together, uses by day."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from voicewright.voices.figures.models import VoiceUse
from voicewright.voices.listing import Listing
from voicewright.voices.sharing.models import VoiceShare

SENTENCE = {"text": "Hello.", "audio": "sentence-00.flac", "duration_s": 1.5, "silent": False}


@pytest.fixture
def caller(services, person):
    return services.accounts.authenticate(person.access_token)


@pytest.fixture
def judged(add_voice, person, tmp_path):
    spoken = tmp_path / "sentence-00.flac"
    spoken.write_bytes(b"fLaC and so on")
    evaluation = {"overall": 0.9, "sentences": [SENTENCE, {**SENTENCE, "audio": "gone.flac"}]}
    return add_voice(person, "Ann", spoken=(spoken,), evaluation=evaluation)


def test_the_sentences_of_a_voice_are_heard_by_its_owner(  # noqa: PLR0917 - fixtures
    client, call_models, judged, person, other, database
):
    told = call_models("GET", f"/{judged.id}/audio")
    url = f"/voice-models/{judged.id}/audio/sentence-00.flac"
    assert told == {
        "audio": [{"name": "sentence-00.flac", "text": "Hello.", "durationSeconds": 1.5, "url": url}]
    }
    heard = client.get(url, headers=person.headers)
    assert (heard.content, heard.headers["content-type"]) == (b"fLaC and so on", "audio/flac")
    part = client.get(url, headers={**person.headers, "Range": "bytes=0-3"})
    assert (part.status_code, part.content) == (206, b"fLaC")
    told = call_models("GET", f"/{judged.id}/audio/gone.flac", expect=404)
    assert told["code"] == "VOICE_AUDIO_NOT_FOUND"
    assert call_models("GET", f"/{judged.id}/audio", headers=other.headers, expect=404)
    share = VoiceShare(model_id=judged.id, owner_id=person.id, target_user_id=other.id, permission="use")
    with database.session() as session:
        session.add(share)
    assert call_models("GET", f"/{judged.id}/audio", headers=other.headers, expect=403)


def test_a_voice_that_was_not_judged_has_said_nothing(call_models, add_voice, person):
    assert call_models("GET", f"/{add_voice(person).id}/audio") == {"audio": []}


def test_a_list_of_the_newest_versions(services, caller, add_voice, person):
    first, second = add_voice(person, "Ann"), add_voice(person, "Ann", language="de")
    bob = add_voice(person, "Bob", details={"stock": True})

    def listed(**wanted):
        found, total = services.registry.list_models(caller, person.id, Listing(**wanted))
        assert total == len(found)
        return {voice.id for voice in found}

    assert listed() == {first.id, second.id, bob.id}
    assert listed(newest_only=True) == {second.id, bob.id}
    assert listed(is_stock=True) == {bob.id}
    assert listed(is_stock=False, newest_only=True) == {second.id}
    assert listed(language="de") == {second.id}
    summaries = services.versions.summaries(person.id, [first.lineage_id, bob.lineage_id])
    assert (summaries[first.lineage_id].count, summaries[first.lineage_id].active_version) == (2, 1)
    assert summaries[bob.lineage_id].active_version is None
    services.registry.delete(caller, second.id)
    assert listed(newest_only=True) == {first.id, bob.id}


def test_voices_of_one_person_are_known_together(services, caller, add_voice, person, other):
    voice = add_voice(person, "Ann", speaker="Ann")
    bright = add_voice(person, "Ann, bright", speaker="ann", engine="heavy")
    newer = add_voice(person, "Ann, bright", speaker="Ann")
    add_voice(person, "Bob", speaker="Bob")
    add_voice(other, "Hers", speaker="Ann")
    nobody = add_voice(person, "Nobody")
    assert [one.id for one in services.versions.of_same_person(caller, voice.id)] == [newer.id]
    assert [one.id for one in services.versions.of_same_person(caller, bright.id)] == [voice.id]
    assert services.versions.of_same_person(caller, nobody.id) == []


def test_uses_are_told_by_day(services, caller, add_voice, person, database):
    voice, now = add_voice(person), datetime.now(UTC)
    with database.session() as session:
        session.add_all(
            VoiceUse(
                model_id=voice.id, owner_id=person.id, user_id=person.id, at=now - timedelta(days=days),
                outcome=outcome, characters=5, audio_s=1.0, latency_ms=50.0, cost_usd=Decimal("0.5"),
            )
            for days, outcome in ((0, "spoken"), (0, "failed"), (2, "spoken"), (40, "spoken"))
        )  # fmt: skip
    found = services.figures.uses_by_day(caller, voice.id, days=30)
    assert [(one.day, one.spoken, one.failed, float(one.cost_usd)) for one in found] == [
        ((now - timedelta(days=2)).date(), 1, 0, 0.5),
        (now.date(), 1, 1, 1.0),
    ]
    assert services.figures.my_rating(caller, voice.id) is None
    services.figures.rate(caller, voice.id, 4)
    assert services.figures.my_rating(caller, voice.id) == 4
