from __future__ import annotations

from threading import Event, Lock, Thread
from typing import Any

import argon2
import pytest

from voicewright.accounts.errors import PasswordRefused, PasswordsBusy
from voicewright.accounts.passwords import AT_ONCE, Passwords, check_new_password

FAST = {"time_cost": 1, "memory_cost": 8, "parallelism": 1}


class Counting(argon2.PasswordHasher):
    """Notes what it was asked to do."""

    def __init__(self, **parameters: int) -> None:
        super().__init__(**(FAST | parameters))
        self.work: list[tuple[str, str]] = []

    def verify(self, hash: Any, password: Any) -> Any:  # noqa: A002 - the library's own name
        self.work.append(("verify", str(hash).rpartition("$")[0].rpartition("$")[0]))
        return super().verify(hash, password)

    def hash(self, password: Any, *, salt: bytes | None = None) -> str:
        self.work.append(("hash", ""))
        return super().hash(password, salt=salt)


def test_a_password_matches_itself_and_nothing_else() -> None:
    passwords = Passwords(argon2.PasswordHasher(**FAST))
    kept = passwords.hash("correct horse battery")
    assert kept.startswith("$argon2id$")
    assert kept != passwords.hash("correct horse battery")
    assert passwords.matches("correct horse battery", kept)
    assert not passwords.matches("correct horse batterz", kept)
    assert not passwords.matches("correct horse battery", None)
    assert not passwords.matches("nobody has this password", None)
    assert not passwords.matches("x", "no hash at all")
    assert passwords.matches("grüße \ud800", passwords.hash("grüße \ud800"))


def test_the_library_s_own_parameters_are_used() -> None:
    assert Passwords().hash("x").startswith("$argon2id$v=19$m=65536,t=3,p=4$")


def test_as_much_is_done_where_there_is_no_account() -> None:
    """Not measured by time, which other programs disturb: by the work, which is all that takes time."""
    work = []
    for kept in (argon2.PasswordHasher(**FAST).hash("correct horse battery"), None):
        hasher = Counting()
        Passwords(hasher).matches("a wrong password", kept)
        work.append(hasher.work)
    assert work[0] == work[1]
    assert [kind for kind, _ in work[0]] == ["hash", "verify"]


def test_a_hash_of_older_parameters_is_outdated() -> None:
    kept = argon2.PasswordHasher(**FAST).hash("x")
    assert not Passwords(argon2.PasswordHasher(**FAST)).is_outdated(kept)
    assert Passwords(argon2.PasswordHasher(**(FAST | {"time_cost": 2}))).is_outdated(kept)


def test_a_flood_of_sign_ins_does_not_fill_the_memory() -> None:
    running, most, go = [0], [0], Event()
    several, counting = Event(), Lock()

    class Slow(argon2.PasswordHasher):
        def hash(self, password: Any, *, salt: bytes | None = None) -> str:
            with counting:
                running[0] += 1
                most[0] = max(most[0], running[0])
            if most[0] == 4:
                several.set()
            assert go.wait(30)
            with counting:
                running[0] -= 1
            return "hash"

    passwords = Passwords(Slow())
    threads = [Thread(target=passwords.hash, args=("x",)) for _ in range(12)]
    for thread in threads:
        thread.start()
    assert several.wait(30)
    go.set()
    for thread in threads:
        thread.join()
    assert most[0] == 4


def test_a_password_that_waits_too_long_for_others_is_not_looked_at() -> None:
    inside, go = Event(), Event()
    entered: list[int] = []

    class Slow(argon2.PasswordHasher):
        def hash(self, password: Any, *, salt: bytes | None = None) -> str:
            entered.append(1)
            if len(entered) == AT_ONCE:
                inside.set()
            assert go.wait(30)
            return "hash"

    passwords = Passwords(Slow(), patience_s=0.01)
    threads = [Thread(target=passwords.hash, args=("x",)) for _ in range(AT_ONCE)]
    for thread in threads:
        thread.start()
    assert inside.wait(30)
    with pytest.raises(PasswordsBusy, match="Try again in 5 seconds"):
        passwords.hash("x")
    go.set()
    for thread in threads:
        thread.join()
    assert passwords.hash("x") == "hash"


@pytest.mark.parametrize(
    ("password", "words"),
    [
        ("elevenchars", "12"),
        ("x" * 1025, "1024"),
        ("aaaaaaaaaaaa", "repeated"),
        ("ANN.MILLER@example.com", "address"),
    ],
)
def test_passwords_that_are_refused(password: str, words: str) -> None:
    with pytest.raises(PasswordRefused, match=words) as refused:
        check_new_password(password, "ann.miller@example.com", field="new_password")
    assert refused.value.fields[0].field == "new_password"


def test_any_other_password_is_taken() -> None:
    for password in ("elevenchars!", "correct horse battery", "пароль пароль", "x" * 1023 + "y"):
        check_new_password(password, None)
