"""Very many people sign in at the same moment, and everything else goes on."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor, as_completed
from itertools import islice
from typing import TYPE_CHECKING, Any

import argon2
import pytest

from voicewright.accounts.passwords import AT_ONCE, MOST_WAITING, Passwords

if TYPE_CHECKING:
    from collections.abc import Iterator

    from starlette.testclient import TestClient

_FLOOD = 60
"""More than there are threads for all requests together."""


class Held(argon2.PasswordHasher):
    """Compares nothing before it may."""

    def __init__(self) -> None:
        super().__init__(time_cost=1, memory_cost=8, parallelism=1)
        self.go = threading.Event()

    def verify(self, hash: Any, password: Any) -> Any:  # noqa: A002 - the library's own name
        assert self.go.wait(120)
        return super().verify(hash, password)


@pytest.fixture
def held() -> Iterator[Held]:
    hasher = Held()
    yield hasher
    hasher.go.set()


@pytest.fixture
def passwords(held: Held) -> Passwords:
    return Passwords(held, patience_s=120)


def test_a_flood_of_sign_ins_is_turned_away_and_the_rest_goes_on(
    client: TestClient, person: Any, held: Held
) -> None:
    def sign_in(number: int) -> Any:
        return client.post("/auth/sign-in", json={"email": f"eve{number}@example.com", "password": "a guess"})

    with ThreadPoolExecutor(_FLOOD) as pool:
        flood = as_completed([pool.submit(sign_in, number) for number in range(_FLOOD)], timeout=100)
        try:
            refused = [done.result() for done in islice(flood, _FLOOD - AT_ONCE - MOST_WAITING)]
            shown = client.get("/training/stats", headers=person.headers)
            again = client.post("/auth/refresh", json={"refresh_token": person.refresh_token})
        finally:
            held.go.set()
        waited = [done.result() for done in flood]

    assert (shown.status_code, again.status_code) == (200, 200)
    for answer in refused:
        assert (answer.status_code, answer.json()["code"]) == (503, "PASSWORDS_BUSY"), answer.text
        assert answer.headers["Retry-After"] == "5"
        assert "Try again in 5 seconds" in answer.json()["error"]
    assert [answer.status_code for answer in waited] == [401] * (AT_ONCE + MOST_WAITING)


def test_a_link_stays_good_while_too_many_sign_in(client: TestClient, person: Any) -> None:
    accounts = person.accounts
    passwords = accounts.sign_in._passwords
    token = accounts.users.link(person.id).token
    body = {"token": token, "password": "correct horse battery"}
    for _ in range(AT_ONCE + MOST_WAITING):
        passwords._room.acquire()
    busy = client.post("/auth/link", json=body)
    for _ in range(AT_ONCE + MOST_WAITING):
        passwords._room.release()

    assert (busy.status_code, busy.json()["code"]) == (503, "PASSWORDS_BUSY")
    assert "Try again in 5 seconds" in busy.json()["error"]
    assert client.post("/auth/link", json=body).status_code == 200
