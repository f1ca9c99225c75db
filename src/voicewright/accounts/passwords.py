"""Passwords: which ones are accepted, how they are kept, and a check that takes as long for nobody's."""

from __future__ import annotations

from contextlib import contextmanager, suppress
from functools import cached_property
from threading import BoundedSemaphore
from typing import TYPE_CHECKING, Final

import argon2
from argon2.exceptions import InvalidHashError, VerificationError

from voicewright.accounts.emails import email_key
from voicewright.accounts.errors import PasswordRefused, PasswordsBusy, of_field

if TYPE_CHECKING:
    from collections.abc import Iterator

    from voicewright.errors import AppError

MIN_PASSWORD_CHARACTERS: Final = 12
MAX_PASSWORD_CHARACTERS: Final = 1024
"""Enough for any phrase; a limit, so that nobody makes us hash a book."""

AT_ONCE: Final = 4
"""Each hashing takes 64 MiB and a core for a moment."""
MOST_WAITING: Final = 8
"""Each that waits keeps one of the threads that all requests share, so that a flood has to be turned away."""
_PATIENCE_S: Final = 2.0


class Passwords:
    """Hashes and checks passwords with Argon2id; safe for threads.

    Args:
        hasher: with other parameters than the library's own, which follow RFC 9106.
        patience_s: how long one password waits for others.
    """

    def __init__(
        self, hasher: argon2.PasswordHasher | None = None, *, patience_s: float = _PATIENCE_S
    ) -> None:
        self._hasher = hasher or argon2.PasswordHasher()
        self._patience_s = patience_s
        self._room = BoundedSemaphore(AT_ONCE + MOST_WAITING)
        self._at_once = BoundedSemaphore(AT_ONCE)

    @cached_property
    def _nobodys(self) -> str:
        return self._hash("nobody has this password")

    def hash(self, password: str) -> str:
        """What is kept of a password that was accepted.

        Raises:
            PasswordsBusy: too many others are being checked.
        """
        return self._hash(password)

    def matches(self, password: str, kept: str | None) -> bool:
        """Whether it is the password; takes as long where there is none to compare with.

        Args:
            password: what somebody typed.
            kept: the hash; None where there is no such account, or it has no password.

        Raises:
            PasswordsBusy: too many others are being checked.
        """
        nobodys = self._nobodys  # made before it is known whether it is needed
        encoded = _encoded(password)
        with self._turn(), suppress(VerificationError, InvalidHashError):
            return self._hasher.verify(kept or nobodys, encoded) and kept is not None
        return False

    def is_outdated(self, kept: str) -> bool:
        """Whether the hash was made with other parameters than those of today."""
        return self._hasher.check_needs_rehash(kept)

    def _hash(self, password: str) -> str:
        with self._turn():
            return self._hasher.hash(_encoded(password))

    @contextmanager
    def _turn(self) -> Iterator[None]:
        if not self._room.acquire(blocking=False):
            raise PasswordsBusy
        try:
            if not self._at_once.acquire(timeout=self._patience_s):
                raise PasswordsBusy
            try:
                yield
            finally:
                self._at_once.release()
        finally:
            self._room.release()


def check_new_password(password: str, email: str | None, *, field: str = "password") -> None:
    """Accept a new password, or say what is wrong with it.

    Length is what counts; rules about capitals and digits make passwords worse.

    Args:
        password: what somebody wants.
        email: the account's address.
        field: what the request calls it.

    Raises:
        PasswordRefused: it is too short, too long, or the address itself.
    """
    if len(password) < MIN_PASSWORD_CHARACTERS:
        raise _refused(field, f"A password has at least {MIN_PASSWORD_CHARACTERS} characters.")
    if len(password) > MAX_PASSWORD_CHARACTERS:
        raise _refused(field, f"A password has at most {MAX_PASSWORD_CHARACTERS} characters.")
    if email is not None and email_key(password) == email_key(email):
        raise _refused(field, "The e-mail address can't be the password.")
    if len(set(password)) == 1:
        raise _refused(field, "A password is more than one character repeated.")


def _refused(field: str, message: str) -> AppError:
    return of_field(PasswordRefused, field, message)


def _encoded(password: str) -> bytes:
    return password.encode("utf-8", "surrogatepass")
