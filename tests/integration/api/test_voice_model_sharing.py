"""Sharing voices over HTTP: the forms of requests, answers and refusals."""

from __future__ import annotations

import uuid

import pytest

from voicewright.accounts.rate_limits import per_window
from voicewright.api import voice_model_sharing
from voicewright.voices.entering import Entry, enter_voice
from voicewright.voices.schemas import StoredTrees, VoiceFacts


@pytest.fixture
def voice(person, database):
    """A voice of the person's, without files."""
    facts = VoiceFacts(
        name="Ann", engine="tone", engine_version="1", language="en", speech_s=1.0, train_s=1.0
    )
    trees = StoredTrees(artefact="0" * 64, artefact_bytes=0, stored_bytes=0)
    with database.session() as session:
        return enter_voice(session, person.id, Entry.of(facts), trees)


@pytest.fixture
def ask(client, voice):
    """Call a route about the voice: `ask(who, "GET", "/shares")`."""

    def ask(who, method, path, **more):
        return client.request(method, f"/voice-models/{voice.id}{path}", headers=who.headers, **more)

    return ask


@pytest.fixture
def share(ask, person):
    """Ask for a share: `share(target_id, ..., permissions="use")`."""

    def share(*targets, by=person, **fields):
        body = {"ownerId": str(person.id), "targetUserIds": [str(target) for target in targets], **fields}
        return ask(by, "POST", "/share", json=body)

    return share


def test_a_voice_is_shared_listed_and_taken_back(ask, share, person, other, voice):
    def shared_with_other():
        return ask(other, "GET", f"/../user/{other.id}/shared").json()

    answer = share(other.id, permissions="use")
    assert answer.status_code == 200
    made = answer.json()
    moment = made["shares"][0].pop("sharedAt")
    assert moment.endswith("Z")
    assert made == {
        "modelId": str(voice.id),
        "ownerId": str(person.id),
        "permissions": "use",
        "shares": [{"userId": str(other.id), "permissions": "use"}],
    }
    listed = ask(person, "GET", "/shares").json()
    assert (listed["total"], listed["limit"], listed["offset"]) == (1, 20, 0)
    assert listed["shares"] == [{"userId": str(other.id), "permissions": "use", "sharedAt": moment}]
    shared = shared_with_other()
    assert shared["total"] == 1
    model = shared["models"][0]
    assert (model["id"], model["userId"], model["provider"]) == (str(voice.id), str(person.id), "tone")
    assert (model["ownerName"], model["permissions"], model["sharedAt"]) == ("ann", "use", moment)
    assert ask(person, "DELETE", f"/share/{other.id}").status_code == 204
    assert shared_with_other()["models"] == []
    again = ask(person, "DELETE", f"/share/{other.id}")
    assert (again.status_code, again.json()["code"]) == (404, "VOICE_SHARE_NOT_FOUND")


def test_of_a_shared_voice_its_owner_alone_sees_what_they_keep_with_it(ask, share, person, other, admin):
    private = {"notes": "Recorded at home.", "metadata": {"why": "a gift"}}
    assert ask(person, "PUT", "", json=private).status_code == 200
    share(other.id, permissions="read")
    full = ask(person, "GET", "")
    assert full.json().items() >= private.items()
    assert ask(admin, "GET", "").json() == full.json()
    seen = ask(other, "GET", "")
    assert (seen.status_code, seen.headers["etag"]) == (200, full.headers["etag"])
    assert seen.json().keys() == {
        "id", "userId", "name", "version", "provider", "language", "sampleRate", "qualityScore", "status",
        "createdAt", "updatedAt",
    }  # fmt: skip
    assert seen.json().items() <= full.json().items()


def test_whose_voice_it_is_need_not_be_said(ask, person, other, admin):
    body = {"targetUserIds": [str(other.id)]}
    for who in (person, admin):
        answer = ask(who, "POST", "/share", json=body)
        assert (answer.status_code, answer.json()["ownerId"]) == (200, str(person.id))
    assert ask(other, "POST", "/share", json=body).status_code == 403
    wrong = ask(admin, "POST", "/share", json=body | {"ownerId": str(admin.id)})
    assert (wrong.status_code, wrong.json()["code"]) == (404, "VOICE_MODEL_NOT_FOUND")


def test_who_has_a_voice_can_give_it_back_and_do_nothing_else_to_it(ask, share, other, make_person):
    third = make_person("cid@example.com")
    assert share(other.id, third.id, permissions="read").status_code == 200
    for method, path in (("GET", "/shares"), ("DELETE", f"/share/{third.id}")):
        refused = ask(other, method, path)
        assert (refused.status_code, refused.json()["code"]) == (403, "NOT_ALLOWED")
    assert share(third.id, by=other).status_code == 403
    assert ask(other, "DELETE", f"/share/{other.id}").status_code == 204
    gone = ask(other, "GET", "/shares")
    assert (gone.status_code, gone.json()["code"]) == (404, "VOICE_MODEL_NOT_FOUND")


def test_bad_requests_name_the_fields_and_share_with_nobody(ask, share, person, other):
    absent = uuid.uuid4()
    refused = share(other.id, absent, person.id)
    problem = refused.json()
    assert (refused.status_code, problem["code"]) == (422, "SHARE_TARGETS_INVALID")
    assert [fault["field"] for fault in problem["fields"]] == ["targetUserIds[1]", "targetUserIds[2]"]
    assert str(absent) in problem["error"]
    for bad, field in (
        ({"targetUserIds": []}, "targetUserIds"),
        ({"targetUserIds": [str(uuid.uuid4()) for _ in range(101)]}, "targetUserIds"),
        ({"targetUserIds": ["bob"]}, "targetUserIds[0]"),
        ({"permissions": "own"}, "permissions"),
        ({"permission": "use"}, "permission"),
        ({"ownerId": "ann"}, "ownerId"),
        ({"email": "bob@example.com"}, "targetUserIds"),
        ({"targetUserIds": None}, "targetUserIds"),
        ({"targetUserIds": None, "email": ""}, "email"),
        ({"targetUserIds": None, "email": "b" * 255}, "email"),
    ):
        answer = share(other.id, **bad)
        assert answer.status_code == 422, bad
        assert [fault["field"] for fault in answer.json()["fields"]] == [field]
    assert ask(person, "GET", "/shares").json()["total"] == 0


def test_an_account_is_named_by_its_address_too(ask, person, other, make_person, accounts):
    def share_by_address(email, by=person):
        return ask(by, "POST", "/share", json={"email": email, "permissions": "read"})

    made = share_by_address(" BOB@Example.com")
    assert (made.status_code, made.json()["permissions"]) == (200, "read")
    assert [one["userId"] for one in made.json()["shares"]] == [str(other.id)]
    disabled = make_person("cid@example.com")
    accounts.users.change(disabled.id, disabled=True)
    refusals = {
        "nobody@example.com": "there is no account with the address nobody@example.com",
        disabled.email: "there is no account with the address cid@example.com",
        "bob": "there is no account with the address bob",
        person.email: "this is the owner, who has the voice already",
    }
    for email, message in refusals.items():
        refused = share_by_address(email)
        problem = refused.json()
        assert (refused.status_code, problem["code"]) == (422, "SHARE_TARGETS_INVALID")
        assert problem["fields"] == [{"field": "email", "message": message}]
    hidden = share_by_address(
        "nobody@example.com", by=other
    )  # what is shared with them is not theirs to share
    assert (hidden.status_code, hidden.json()["code"]) == (403, "NOT_ALLOWED")
    assert ask(person, "GET", "/shares").json()["total"] == 1


def test_addresses_can_be_tried_so_many_times_a_day(ask, share, person, other, monkeypatch):
    monkeypatch.setattr(voice_model_sharing, "_BY_ADDRESS", per_window("shares-by-address", 2, 86_400))
    tries = [ask(person, "POST", "/share", json={"email": email}) for email in ("x@x.com", other.email) * 2]
    assert [answer.status_code for answer in tries] == [422, 200, 429, 429]  # no more is said of either
    assert {(answer.json()["code"], answer.headers["retry-after"] > "0") for answer in tries[2:]} == {
        ("RATE_LIMITED", True)
    }
    assert share(other.id).status_code == 200
