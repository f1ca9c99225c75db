"""Consents over HTTP: recorded, listed, taken back, by their owners and for them."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta

import pytest

from voicewright.privacy.errors import ConsentRequired
from voicewright.privacy.service import ConsentService


@pytest.fixture
def record(client, person):
    def run(headers=person.headers, **body):
        return client.post("/consents", headers=headers, json={"speaker": "Ann"} | body)

    return run


def test_a_consent_is_recorded_looked_at_and_taken_back(client, person, record, database):
    strict = ConsentService(database, "production")
    with pytest.raises(ConsentRequired):
        strict.ensure(None, person.id, "Ann", asserted_by=person.id)
    until = datetime.now(UTC) + timedelta(days=30)
    answer = record(statement="Ann signed the form.", expires_at=until.isoformat(), scope=["voice-cloning"])
    assert answer.status_code == 201
    made = answer.json()
    assert (made["speaker"], made["scope"], made["source"]) == ("Ann", ["voice-cloning"], "assertion")
    assert (made["statement"], made["revoked_at"]) == ("Ann signed the form.", None)
    assert made["user_id"] == made["asserted_by"] == str(person.id)
    assert datetime.fromisoformat(made["expires_at"]) == until
    assert str(strict.ensure(None, person.id, "Ann", asserted_by=person.id).id) == made["id"]
    at = f"/consents/{made['id']}"
    assert client.get(at, headers=person.headers).json() == made
    revoked = client.post(f"{at}/revoke", headers=person.headers)
    assert (revoked.status_code, revoked.json()["revoked_at"] is not None) == (200, True)
    assert client.delete(at, headers=person.headers).status_code == 204
    assert client.get(at, headers=person.headers).json() == revoked.json()
    with pytest.raises(ConsentRequired, match="took back"):
        strict.ensure(None, person.id, "Ann", asserted_by=person.id)


def test_a_recording_of_the_speaker_proves_a_consent(person, make_person, record, enter_sample):
    sample = enter_sample(person.id, speaker="Ann")
    scope = ["voice-cloning", "provider-upload"]
    answer = record(recording_sample_id=str(sample.id), language="de-DE", scope=scope)
    assert answer.status_code == 201
    made = answer.json()
    assert (made["source"], made["recording_sample_id"], made["language"]) == (
        "recording",
        str(sample.id),
        "de-de",
    )
    assert made["scope"] == sorted(scope)
    assert record(recording_sample_id=str(sample.id)).json()["language"] == "und"
    assert record(speaker="Bob").json()["recording_sample_id"] is None
    wrong = record(speaker="Bob", recording_sample_id=str(sample.id))
    assert (wrong.status_code, wrong.json()["code"]) == (422, "CONSENT_INVALID")
    assert [fault["field"] for fault in wrong.json()["fields"]] == ["recording_sample_id"]
    odd = record(recording_sample_id=str(sample.id), language="no language")
    assert (odd.status_code, odd.json()["code"]) == (422, "LANGUAGE_INVALID")
    for sample_id in (uuid.uuid4(), enter_sample(make_person("b@example.com").id, speaker="Ann").id):
        answer = record(recording_sample_id=str(sample_id))
        assert (answer.status_code, answer.json()["code"]) == (404, "SAMPLE_NOT_FOUND")


def test_consents_are_listed_newest_first(client, person, record):
    ids = [record(speaker=name).json()["id"] for name in ("Ann", "Bob", "ANN")]
    answer = client.get("/consents", headers=person.headers).json()
    assert ([one["id"] for one in answer["consents"]], answer["total"]) == (ids[::-1], 3)
    found = client.get("/consents", headers=person.headers, params={"speaker": "ann", "limit": 1}).json()
    assert ([one["id"] for one in found["consents"]], found["total"]) == ([ids[2]], 2)


def test_each_says_what_it_counts_for_wherever_it_is_shown(client, person, record):
    both = ["provider-upload", "voice-cloning"]
    first, half = record(speaker="ann").json(), record(scope=both).json()
    assert (first["stands_for"], half["stands_for"]) == (["voice-cloning"], both)
    third, bob = record().json(), record(speaker="Bob").json()
    revoked = client.post(f"/consents/{third['id']}/revoke", headers=person.headers).json()
    assert revoked["stands_for"] == []
    told = {first["id"]: [], half["id"]: ["provider-upload"], third["id"]: [], bob["id"]: ["voice-cloning"]}
    listed = client.get("/consents", headers=person.headers).json()["consents"]
    assert {one["id"]: one["stands_for"] for one in listed} == told
    page = client.get("/consents", headers=person.headers, params={"speaker": "Ann", "offset": 1}).json()
    assert {one["id"]: one["stands_for"] for one in page["consents"]} == {
        first["id"]: [],  # what ended it is on another page
        half["id"]: ["provider-upload"],
    }
    for consent_id, scopes in told.items():
        one = client.get(f"/consents/{consent_id}", headers=person.headers).json()
        assert one["stands_for"] == scopes


@pytest.mark.parametrize(
    ("body", "code", "fields"),
    [
        ({"speaker": None}, "VALIDATION_FAILED", ["speaker"]),
        ({"speaker": "a\0b"}, "VALIDATION_FAILED", ["speaker"]),
        ({"scope": []}, "VALIDATION_FAILED", ["scope"]),
        ({"scope": ["all"]}, "VALIDATION_FAILED", ["scope[0]"]),
        ({"expires_at": "2030-01-01T00:00:00"}, "VALIDATION_FAILED", ["expires_at"]),
        ({"statement": "x" * 4001}, "VALIDATION_FAILED", ["statement"]),
        ({"until": "x"}, "VALIDATION_FAILED", ["until"]),
        ({"speaker": " "}, "SPEAKER_INVALID", []),
        ({"expires_at": "2020-01-01T00:00:00Z"}, "CONSENT_INVALID", []),
    ],
)
def test_what_can_not_be_recorded_is_refused(record, body, code, fields):
    answer = record(**body)
    assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert [fault["field"] for fault in answer.json().get("fields", [])] == fields


def test_consents_are_their_owners_and_administrators_act_for_them(client, make_person, record):
    person, other, admin = (make_person(f"{name}@example.com", admin=name == "x") for name in "abx")
    made = record(headers=person.headers).json()
    at = f"/consents/{made['id']}"
    routes = [("GET", at), ("POST", f"{at}/revoke"), ("DELETE", at)]
    for method, path in routes:
        assert client.request(method, path).status_code == 401
        answer = client.request(method, path, headers=other.headers)
        assert (answer.status_code, answer.json()["code"]) == (404, "CONSENT_NOT_FOUND")
        assert client.request(method, path, headers=person.key("training:read")).status_code == 403
    assert client.post(f"{at}/revoke", headers=person.key("consents:read")).status_code == 403
    assert client.get(at, headers=person.key("consents:read")).status_code == 200
    for answer in (
        record(headers=other.headers, user_id=str(person.id)),
        client.get("/consents", headers=other.headers, params={"user_id": str(person.id)}),
    ):
        assert (answer.status_code, answer.json()["code"]) == (403, "NOT_ALLOWED")
    for_them = record(headers=admin.headers, user_id=str(person.id), speaker="Cy").json()
    assert (for_them["user_id"], for_them["asserted_by"]) == (str(person.id), str(admin.id))
    listed = client.get("/consents", headers=admin.headers, params={"user_id": str(person.id)}).json()
    assert [one["speaker"] for one in listed["consents"]] == ["Cy", "Ann"]
    for method, path in routes:
        assert client.request(method, path, headers=admin.headers).is_success
    assert client.get(f"/consents/{uuid.uuid4()}", headers=admin.headers).status_code == 404
    assert client.get("/consents/nonsense", headers=admin.headers).status_code == 422
