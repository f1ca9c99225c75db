"""What a sign-in leaves in the table."""

from __future__ import annotations

import threading

import argon2
import pytest

from voicewright.accounts.errors import SignInFailed
from voicewright.accounts.models import User
from voicewright.accounts.passwords import Passwords
from voicewright.accounts.schemas import Origin
from voicewright.accounts.service import AccountService

PASSWORD = "correct horse battery"  # noqa: S105
FAST = {"time_cost": 1, "memory_cost": 8, "parallelism": 1}


def kept(database, user):
    with database.session() as session:
        return session.get(User, user.id).password_hash


def test_a_password_is_hashed_again_when_the_parameters_have_changed(settings, database):
    old = AccountService(settings, database, passwords=Passwords(argon2.PasswordHasher(**FAST)))
    user = old.users.add("ann@example.com", password=PASSWORD)
    first = kept(database, user)
    old.sign_in.with_password("ann@example.com", PASSWORD, Origin())
    assert kept(database, user) == first
    stronger = Passwords(argon2.PasswordHasher(**(FAST | {"memory_cost": 16})))
    new = AccountService(settings, database, passwords=stronger)
    new.sign_in.with_password("ann@example.com", PASSWORD, Origin())
    assert "m=16," in kept(database, user)
    new.sign_in.with_password("ann@example.com", PASSWORD, Origin())


def test_nobody_gets_in_with_a_password_that_is_changed_meanwhile(settings, database):
    compared, changed = threading.Event(), threading.Event()

    class Slow(Passwords):
        def is_outdated(self, kept):  # between the comparison and the session
            compared.set()
            assert changed.wait(30)
            return False

    hasher = argon2.PasswordHasher(**FAST)
    accounts = AccountService(settings, database, passwords=Passwords(hasher))
    slow = AccountService(settings, database, passwords=Slow(hasher))
    user = accounts.users.add("ann@example.com", password=PASSWORD)
    failures = []

    def sign_in():
        with pytest.raises(SignInFailed):
            slow.sign_in.with_password("ann@example.com", PASSWORD, Origin())
        failures.append(True)

    thread = threading.Thread(target=sign_in)
    thread.start()
    assert compared.wait(30)
    accounts.change_password(user.id, current=PASSWORD, new="a better password", origin=Origin())
    changed.set()
    thread.join()
    assert failures == [True]
    assert len(accounts.sessions.of_user(user.id)) == 1
