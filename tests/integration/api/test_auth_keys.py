"""API keys: shown once, kept as a digest, good for what they were made for and no longer than they may be."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import update

from voicewright.accounts.caller import Scope
from voicewright.accounts.clock import utc_now
from voicewright.accounts.models import ApiKey
from voicewright.accounts.service import AccountService


def make(client, person, **body):
    return client.post(
        "/auth/api-keys", json={"name": "app", "scopes": ["account"]} | body, headers=person.headers
    )


def test_a_key_is_shown_once_and_works_in_both_headers(client, person, database):
    answer = make(client, person, scopes=["training:read", "account"])
    assert answer.status_code == 201
    made = answer.json()
    secret = made["api_key"]
    assert secret.startswith("vw_")
    assert secret.startswith(made["prefix"])
    assert len(secret) > 40
    assert made["scopes"] == ["account", "training:read"]
    for headers in ({"Authorization": f"Bearer {secret}"}, {"X-API-Key": secret}):
        me = client.get("/auth/me", headers=headers).json()
        assert (me["id"], me["api_key_id"], me["scopes"]) == (str(person.id), made["id"], made["scopes"])
    listed = client.get("/auth/api-keys", headers=person.headers)
    assert secret not in listed.text
    assert [key["name"] for key in listed.json()["api_keys"]] == ["app"]
    with database.session() as session:
        row = session.query(ApiKey).one()
    assert secret not in {row.digest, row.prefix, row.name}


def test_a_key_does_what_it_was_made_for_and_nothing_else(client, person):
    reader = person.key("training:read")
    assert client.get("/auth/me", headers=reader).status_code == 200
    refused = client.get("/auth/api-keys", headers=reader)
    assert (refused.status_code, refused.json()["code"]) == (403, "NOT_ALLOWED")
    assert "account" in refused.json()["error"]
    assert client.get("/auth/api-keys", headers=person.key("account")).status_code == 200


def test_nobody_makes_a_key_that_may_do_more_than_they(client, person, admin):
    assert make(client, person, scopes=["admin"]).status_code == 403
    assert make(client, admin, scopes=["admin"]).status_code == 201
    body = {"name": "more", "scopes": ["account", "training:write"]}
    refused = client.post("/auth/api-keys", json=body, headers=person.key("account"))
    assert refused.status_code == 403
    assert "training:write" in refused.json()["error"]


def test_the_scope_of_administrators_is_worth_nothing_without_the_role(client, admin, person, accounts):
    key = admin.key("admin")
    assert client.get("/admin/users", headers=key).status_code == 200
    assert client.get("/admin/users", headers=admin.key("account")).status_code == 403
    accounts.users.change(person.id, role="admin")
    accounts.users.change(admin.id, role="user")
    assert client.get("/admin/users", headers=key).status_code == 403
    assert client.get("/auth/me", headers=key).json()["scopes"] == []


def test_a_key_ends_when_it_is_revoked_or_expires(client, person, other, database):
    made = make(client, person, expires_at=(utc_now() + timedelta(days=1)).isoformat()).json()
    headers = {"X-API-Key": made["api_key"]}
    assert client.get("/auth/me", headers=headers).status_code == 200
    with database.session() as session:
        session.execute(update(ApiKey).values(expires_at=utc_now()))
    assert client.get("/auth/me", headers=headers).status_code == 401
    key_id, secret = person.new_key("account")
    path = f"/auth/api-keys/{key_id}"
    assert client.delete(path, headers=other.headers).json()["code"] == "API_KEY_NOT_FOUND"
    assert client.get("/auth/me", headers={"X-API-Key": secret}).status_code == 200
    assert client.delete(path, headers=person.headers).status_code == 204
    assert client.get("/auth/me", headers={"X-API-Key": secret}).status_code == 401
    revoked_at = client.get("/auth/api-keys", headers=person.headers).json()["api_keys"][0]["revoked_at"]
    assert client.delete(path, headers=person.headers).status_code == 204
    again = client.get("/auth/api-keys", headers=person.headers).json()["api_keys"][0]["revoked_at"]
    assert again == revoked_at is not None


def test_the_last_use_is_noted_once_a_minute(person, services, database):
    key_id, secret = person.new_key("account")

    def used_at(moment):
        AccountService(services.settings, database, clock=lambda: moment).authenticate(secret)
        with database.session() as session:
            return session.get(ApiKey, key_id).last_used_at

    now = utc_now()
    assert used_at(now) == now
    assert used_at(now + timedelta(seconds=59)) == now
    later = now + timedelta(seconds=61)
    assert used_at(later) == later
    with database.session() as session:  # somebody else is writing it: nobody waits
        session.get(ApiKey, key_id, with_for_update=True)
        assert used_at(later + timedelta(seconds=61)) == later


def test_a_key_that_can_not_be_made(client, person):
    for body, field in [
        ({"name": ""}, "name"),
        ({"name": "x" * 101}, "name"),
        ({"name": "a\u0007b"}, "name"),
        ({"scopes": []}, "scopes"),
        ({"scopes": ["everything"]}, "scopes[0]"),
        ({"scopes": ["account"] * 20}, "scopes"),
        ({"expires_at": "2001-01-01T00:00:00Z"}, "expires_at"),
        ({"expires_at": "9999-12-31T23:59:59-12:00"}, "expires_at"),
        ({"expires_at": "0001-01-01T00:00:00+14:00"}, "expires_at"),
        ({"expires_at": "2031-01-01T00:00:00"}, "expires_at"),
        ({"colour": "red"}, "colour"),
    ]:
        answer = make(client, person, **body)
        assert answer.status_code == 422, answer.text
        assert [fault["field"] for fault in answer.json()["fields"]] == [field]


def test_there_is_an_end_to_the_number_of_keys(client, person, accounts, monkeypatch):
    monkeypatch.setattr("voicewright.accounts.api_keys.MAX_API_KEYS", 2)
    first, _ = person.new_key(Scope.ACCOUNT)
    assert make(client, person).status_code == 201
    assert make(client, person).json()["code"] == "TOO_MANY_API_KEYS"
    accounts.api_keys.revoke(person.id, first)
    assert make(client, person).status_code == 201
