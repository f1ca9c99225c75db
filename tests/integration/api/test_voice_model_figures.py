"""What is known of voices from their use: statistics, analytics, ratings, comparisons, the best one."""

from __future__ import annotations

import itertools
import uuid
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import select, update

from voicewright.audit.models import AuditEvent
from voicewright.voices.caching import changed
from voicewright.voices.entering import Entry, enter_voice
from voicewright.voices.figures.usage import Use, record_use
from voicewright.voices.models import VoiceModel
from voicewright.voices.schemas import StoredTrees, VoiceFacts
from voicewright.voices.sharing.models import SharePermission

NOTHING = {"usageCount": 0, "failureCount": 0, "totalCost": 0.0, "averageLatency": 0.0, "p95Latency": 0.0,
           "qualityRating": 0.0, "ratingCount": 0}  # fmt: skip


@pytest.fixture
def api_settings(settings):
    """Few questions are enough to be too many."""
    return settings.model_copy(update={"model_analytics_per_hour": 5})


@pytest.fixture
def add_voice(database):
    """Enter a voice of somebody, without its files."""
    numbers = itertools.count()

    def add(owner, name="Ann", *, score=None, engine="tone", stored_bytes=0, **fields):
        facts = VoiceFacts(
            name=name, engine=engine, engine_version="1", language="en-us", speech_s=20.0, train_s=1.5,
            quality_score=score, **fields,
        )  # fmt: skip
        trees = StoredTrees(
            artefact=f"{next(numbers):064x}", artefact_bytes=0, references=None, spoken=None,
            stored_bytes=stored_bytes,
        )  # fmt: skip
        with database.session() as session:
            voice = enter_voice(session, owner.id, Entry.of(facts), trees)
            changed(session, owner.id)
        return voice

    return add


@pytest.fixture
def speak(database, person):
    """A voice is used."""

    def run(voice, *latencies_ms, outcome="spoken", cost="0", by=person):
        for latency_ms in latencies_ms or (None,):
            with database.session() as session:
                use = Use(outcome, 12, 1.0, latency_ms, Decimal(cost))
                record_use(session, voice, user_id=by.id, use=use)

    return run


@pytest.fixture
def ask(client, person):
    def run(method, path, *, expect=200, by=person, **more):
        answer = client.request(method, f"/voice-models{path}", headers=by.headers, **more)
        assert answer.status_code == expect, answer.text
        return answer.json() if answer.content else None

    return run


@pytest.fixture
def share(services, person, other):
    """`person` lets `other` speak with a voice of theirs."""

    def run(voice):
        services.sharing.share(
            caller_of(person),
            voice.id,
            owner_id=person.id,
            targets=[other.id],
            permission=SharePermission.USE,
        )

    return run


@pytest.fixture
def registry(services, person):
    """Activates and deletes voices of `person`."""

    def run(method, voice):
        getattr(services.registry, method)(caller_of(person), voice.id)

    return run


def caller_of(person):
    return person.accounts.authenticate(person.access_token)


def acts(database):
    with database.session() as session:
        return [act.removeprefix("voice_model.") for act in session.scalars(select(AuditEvent.action))]


def test_what_a_voice_was_used_for_follows_every_use_and_rating(ask, add_voice, speak, person, database):
    voice = add_voice(person)
    at = f"/{voice.id}/usage-stats"
    assert ask("GET", at) == {"modelId": str(voice.id), **NOTHING}
    before = datetime.now(UTC)
    speak(voice, *range(1, 101), cost="0.25")
    speak(voice, outcome="failed", cost="0.5")
    speak(voice, outcome="cancelled")
    told = ask("GET", at)
    used = told.pop("lastUsed")
    assert used.endswith("Z")
    assert before <= datetime.fromisoformat(used) <= datetime.now(UTC)
    assert told == NOTHING | {
        "modelId": str(voice.id), "usageCount": 100, "failureCount": 1, "totalCost": 25.5,
        "averageLatency": 50.5, "p95Latency": 95.05,
    }  # fmt: skip
    assert ask("PUT", f"/{voice.id}/rating", json={"rating": 4})["rating"] == 4
    assert ask("GET", at)["qualityRating"] == 4.0
    speak(voice, 101)
    assert ask("GET", at)["usageCount"] == 101
    assert acts(database)[-5:] == ["usage", "rate", "usage", "speak", "usage"]


def test_ratings_are_each_persons_last_word(ask, add_voice, person, other, share):
    voice = add_voice(person)
    at = f"/{voice.id}/rating"
    ask("PUT", at, json={"rating": 4}, by=other, expect=404)
    share(voice)
    rated = ask("PUT", at, json={"rating": 4}, by=other)
    assert (rated["modelId"], rated["rating"], rated["ratedAt"][-1]) == (str(voice.id), 4, "Z")
    ask("PUT", at, json={"rating": 1})
    ask("PUT", at, json={"rating": 5})
    told = ask("GET", f"/{voice.id}/usage-stats")
    assert (told["qualityRating"], told["ratingCount"]) == (4.5, 2)
    ask("DELETE", at, by=other, expect=204)
    ask("DELETE", at, by=other, expect=204)
    told = ask("GET", f"/{voice.id}/usage-stats")
    assert (told["qualityRating"], told["ratingCount"]) == (5.0, 1)
    ask("DELETE", f"/{voice.id}/share/{other.id}", expect=204)
    ask("PUT", at, json={"rating": 1}, by=other, expect=404)
    for wrong in (0, 6, 4.5, "4", None, True):
        ask("PUT", at, json={"rating": wrong}, expect=422)


@pytest.fixture
def shared_voice(add_voice, person, share):
    """A voice of `person` that `other` may speak with."""
    voice = add_voice(person)
    share(voice)
    return voice


def test_the_use_of_a_shared_voice_counts_for_its_owner_who_alone_sees_it(
    ask, shared_voice, speak, person, other
):
    voice = shared_voice
    speak(voice, 40, by=other)
    assert ask("GET", f"/user/{person.id}/analytics")["totalUsageCount"] == 1
    assert ask("GET", f"/user/{other.id}/analytics", by=other)["totalUsageCount"] == 0
    ask("GET", f"/{voice.id}/usage-stats", by=other, expect=403)


def test_analytics_follow_every_change(ask, add_voice, speak, person, registry):
    at = f"/user/{person.id}/analytics"
    nothing = {
        "totalModels": 0, "activeModels": 0, "modelsByProvider": {}, "averageQualityScore": 0.0,
        "totalUsageCount": 0, "totalCost": 0.0, "storageUsedMb": 0.0,
    }  # fmt: skip
    assert ask("GET", at) == nothing
    first = add_voice(person, score=0.5, stored_bytes=1_500_000)
    second = add_voice(person, "Bob", engine="builtin", stored_bytes=1_000_000)
    add_voice(person, "Cleo", score=0.7)
    speak(first, 10, cost="1.25")
    speak(second, 10, cost="2")
    told = ask("GET", at)
    assert told.pop("lastUsed").endswith("Z")
    assert told == {
        "totalModels": 3, "activeModels": 1, "modelsByProvider": {"builtin": 1, "tone": 2},
        "averageQualityScore": 0.6, "totalUsageCount": 2, "totalCost": 3.25, "storageUsedMb": 2.5,
    }  # fmt: skip
    registry("deactivate", first)
    assert ask("GET", at)["activeModels"] == 0
    registry("delete", first)
    told = ask("GET", at)
    assert (told["totalModels"], told["averageQualityScore"]) == (2, 0.7)
    assert (told["totalUsageCount"], told["totalCost"]) == (2, 3.25)  # that has happened


def test_analytics_are_for_the_user_and_not_too_often(ask, client, person, other, admin):
    at = f"/user/{person.id}/analytics"
    ask("GET", at, by=other, expect=403)
    ask("GET", at, by=admin)
    for _ in range(5):
        ask("GET", at)
    refused = client.get(f"/voice-models{at}", headers=person.headers)
    assert (refused.status_code, refused.json()["code"]) == (429, "RATE_LIMITED")
    assert 0 < int(refused.headers["Retry-After"]) <= 3600
    assert (refused.headers["RateLimit-Limit"], refused.headers["RateLimit-Remaining"]) == ("5", "0")
    ask("GET", f"/user/{other.id}/analytics", by=other)


def test_voices_are_compared(ask, add_voice, speak, person, other):
    one = add_voice(person, score=0.9, dataset_hash="a", options={"seed": 1})
    two = add_voice(person, score=0.6, dataset_hash="a", options={"seed": 2})
    three = add_voice(person, "Cleo")
    ids = [str(voice.id) for voice in (two, one, three)]
    speak(one, 300, cost="2")
    speak(two, 100, 200, cost="1")
    ask("PUT", f"/{three.id}/rating", json={"rating": 3})
    told = ask("POST", "/compare", json={"modelIds": ids, "userId": str(person.id)})
    assert [each["model"]["id"] for each in told["models"]] == ids
    assert [each["usage"]["usageCount"] for each in told["models"]] == [2, 1, 0]
    assert told["differences"]["version"] == [2, 1, 1]
    assert told["differences"]["options"] == [{"seed": 2}, {"seed": 1}, {}]
    assert told["differences"]["datasetHash"] == ["a", "a", None]
    assert "provider" not in told["differences"]
    assert told["best"] == {
        "qualityScore": ids[1], "averageLatency": ids[0], "p95Latency": ids[0], "costPerUse": ids[0],
        "usageCount": ids[0], "qualityRating": ids[2],
    }  # fmt: skip
    theirs = str(add_voice(other).id)
    for body, status in (
        ({"modelIds": [*ids, theirs]}, 404),
        ({"modelIds": [ids[0], str(uuid.uuid4())]}, 404),
        ({"modelIds": ids, "userId": str(other.id)}, 403),
        ({"modelIds": ids[:1]}, 422),
        ({"modelIds": [ids[0], ids[0]]}, 422),
        ({"modelIds": [str(uuid.uuid4()) for _ in range(11)]}, 422),
        ({}, 422),
    ):
        ask("POST", "/compare", json=body, expect=status)


def test_the_best_voice_is_selected(ask, add_voice, speak, person, other):
    def select_best(expect=200, **criteria):
        told = ask("POST", "/select-best", json={"criteria": criteria}, expect=expect)
        return told["model"]["name"] if expect == 200 else told

    assert "no voice to choose from" in select_best(404)["error"]
    fast = add_voice(person, "Fast", score=0.6)
    good = add_voice(person, "Good", score=0.9, engine="cloud")
    add_voice(person, "New", score=0.8)
    speak(fast, 100)
    speak(good, 900)
    assert select_best() == "Good"
    assert select_best(preferredProvider="tone") == "New"
    assert select_best(preferredProvider="cloud") == "Good"
    assert select_best(maxLatency=500) == "Fast"
    assert select_best(maxLatency=500, minQualityScore=0.7) == "New"  # nobody knows how fast it is
    assert select_best(maxLatency=50) == "New"
    assert select_best(minQualityScore=0.85) == "Good"
    refused = select_best(404, minQualityScore=0.85, maxLatency=500)
    assert refused["code"] == "NO_MATCHING_VOICE_MODEL"
    assert "1 slower than 500 ms, 2 judged under 0.85" in refused["error"]
    unknown = select_best(422, preferredProvider="nobody")
    assert unknown["code"] == "VOICE_PROVIDER_UNKNOWN"
    assert unknown["fields"][0]["field"] == "criteria.preferredProvider"
    for wrong in ({"minQualityScore": 1.1}, {"maxLatency": 0}, {"maxLatency": "1"}, {"fastest": True}):
        select_best(422, **wrong)
    speak(good, *[1] * 100)  # it has become fast
    assert select_best(maxLatency=500) == "Good"
    ask("POST", "/select-best", json={"userId": str(other.id)}, expect=403)
    told = ask("POST", "/select-best", json={"userId": str(person.id)})
    assert told["usage"]["usageCount"] == 101
    assert told["reasons"][0] == "Its quality is 0.90."


def test_a_voice_that_is_not_complete_is_not_selected(ask, add_voice, person, database):
    voice = add_voice(person)
    with database.session() as session:
        session.execute(update(VoiceModel).values(status="failed"))
    ask("POST", "/select-best", json={}, expect=404)
    ask("GET", f"/{voice.id}/usage-stats")


def test_figures_of_a_voice_that_is_deleted_are_gone(ask, add_voice, speak, person, registry):
    voice = add_voice(person)
    speak(voice, 10)
    ask("GET", f"/{voice.id}/usage-stats")
    registry("delete", voice)
    ask("GET", f"/{voice.id}/usage-stats", expect=404)
    ask("PUT", f"/{voice.id}/rating", json={"rating": 4}, expect=404)


def test_the_moment_of_the_last_use_does_not_move_by_a_failure(ask, add_voice, speak, person):
    voice = add_voice(person)
    speak(voice, 10)
    last = ask("GET", f"/{voice.id}/usage-stats")["lastUsed"]
    speak(voice, outcome="failed")
    assert ask("GET", f"/{voice.id}/usage-stats")["lastUsed"] == last
    assert datetime.now(UTC) - datetime.fromisoformat(last) < timedelta(minutes=5)
