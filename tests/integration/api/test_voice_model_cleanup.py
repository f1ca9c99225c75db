"""The cleanup, expiring voices, and voices that come back, over HTTP."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, update

from voicewright.audit.models import AuditEvent
from voicewright.db.advisory import take_lock
from voicewright.voices.cleanup import service as cleanup_module
from voicewright.voices.models import VoiceModel

DAY = timedelta(days=1)


@pytest.fixture
def poor_voice(add_voice, database):
    """Register an old voice that is poor and not active."""

    def add(owner, *, age_days=200):
        add_voice(owner, "Good", score=0.9)
        voice = add_voice(owner, "Poor", score=0.2)
        with database.session() as session:
            created = datetime.now(UTC) - age_days * DAY
            session.execute(update(VoiceModel).where(VoiceModel.id == voice.id).values(created_at=created))
        return voice

    return add


def test_an_administrator_looks_first_and_then_cleans_up(call_models, poor_voice, person, admin, database):
    voice = poor_voice(person)
    told = call_models("POST", "/cleanup", headers=admin.headers, json={"dryRun": True})
    assert {**told, "id": None, "startedAt": None, "finishedAt": None} == {
        "id": None, "dryRun": True, "startedBy": str(admin.id), "startedAt": None, "finishedAt": None,
        "eligible": 1, "cleaned": 0, "failed": 0, "bytesFreed": 0, "error": None, "models": told["models"],
    }  # fmt: skip
    (model,) = told["models"]
    assert len(model.pop("reasons")) == 4
    shown = {"id": str(voice.id), "userId": str(person.id), "bytes": voice.stored_bytes, "code": None}
    assert model == {**shown, "outcome": "eligible"}
    assert call_models("GET", f"/{voice.id}")["deletedAt"] is None

    done = call_models("POST", "/cleanup", headers=admin.headers)
    assert (done["cleaned"], done["bytesFreed"], done["dryRun"]) == (1, voice.stored_bytes, False)
    assert call_models("GET", f"/{voice.id}", expect=404)["code"] == "VOICE_MODEL_NOT_FOUND"
    runs = call_models("GET", "/cleanup/runs?limit=1", headers=admin.headers)
    models = done.pop("models")
    assert (runs["total"], runs["runs"]) == (2, [done])
    run = call_models("GET", f"/cleanup/runs/{done['id']}", headers=admin.headers)
    assert run == done | {"models": models, "total": 1, "limit": 100, "offset": 0}
    rest = call_models("GET", f"/cleanup/runs/{done['id']}?limit=1000&offset=1", headers=admin.headers)
    assert (rest["models"], rest["total"]) == ([], 1)
    call_models("GET", f"/cleanup/runs/{done['id']}?limit=1001", headers=admin.headers, expect=422)
    with database.session() as session:
        mine = select(AuditEvent).where(AuditEvent.owner_id == admin.id, AuditEvent.result == "done")
        noted = [
            (event.action, event.details.get("what"))
            for event in session.scalars(mine.order_by(AuditEvent.id))
        ]
    assert noted == [
        ("voice_model.cleanup", None),  # the dry run
        ("voice_model.list", "cleanup_runs"),
        ("voice_model.read", "cleanup_run"),
        ("voice_model.read", "cleanup_run"),
    ]


def test_the_cleanup_is_for_administrators_and_runs_alone(call_models, admin, database):
    nothing = f"/cleanup/runs/{uuid.uuid4()}"
    for method, path in (("POST", "/cleanup"), ("GET", "/cleanup/runs"), ("GET", nothing)):
        assert call_models(method, path, expect=403)["code"] == "NOT_ALLOWED"
    assert call_models("GET", nothing, headers=admin.headers, expect=404)["code"] == "CLEANUP_RUN_NOT_FOUND"
    for bad in ({"limit": 0}, {"limit": 10_001}, {"dryRun": "maybe"}, {"dry_run": True}):
        call_models("POST", "/cleanup", headers=admin.headers, json=bad, expect=422)
    with database.session() as session:
        assert take_lock(session, cleanup_module._LOCK, wait_s=0)
        refused = call_models("POST", "/cleanup", headers=admin.headers, expect=409)
    assert refused["code"] == "CLEANUP_RUNNING"


def test_owners_see_what_is_going_to_expire(call_models, poor_voice, person, other, admin):
    voice = poor_voice(person, age_days=170)
    for path, headers in (("", person.headers), (f"?userId={person.id}", admin.headers)):
        page = call_models("GET", f"/expiring{path}", headers=headers)
        (model,) = page["models"]
        assert (model["id"], model["name"], model["qualityScore"]) == (str(voice.id), "Poor", 0.2)
        assert model["eligibleAt"] > datetime.now(UTC).isoformat()
        assert any("below 0.5" in reason for reason in model["reasons"])
    assert call_models("GET", "/expiring", headers=other.headers)["models"] == []
    refused = call_models("GET", f"/expiring?userId={person.id}", headers=other.headers, expect=403)
    assert refused["code"] == "NOT_ALLOWED"


def test_a_deleted_voice_is_listed_and_brought_back_or_purged(  # noqa: PLR0917 - fixtures
    call_models, add_voice, services, person, other, client
):
    voice = add_voice(person, "Ann")
    own = f"/user/{person.id}/deleted"
    call_models(
        "POST", f"/{voice.id}/share", json={"ownerId": str(person.id), "targetUserIds": [str(other.id)]}
    )
    call_models("DELETE", f"/{voice.id}")
    (shown,) = call_models("GET", own)["models"]
    assert (shown["id"], shown["name"], shown["storedBytes"]) == (str(voice.id), "Ann", voice.stored_bytes)
    assert shown["purgeAt"] > shown["deletedAt"]
    call_models("POST", f"/{voice.id}/undelete", headers=other.headers, expect=404)

    answer = client.post(f"/voice-models/{voice.id}/undelete", headers=person.headers)
    back = answer.json()
    assert answer.headers["etag"] == f'"{back["revision"]}"'
    assert (back["id"], back["isActive"], back["deletedAt"]) == (str(voice.id), False, None)
    assert call_models("GET", f"/{voice.id}/shares")["shares"] == []
    again = call_models("POST", f"/{voice.id}/undelete", expect=409)
    assert again["code"] == "VOICE_MODEL_NOT_DELETED"

    call_models("DELETE", f"/{voice.id}?purge=true")
    assert call_models("GET", own)["models"] == []
    call_models("POST", f"/{voice.id}/undelete", expect=404)
    assert list(services.voices.vault.of(person.id).digests()) == []


def test_a_voice_that_rests_can_be_purged(call_models, add_voice, services, person):
    voice = add_voice(person, "Ann")
    call_models("DELETE", f"/{voice.id}")
    call_models("DELETE", f"/{voice.id}", expect=404)
    assert call_models("DELETE", f"/{voice.id}?purge=true")["modelId"] == str(voice.id)
    assert list(services.voices.vault.of(person.id).digests()) == []
    call_models("DELETE", f"/{voice.id}?purge=true", expect=404)
