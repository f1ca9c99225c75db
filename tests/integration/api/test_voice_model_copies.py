"""`/voice-models/.../export`, `import`, `backup`, `restore`: as documented, for whoever may."""

from __future__ import annotations

import io
import json
import uuid
import zipfile

import pytest
from sqlalchemy import select
from starlette.testclient import TestClient

from voicewright.audit.models import AuditEvent
from voicewright.voices.sharing.models import SharePermission

BACKUP = {"id", "backupPath", "createdAt", "models", "files", "bytes"}


@pytest.fixture
def copies(client):
    """Call as somebody: `copies(person, "GET", "/x")`; answers the response, whose status is `expect`."""

    def call(person, method, path, *, expect=200, **more):
        answer = client.request(method, f"/voice-models{path}", headers=person.headers, **more)
        assert answer.status_code == expect, answer.text
        return answer

    return call


def refused(answer, code, field=None):
    body = answer.json()
    assert (body["code"], bool(body["error"]), bool(body["requestId"])) == (code, True, True), body
    if field is not None:
        assert field in [one["field"] for one in body["fields"]], body


def test_a_voice_is_exported_and_imported(add_voice, copies, person, other, database):
    voice = add_voice(person, "Änn")
    sent = copies(person, "GET", f"/{voice.id}/export?userId={person.id}")
    assert sent.headers["content-type"] == "application/zip"
    assert sent.headers["content-disposition"] == "attachment; filename*=UTF-8''%C3%84nn%2C%20version%201.zip"
    archive = zipfile.ZipFile(io.BytesIO(sent.content))
    assert archive.namelist()[0] == "manifest.json"
    assert json.loads(archive.read("manifest.json"))["voice"]["name"] == "Änn"

    taken = copies(other, "POST", "/import", content=sent.content, expect=201)
    made = taken.json()
    assert taken.headers["location"] == f"/voice-models/{made['id']}"
    assert taken.headers["etag"] == '"1"'
    assert (made["userId"], made["name"], made["version"]) == (str(other.id), "Änn", 1)
    assert made["storedBytes"] == voice.stored_bytes
    assert copies(other, "GET", f"/{made['id']}").json() == made
    named = copies(other, "POST", "/import?name=Bob&speaker=Ann", content=sent.content, expect=201)
    assert named.json()["name"] == "Bob"
    with database.session() as session:
        acts = session.scalars(select(AuditEvent.action).where(AuditEvent.owner_id == other.id)).all()
    assert acts.count("voice_model.import") == 2


def test_nobody_exports_what_is_shared_with_them(add_voice, copies, make_person, services):
    person, other = make_person("ann@example.com"), make_person("bob@example.com")
    admin, voice = make_person("admin@example.com", admin=True), add_voice(person)
    refused(copies(other, "GET", f"/{voice.id}/export", expect=404), "VOICE_MODEL_NOT_FOUND")
    refused(copies(other, "GET", f"/{voice.id}/export?userId={person.id}", expect=403), "NOT_ALLOWED")
    services.sharing.share(
        services.accounts.authenticate(person.access_token),
        voice.id,
        owner_id=person.id,
        targets=[other.id],
        permission=SharePermission.USE,
    )
    refused(copies(other, "GET", f"/{voice.id}/export", expect=403), "NOT_ALLOWED")
    assert copies(admin, "GET", f"/{voice.id}/export").content
    refused(copies(person, "GET", f"/{uuid.uuid4()}/export", expect=404), "VOICE_MODEL_NOT_FOUND")
    services.voices.vault.of(person.id).delete(voice.artefact_digest)
    refused(copies(person, "GET", f"/{voice.id}/export", expect=409), "VOICE_FILES_GONE")


def test_an_export_that_breaks_off_can_not_be_taken_for_a_whole_one(add_voice, app, copies, person, services):
    voice = add_voice(person)
    path = f"/{voice.id}/export"
    whole = copies(person, "GET", path).content
    blobs = services.voices.vault.of(person.id)
    blobs.delete(next(digest for digest in blobs.digests() if digest != voice.artefact_digest))
    with TestClient(app) as client, pytest.raises(RuntimeError, match="already started"):
        client.get(f"/voice-models{path}", headers=person.headers)
    refused(copies(person, "POST", "/import", content=whole[:-10], expect=422), "ARCHIVE_UNREADABLE")


def test_what_is_no_exported_voice_is_refused(copies, person, other, services):
    for content, code in ((b"", "ARCHIVE_UNREADABLE"), (b"x" * 1000, "ARCHIVE_UNREADABLE")):
        refused(copies(person, "POST", "/import", content=content, expect=422), code)
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("a.txt", "a")
    refused(copies(person, "POST", "/import", content=file.getvalue(), expect=422), "VOICE_ARCHIVE_INVALID")
    mine = copies(person, "POST", f"/import?userId={other.id}", content=file.getvalue(), expect=403)
    refused(mine, "NOT_ALLOWED")
    refused(copies(person, "POST", "/import?name=", content=b"x", expect=422), "VALIDATION_FAILED", "name")
    for _ in range(2):
        copies(person, "POST", "/import", content=b"x", expect=422)
    late = copies(person, "POST", "/import", content=b"x", expect=429)  # the sixth of this hour
    refused(late, "RATE_LIMITED")
    assert (late.headers["ratelimit-limit"], int(late.headers["retry-after"]) > 0) == ("5", True)
    assert not list(services.voices.vault.objects.paths(""))
    assert not list((services.settings.home / "uploads").glob("*/*"))


def test_a_user_is_backed_up_twice_a_day_and_restored(add_voice, copies, person, other, admin):
    voice, home = add_voice(person), f"/user/{person.id}"
    first = copies(person, "POST", f"{home}/backup", expect=201).json()
    assert set(first) == BACKUP | {"newFiles", "newBytes", "leftOut"}
    assert first["backupPath"] == f"store://local/backups/{person.id}/{first['id']}.json"
    assert (first["models"], first["files"], first["newFiles"], first["leftOut"]) == (1, 3, 3, [])
    second = copies(person, "POST", f"{home}/backup", expect=201).json()
    assert (second["newFiles"], second["newBytes"], second["bytes"]) == (0, 0, first["bytes"])
    third = copies(person, "POST", f"{home}/backup", expect=429)
    refused(third, "RATE_LIMITED")
    assert third.headers["ratelimit-limit"] == "2"
    page = copies(person, "GET", f"{home}/backups?limit=1").json()
    assert (set(page["backups"][0]), page["total"], page["limit"]) == (BACKUP, 2, 1)

    copies(person, "DELETE", f"/{voice.id}")
    body = {"backupPath": first["backupPath"], "overwriteExisting": False, "activateRestored": True}
    done = copies(person, "POST", f"{home}/restore", json=body).json()
    told = {"id": str(voice.id), "name": "Ann", "version": 1}
    assert (done["restored"], done["replaced"], done["skipped"]) == ([told], [], [])
    assert (done["activeModelId"], done["createdAt"]) == (str(voice.id), first["createdAt"])
    assert copies(person, "GET", f"{home}/active").json()["id"] == str(voice.id)
    body["overwriteExisting"] = True
    over = copies(admin, "POST", f"{home}/restore", json=body).json()
    assert (over["replaced"], over["skipped"]) == ([told], [])

    for path in ("gs://bucket/backups/user-123/backup_123.json", "", "/etc/passwd"):
        bad = copies(person, "POST", f"{home}/restore", json={"backupPath": path}, expect=422)
        refused(bad, "BACKUP_PATH_REFUSED", "backupPath")
    third = copies(person, "POST", f"{home}/restore", json=body, expect=429)
    refused(third, "RATE_LIMITED")
    assert third.headers["ratelimit-limit"] == "2"
    gone = {"backupPath": first["backupPath"][:-9] + "0000.json"}
    refused(copies(person, "POST", f"{home}/restore", json=gone, expect=404), "BACKUP_NOT_FOUND")
    bad = copies(person, "POST", f"{home}/restore", json={**body, "more": 1}, expect=422)
    refused(bad, "VALIDATION_FAILED", "more")
    for who, method, path in (
        (other, "POST", f"{home}/backup"), (other, "GET", f"{home}/backups"),
        (other, "DELETE", f"{home}/backups/{first['id']}"),
    ):  # fmt: skip
        refused(copies(who, method, path, expect=403), "NOT_ALLOWED")
    refused(copies(other, "POST", f"{home}/restore", json=body, expect=403), "NOT_ALLOWED")
    theirs = copies(other, "POST", f"/user/{other.id}/restore", json=body, expect=422)
    refused(theirs, "BACKUP_PATH_REFUSED")
    copies(person, "DELETE", f"{home}/backups/{first['id']}", expect=204)
    gone = copies(person, "DELETE", f"{home}/backups/{first['id']}", expect=404)
    refused(gone, "BACKUP_NOT_FOUND")
