"""`/voice-models`: list, show, change, activate and delete the voices of the registry."""

from __future__ import annotations

import json
import uuid

import pytest
from sqlalchemy import select, text

from voicewright.audit.models import AuditEvent
from voicewright.voices.models import VoiceModel

SPEC_FIELDS = {
    "id", "userId", "provider", "modelPath", "sampleRate", "qualityScore", "isActive", "status", "metadata",
    "createdAt", "updatedAt", "deletedAt",
}  # fmt: skip


@pytest.fixture
def api_settings(settings):
    """Many changes are not too many."""
    return settings.model_copy(update={"model_creations_per_hour": 1000, "model_updates_per_hour": 1000})


def refused(body, code, field=None):
    assert body["code"] == code, body
    assert set(body) <= {"error", "code", "timestamp", "requestId", "fields"}
    if field is not None:
        assert field in [one["field"] for one in body["fields"]], body


def test_a_voice_is_shown_as_documented(add_voice, call_models, client, person):
    voice = add_voice(person, score=0.75, options={"seed": 1}, dataset_hash="abc", notes="trained at night")
    shown = call_models("GET", f"/{voice.id}?userId={person.id}")
    assert set(shown) >= SPEC_FIELDS
    expected = {
        "id": str(voice.id),
        "userId": str(person.id),
        "provider": "tone",
        "modelPath": f"store://local/{person.id}/{voice.id}/",
        "sampleRate": 22050,
        "qualityScore": 0.75,
        "isActive": True,
        "status": "completed",
        "metadata": {},
        "deletedAt": None,
        "name": "Ann",
        "version": 1,
        "parentId": None,
        "trainingJobId": None,
        "datasetHash": "abc",
        "options": {"seed": 1},
        "speechSeconds": 20.0,
        "evaluation": {"overall": 0.75},
        "notes": "trained at night",
        "storedBytes": 13 + 100 * len("artefact-0"),
        "revision": 1,
    }
    assert {name: shown[name] for name in expected} == expected
    assert shown["codeVersion"]
    assert shown["createdAt"].endswith("Z")
    assert call_models("GET", f"/user/{person.id}/active") == shown
    assert call_models("GET", f"/user/{person.id}")["models"] == [shown]
    known = {**person.headers, "If-None-Match": '"1"'}
    unchanged = client.get(f"/voice-models/{voice.id}", headers=known)
    assert (unchanged.status_code, unchanged.content, unchanged.headers["etag"]) == (304, b"", '"1"')
    again = client.get(f"/voice-models/{voice.id}", headers={**known, "If-None-Match": '"2", W/"x"'})
    assert (again.status_code, again.headers["etag"]) == (200, '"1"')


def test_what_is_listed_is_filtered_searched_sorted_and_counted(add_voice, call_models, person, other):
    for name, score, more in (
        ("Ann", 0.7, {"notes": "recorded at 100 %"}),
        ("Bob_2", None, {"engine": "other"}),
        ("Bobby2", 0.5, {"notes": "in the kitchen"}),
        ("ann", 0.9, {}),
    ):
        add_voice(person, name, score=score, **more)
    add_voice(other, "Ann")

    def names(query=""):
        page = call_models("GET", f"/user/{person.id}?{query}")
        assert page["total"] == len(page["models"])
        return [f"{model['name']} {model['version']}" for model in page["models"]]

    assert names() == ["ann 2", "Bobby2 1", "Bob_2 1", "Ann 1"]
    assert names("provider=other") == ["Bob_2 1"]
    assert names("isActive=true") == ["ann 2"]
    assert len(names("isActive=false")) == 3
    assert names("minQualityScore=0.7&sort=qualityScore&order=asc") == ["Ann 1", "ann 2"]
    assert names("sort=qualityScore") == ["ann 2", "Ann 1", "Bobby2 1", "Bob_2 1"]
    assert names("sort=qualityScore&order=asc") == ["Bobby2 1", "Ann 1", "ann 2", "Bob_2 1"]
    assert names("sort=name&order=asc") == ["ann 2", "Ann 1", "Bob_2 1", "Bobby2 1"]
    assert names("search=BOB") == ["Bobby2 1", "Bob_2 1"]
    assert names("search=b_2") == ["Bob_2 1"]  # no pattern: as it is
    assert names("search=100 %25") == ["Ann 1"]
    assert names("search=kitchen bob") == ["Bobby2 1"]
    assert names("search=\\") == []
    page = call_models("GET", f"/user/{person.id}?limit=2&offset=1")
    assert ([model["name"] for model in page["models"]], page["total"]) == (["Bobby2", "Bob_2"], 4)
    assert (page["limit"], page["offset"]) == (2, 1)
    for bad, field in (
        ("limit=0", "limit"), ("limit=101", "limit"), ("offset=-1", "offset"), ("sort=size", "sort"),
        ("minQualityScore=1.1", "minQualityScore"), ("minQualityScore=nan", "minQualityScore"),
        ("isActive=perhaps", "isActive"), ("search=%00", "search"),
    ):  # fmt: skip
        refused(call_models("GET", f"/user/{person.id}?{bad}", expect=422), "VALIDATION_FAILED", field)


def test_what_is_changed_is_merged_and_the_rest_stays(add_voice, call_models, client, person):
    voice = add_voice(person, score=0.5, notes="old")
    path = f"/{voice.id}"
    first = call_models(
        "PUT", path, json={"userId": str(person.id), "metadata": {"a": {"b": 1, "c": [1]}, "n": 1}}
    )
    assert (first["metadata"], first["revision"]) == ({"a": {"b": 1, "c": [1]}, "n": 1}, 2)
    patch = {"a": {"b": None, "c": {"d": None, "e": 2}}, "n": None, "new": "x"}
    second = call_models("PATCH", path, json={"metadata": patch, "qualityScore": 0.9})
    assert second["metadata"] == {"a": {"c": {"e": 2}}, "new": "x"}
    assert (second["qualityScore"], second["notes"], second["name"]) == (0.9, "old", "Ann")
    third = call_models("PUT", path, json={"notes": None, "name": "  Anna "})
    assert (third["notes"], third["name"], third["revision"]) == (None, "Anna", 5)
    assert third["updatedAt"] > first["updatedAt"]
    assert call_models("PUT", path, json={}) == third
    unchanged = client.put(f"/voice-models{path}", headers=person.headers, json={"name": "Anna"})
    assert (unchanged.headers["etag"], unchanged.json()["revision"]) == ('"5"', 5)


def test_an_update_by_somebody_who_is_not_up_to_date_is_refused(add_voice, call_models, person):
    voice = add_voice(person)

    def put(tag, expect, **body):
        headers = {**person.headers, "If-Match": tag}
        return call_models("PUT", f"/{voice.id}", expect=expect, headers=headers, json=body)

    assert put('"1"', 200, notes="one")["revision"] == 2
    refused(put('"1"', 412, notes="two"), "VOICE_MODEL_CHANGED")
    assert "was changed meanwhile" in put("1", 412, notes="two")["error"]
    for never in ('W/"2"', "W/2", "x2", '"2', '"x"', '"x 2"', "", '"99999999999999999999"'):
        body = put(never, 412, notes="two")
        refused(body, "VOICE_MODEL_CHANGED")
        assert 'Give the ETag as it came, such as "2"' in body["error"], never
    assert put('"7", "2"', 200, notes="three")["revision"] == 3
    assert put("3", 200, notes="of three")["revision"] == 4
    assert put('"9", 4', 200, notes="of four")["revision"] == 5
    assert put("*", 200, notes="four")["revision"] == 6
    call_models("POST", f"/{voice.id}/deactivate")  # what its owner sees of it has changed
    refused(put('"4"', 412, notes="five"), "VOICE_MODEL_CHANGED")


def test_what_can_not_be_is_refused_and_changes_nothing(add_voice, call_models, person):
    voice = add_voice(person, score=0.5)
    deep: dict = {}
    for _ in range(16):
        deep = {"a": deep}
    assert call_models("PUT", f"/{voice.id}", json={"metadata": deep["a"]})["metadata"] == deep["a"]
    before = call_models(
        "PUT", f"/{voice.id}", json={"metadata": {"a": None, "big": "x" * 60_000, "q": "\\u0000"}}
    )
    for body, code, field in (
        ({"metadata": deep}, "VOICE_METADATA_INVALID", "metadata"),
        ({"metadata": {"b": "y" * 6_000}}, "VOICE_METADATA_INVALID", "metadata"),  # together too much
        ({"metadata": {"b": "y" * 70_000}}, "VOICE_METADATA_INVALID", "metadata"),
        ({"metadata": {"b": "\0"}}, "VALIDATION_FAILED", "metadata.b"),
        ({"metadata": {"b": "\ud800"}}, "VALIDATION_FAILED", "metadata.b"),
        ({"metadata": [1]}, "VALIDATION_FAILED", "metadata"),
        ({"qualityScore": 1.01}, "VALIDATION_FAILED", "qualityScore"),
        ({"qualityScore": -0.01}, "VALIDATION_FAILED", "qualityScore"),
        ({"qualityScore": "0.5"}, "VALIDATION_FAILED", "qualityScore"),
        ({"qualityScore": True}, "VALIDATION_FAILED", "qualityScore"),
        ({"isActive": True}, "VALIDATION_FAILED", "isActive"),
        ({"name": "  "}, "VOICE_NAME_INVALID", "name"),
        ({"name": str(voice.id)}, "VOICE_NAME_INVALID", "name"),
        ({"name": "x" * 300}, "VALIDATION_FAILED", "name"),
    ):
        refused(call_models("PUT", f"/{voice.id}", expect=422, content=json.dumps(body)), code, field)
    for number in ("NaN", "Infinity", "1e999"):
        body = f'{{"metadata": {{"b": {number}}}}}'
        refused(
            call_models("PUT", f"/{voice.id}", expect=422, content=body), "VOICE_METADATA_INVALID", "metadata"
        )
    bottomless = '{"metadata": ' + '{"a":' * 5000 + "1" + "}" * 5001
    refused(call_models("PUT", f"/{voice.id}", expect=400, content=bottomless), "MALFORMED_JSON")
    huge = json.dumps({"metadata": {"a": "x" * (2 << 20)}})
    refused(call_models("PUT", f"/{voice.id}", expect=413, content=huge), "BODY_TOO_LARGE")
    assert call_models("GET", f"/{voice.id}") == before


def test_renaming_takes_all_versions_along_and_no_name_twice(add_voice, call_models, person, other):
    first, second, bob = (add_voice(person, name) for name in ("Ann", "ann", "Bob"))
    add_voice(other, "Carol")
    renamed = call_models("PUT", f"/{first.id}", json={"name": "Carol"})
    assert renamed["name"] == "Carol"
    after = call_models("GET", f"/{second.id}")
    assert (after["name"], after["lineageId"], after["version"]) == ("Carol", renamed["lineageId"], 2)
    assert after["revision"] > 1
    assert add_voice(person, "carol").version == 3
    fresh = add_voice(person, "Ann")
    assert (fresh.version, fresh.lineage_id == first.lineage_id) == (1, False)
    for taken in ("bob", "ANN"):
        refused(
            call_models("PUT", f"/{first.id}", expect=409, json={"name": taken}), "VOICE_NAME_TAKEN", "name"
        )
    newer = add_voice(person, "Bob")
    for deleted, reason in ((newer, "is the name of another voice"), (bob, "was that of a deleted voice")):
        call_models("DELETE", f"/{deleted.id}")
        body = call_models("PUT", f"/{first.id}", expect=409, json={"name": "Bob"})
        assert reason in body["error"]
    assert call_models("PUT", f"/{first.id}", json={"name": "CAROL"})["name"] == "CAROL"


def test_one_voice_is_active_and_the_best_takes_over(add_voice, call_models, person):
    refused(call_models("GET", f"/user/{person.id}/active", expect=404), "NO_ACTIVE_VOICE_MODEL")
    first, poor, good = (add_voice(person, name, score=s) for name, s in (("A", 0.3), ("B", 0.5), ("C", 0.7)))

    def active():
        return call_models("GET", f"/user/{person.id}?isActive=true")["models"]

    assert [model["id"] for model in active()] == [str(first.id)]
    activated = call_models("POST", f"/{poor.id}/activate", json={"userId": str(person.id)})
    assert (activated["isActive"], activated["revision"]) == (True, 2)
    assert [model["id"] for model in active()] == [str(poor.id)]
    assert call_models("GET", f"/{first.id}")["revision"] == 2
    refused(call_models("POST", f"/{poor.id}/activate", expect=409), "VOICE_MODEL_ALREADY_ACTIVE")
    refused(call_models("POST", f"/{first.id}/deactivate", expect=409), "VOICE_MODEL_NOT_ACTIVE")
    assert call_models("DELETE", f"/{poor.id}", json={"userId": str(person.id)}) == {
        "message": "Voice model deleted successfully",
        "modelId": str(poor.id),
        "activatedModelId": str(good.id),
    }
    assert [model["id"] for model in active()] == [str(good.id)]
    for method, path in (
        ("GET", ""),
        ("DELETE", ""),
        ("PUT", ""),
        ("POST", "/activate"),
        ("POST", "/rollback"),
    ):
        body = call_models(
            method, f"/{poor.id}{path}", expect=404, **({"json": {}} if method == "PUT" else {})
        )
        refused(body, "VOICE_MODEL_NOT_FOUND")
    assert call_models("POST", f"/{good.id}/deactivate")["isActive"] is False
    assert active() == []
    assert add_voice(person, "D", score=0.1).is_active is False  # that none is active was a wish
    assert call_models("DELETE", f"/{good.id}")["activatedModelId"] is None
    call_models("POST", f"/{first.id}/activate")
    last = call_models("DELETE", f"/{first.id}")["activatedModelId"]
    assert call_models("DELETE", f"/{last}")["activatedModelId"] is None
    poor = add_voice(person, "E", score=0.1)  # the first one again
    assert poor.is_active is True
    call_models("POST", f"/{poor.id}/deactivate")
    refused(call_models("GET", f"/user/{person.id}/active", expect=404), "NO_ACTIVE_VOICE_MODEL")


def test_what_is_somebody_elses_is_not_there(add_voice, call_models, person, other, admin):
    voice, foreign = add_voice(person), add_voice(other, "Bob")
    mine, theirs = f"/{voice.id}", f"/{foreign.id}"
    for method, path in (
        ("GET", ""), ("PUT", ""), ("PATCH", ""), ("DELETE", ""), ("POST", "/activate"),
        ("POST", "/deactivate"), ("GET", "/versions"), ("GET", f"/versions/compare?with={voice.id}"),
        ("POST", "/rollback"),
    ):  # fmt: skip
        body = {"json": {}} if method in {"PUT", "PATCH"} else {}
        refused(call_models(method, theirs + path, expect=404, **body), "VOICE_MODEL_NOT_FOUND")
        refused(call_models(method, f"/{uuid.uuid4()}{path}", expect=404, **body), "VOICE_MODEL_NOT_FOUND")
    refused(
        call_models("GET", f"{mine}/versions/compare?with={foreign.id}", expect=404), "VOICE_MODEL_NOT_FOUND"
    )
    named = {"userId": str(other.id)}
    for method, path in (
        ("PUT", ""),
        ("PATCH", ""),
        ("DELETE", ""),
        ("POST", "/activate"),
        ("POST", "/rollback"),
    ):
        refused(call_models(method, mine + path, expect=403, json=named), "NOT_ALLOWED")
    for path in (f"{mine}?userId={other.id}", f"/user/{other.id}", f"/user/{other.id}/active"):
        refused(call_models("GET", path, expect=403), "NOT_ALLOWED")
    path = f"store://local/{other.id}/{foreign.id}/"
    refused(
        call_models("POST", expect=403, json={**named, "modelPath": path, "provider": "tone"}), "NOT_ALLOWED"
    )
    refused(call_models("POST", f"/artefacts?userId={other.id}", expect=403, content=b"x"), "NOT_ALLOWED")
    # an administrator names the owner, and nobody else
    call_models("GET", f"{mine}?userId={person.id}", headers=admin.headers)
    refused(
        call_models("GET", f"{mine}?userId={other.id}", expect=404, headers=admin.headers),
        "VOICE_MODEL_NOT_FOUND",
    )
    assert call_models("GET", f"/user/{other.id}", headers=admin.headers)["total"] == 1
    assert call_models("PUT", mine, headers=admin.headers, json={"notes": "seen"})["userId"] == str(person.id)


def test_every_use_is_on_record(add_voice, call_models, person, database, admin):
    voice = add_voice(person)
    call_models("GET", f"/{voice.id}", headers=admin.headers)
    call_models("GET", f"/user/{person.id}")
    call_models("PUT", f"/{voice.id}", json={"notes": "x"})
    call_models("POST", f"/{voice.id}/deactivate")
    call_models("POST", f"/{voice.id}/activate")
    call_models("GET", f"/user/{person.id}/active")
    call_models("GET", f"/{voice.id}/versions")
    call_models("DELETE", f"/{voice.id}")
    with database.session() as session:
        events = session.scalars(
            select(AuditEvent).where(AuditEvent.owner_id == person.id).order_by(AuditEvent.sequence)
        ).all()
    done = [event for event in events if event.result == "done"]
    assert [event.action.removeprefix("voice_model.") for event in done] == [
        "create", "read", "list", "update", "deactivate", "activate", "read", "list", "delete",
    ]  # fmt: skip
    assert done[1].actor_id == admin.id
    assert {event.actor_id for event in done[2:]} == {person.id}
    assert done[3].details == {"fields": ["notes"]}


def test_lists_use_the_documented_indexes(database):
    """With so many voices of so many users, nothing but an index finds a user's in time."""
    with database.session() as session:
        session.execute(
            text(
                "INSERT INTO voice_models (id, owner_id, name, name_key, version, lineage_id, engine,"
                " engine_version, language, artefact_digest, artefact_bytes, speech_s, train_s, options,"
                " is_active, created_at, updated_at, quality_score)"
                " SELECT gen_random_uuid(), owner, 'v', 'v' || n, 1, gen_random_uuid(), 'tone', '1', 'en',"
                " repeat('0', 64), 1, 1, 1, '{}', n = 1, now(), now(), random()"
                " FROM (SELECT gen_random_uuid() AS owner FROM generate_series(1, 500)) owners,"
                " generate_series(1, 20) AS n"
            )
        )
    with database.session() as session:
        session.execute(text("ANALYZE voice_models"))
        owner = session.scalar(select(VoiceModel.owner_id).limit(1))
        mine = f"SELECT * FROM voice_models WHERE owner_id = '{owner}' AND deleted_at IS NULL"  # noqa: S608
        for more, index in (
            ("AND is_active", "uq_voice_models_active"),
            ("ORDER BY created_at DESC LIMIT 5", "ix_voice_models_owner"),
            ("ORDER BY quality_score DESC NULLS LAST, created_at DESC LIMIT 5", "ix_voice_models_quality"),
        ):
            plan = "\n".join(session.scalars(text(f"EXPLAIN {mine} {more}")))
            assert f" using {index} " in plan, plan
            assert "Seq Scan" not in plan


def test_a_training_that_ends_late_finds_the_voice_that_was_deleted(add_voice, call_models, person):
    """There is one voice of a job besides deleted ones, and a worker that comes back makes no other."""
    job_id = uuid.uuid4()
    voice = add_voice(person, training_job_id=job_id)
    call_models("DELETE", f"/{voice.id}")
    assert add_voice(person, training_job_id=job_id).id == voice.id
