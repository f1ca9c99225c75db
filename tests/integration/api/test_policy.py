"""Every route, called by everybody: who is let in is what `access_table` says, and no route is left out."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest
from fastapi.routing import iter_route_contexts
from starlette.testclient import WebSocketDenialResponse

from voicewright.accounts.caller import Scope

CALLERS = ("anonymous", "other", "owner", "admin", "revoked key")
KEYS = ("key without the scope", "key with the scope")
READING = ("GET", "HEAD", "WS")


@dataclass
class Cast:
    """The people of one row, made when they are asked for, and what belongs to the owner."""

    make_person: Any
    number: int
    things: Any

    @cached_property
    def other(self):
        """Somebody whom nothing of it belongs to."""
        return self.make_person(f"other{self.number}@example.com")

    @cached_property
    def admin(self):
        """An administrator."""
        return self.make_person(f"admin{self.number}@example.com", admin=True)

    @property
    def end_user(self):
        """What a user of the owner's application shows."""
        accounts = self.things.owner.accounts
        caller = accounts.authenticate(self.things.owner.access_token)
        made = accounts.onboarding_tokens.make(caller, "user_1", lifetime_s=60, max_clones=1)
        return {"Authorization": f"Bearer {made.secret}"}

    def headers(self, caller, row):
        """What a caller shows."""
        if caller == "anonymous":
            return {}
        if caller == "revoked key":
            key_id, secret = self.admin.new_key(*Scope)
            self.admin.accounts.api_keys.revoke(self.admin.id, key_id)
            return {"X-API-Key": secret}
        if caller in KEYS:
            holder = self.admin if row.owner == 403 else self.things.owner
            return holder.key(row.scope) if caller == KEYS[1] else holder.key(*(set(Scope) - {row.scope}))
        return (self.things.owner if caller == "owner" else getattr(self, caller)).headers


@pytest.fixture
def access(monkeypatch):
    monkeypatch.syspath_prepend(Path(__file__).parent)
    import access_table

    return access_table


@pytest.fixture
def make_cast(access, make_person, services, enter_sample, enter_dataset):
    numbers = itertools.count(1)

    def make():
        number = next(numbers)
        owner = make_person(f"owner{number}@example.com")
        things = access.Things(owner, services, enter_sample, enter_dataset, make_person)
        return Cast(make_person, number, things)

    return make


def routes_of(app):
    found = set()
    for route in iter_route_contexts(app.routes):
        found |= {f"{method} {route.path}" for method in getattr(route, "methods", None) or ["WS"]}
    return found


def of_end_user(row, path):
    """What somebody is answered whom the owner's application gave a token."""
    if path.startswith("/api/public/voice/onboarding/"):
        return row.owner
    return 403 if row.anonymous == 401 != row.owner else row.anonymous


def expected(row, caller):
    if caller == "revoked key":
        return row.anonymous
    if caller == "key without the scope":
        return 403
    if caller == "key with the scope":
        return row.admin if row.owner == 403 else row.owner
    return getattr(row, caller)


def answered(client, method, path, headers, more):
    if method != "WS":
        return client.request(method, path, headers=headers, **more).status_code
    try:
        with client.websocket_connect(path, headers=headers) as socket:
            while socket.receive()["type"] != "websocket.close":
                pass
            return 101
    except WebSocketDenialResponse as refused:
        return refused.status_code


def test_every_route_has_a_row_and_every_row_a_route(app, access):
    assert routes_of(app) - set(access.TABLE) == set(), "add these to tests/integration/api/access_table.py"
    assert set(access.TABLE) - routes_of(app) == set(), "these are gone: take them out of access_table.py"


def test_every_caller_is_answered_as_the_table_says(client, access, make_cast):
    wrong = {}
    for route, row in access.TABLE.items():
        method = route.split()[0]
        cast = None
        for caller in CALLERS + (KEYS if row.scope else ()):
            if cast is None or method not in READING:  # what the last one changed is as it was
                cast = make_cast()
            path, more = row.call(cast.things)
            status = answered(client, method, path, cast.headers(caller, row), more)
            if status != expected(row, caller):
                wrong[f"{route} by {caller}"] = f"{status}, not {expected(row, caller)}"
        if method not in READING:
            cast = make_cast()
        path, more = row.call(cast.things)
        status = answered(client, method, path, cast.end_user, more)
        if status != of_end_user(row, path):
            wrong[f"{route} by an end user"] = f"{status}, not {of_end_user(row, path)}"
    assert wrong == {}
