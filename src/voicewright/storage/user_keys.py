"""The keys of the owners: one for each, made when it is first needed, sealed with the master key.

Whoever destroys an owner's key destroys every copy of their files, wherever it lies (crypto-erasure). The row
of a destroyed key stays, so that no new one is made by work that was still going on.

The master key may be changed while everything runs (`storage.rotation`): whoever makes a key, or meets one
that was sealed with a master key it has not seen, reads the file of the master keys again.
"""

from __future__ import annotations

import threading
import time
import uuid
from collections import OrderedDict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, NamedTuple

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert

from voicewright.db.advisory import share_lock
from voicewright.home.layout import Home
from voicewright.storage.errors import KeyDestroyed, MasterKeyWrong
from voicewright.storage.master_keys import MasterKeys, SealedSecret
from voicewright.storage.models import UserKey
from voicewright.storage.sealing import Cipher

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from typing import Self

    from sqlalchemy.orm import Session

    from voicewright.db.server import Database
    from voicewright.settings import Settings

PLATFORM_ID: Final = uuid.UUID("00000000-0000-4000-8000-000000000000")
"""Whose key seals what is the installation's own: the keys that sign access tokens."""
MASTER_KEY_LOCK: Final = 0x6D617374_6B657973
"""The advisory lock under which keys of owners are made: "mast", "keys"."""
REMEMBERED_S: Final = 600.0
"""How long a process may go on with a key that was destroyed by another one."""
_REMEMBERED: Final = 1024
_AT_ONCE: Final = 500


class _Remembered(NamedTuple):
    cipher: Cipher
    forgotten_s: float
    """By the monotonic clock."""


class KeyRing:
    """The keys of all owners; safe for threads and processes.

    Args:
        database: open.
        master: with what the keys are sealed.
        reload: reads the master keys again; None: they never change.
    """

    def __init__(
        self, database: Database, master: MasterKeys, *, reload: Callable[[], MasterKeys] | None = None
    ) -> None:
        self.master = master
        self._reload = reload
        self._database = database
        self._ciphers: OrderedDict[uuid.UUID, _Remembered] = OrderedDict()
        """The oldest first."""
        self._guard = threading.Lock()

    @classmethod
    def open(cls, settings: Settings, database: Database) -> Self:
        """With the master keys of the settings, or of the data directory; all that was sealed can be opened.

        Raises:
            MasterKeyInvalid: there are none that can be used.
            MasterKeyWrong: some keys were sealed with a master key that is not here.
        """
        ring = cls.unchecked(settings, database)
        ring.check()
        return ring

    @classmethod
    def unchecked(cls, settings: Settings, database: Database) -> Self:
        """The same, also where some of the keys can't be opened.

        Raises:
            MasterKeyInvalid: there are no master keys that can be used.
            MasterKeyWrong: the file of the master keys is gone; no new one is made in its place.
        """
        if settings.master_key is None:
            _require_file(master_key_path(settings), database)
        return cls(database, master_keys(settings), reload=lambda: master_keys(settings, make=False))

    def cipher(self, owner_id: uuid.UUID) -> Cipher:
        """What seals and opens the files of an owner; their key is made if there is none.

        It asks the database every ten minutes for each owner and process: aside (`Database.aside`), so that
        it may be called within a unit of work.

        Raises:
            KeyDestroyed: their account was deleted.
            MasterKeyWrong: the key was sealed with a master key that is not here.
        """
        with self._guard:
            known = self._ciphers.get(owner_id)
            if known is not None and time.monotonic() < known.forgotten_s:
                return known.cipher
        try:
            secret = self._opened(self.sealed(owner_id))
        except MasterKeyWrong:  # or the master key was changed between the two
            secret = self._opened(self.sealed(owner_id))
        made = Cipher(secret)
        with self._guard:
            now_s = time.monotonic()
            self._ciphers.pop(owner_id, None)
            self._ciphers[owner_id] = _Remembered(made, now_s + REMEMBERED_S)
            while len(self._ciphers) > _REMEMBERED or next(iter(self._ciphers.values())).forgotten_s < now_s:
                self._ciphers.popitem(last=False)
        return made

    def destroy(self, session: Session, owner_id: uuid.UUID) -> bool:
        """Destroy the key of an owner with the unit of work; answers whether there was one."""
        now = datetime.now(UTC)
        gone = {"master_key_id": None, "token": None, "destroyed_at": now}
        had_one = session.scalar(
            select(UserKey.token.is_not(None)).where(UserKey.owner_id == owner_id).with_for_update()
        )
        new = insert(UserKey).values(owner_id=owner_id, created_at=now, sealed_at=now, **gone)
        session.execute(new.on_conflict_do_update(index_elements=[UserKey.owner_id], set_=gone))
        self.forget(owner_id)
        return bool(had_one)

    def forget(self, owner_id: uuid.UUID) -> None:
        """Remember the key of an owner no more, which was destroyed elsewhere."""
        with self._guard:
            self._ciphers.pop(owner_id, None)

    def known(self, owner_id: uuid.UUID) -> SealedSecret | None:
        """The key of an owner as it is kept; None: they have none yet.

        Raises:
            KeyDestroyed: their account was deleted.
        """
        with self._database.aside() as session:
            return self._read(session, owner_id)

    def cipher_of(self, sealed: SealedSecret) -> Cipher:
        """What opens the files that were sealed with the key of a backup.

        Raises:
            MasterKeyWrong: it was sealed with a master key that is not here.
        """
        return Cipher(self._opened(sealed))

    def agrees(self, owner_id: uuid.UUID, sealed: SealedSecret) -> bool | None:
        """Whether an owner's key is the one of a backup; None: they have none yet. Errors as in `adopt`."""
        secret, known = self._opened(sealed), self.known(owner_id)
        return None if known is None else self._opened(known) == secret

    def sealed(self, owner_id: uuid.UUID) -> SealedSecret:
        """The key of an owner as it is kept, for a backup; made if there is none. Errors as in `cipher`."""
        known = self.known(owner_id)
        if known is not None:
            return known
        with self._database.aside() as session:
            return self._enter(session, owner_id, Cipher.new_secret())

    def adopt(self, session: Session, owner_id: uuid.UUID, sealed: SealedSecret) -> None:
        """Give an owner who has no key the one from a backup.

        Raises:
            MasterKeyWrong: it was sealed with a master key that is not here, or the owner has another key.
            KeyDestroyed: their account was deleted.
        """
        secret = self._opened(sealed)
        if self._opened(self._enter(session, owner_id, secret)) != secret:
            raise MasterKeyWrong(
                "The backup was made with another key of this owner than the one they have now: its files "
                "can't be read along with theirs. Restore it to an installation where the owner has none."
            )

    def rotate(self) -> int:
        """Seal all keys with the first master key; what was cut off is done by doing it again.

        Returns:
            How many were sealed with another one before.

        Raises:
            MasterKeyWrong: one can't be opened; it and those after it are as they were.
        """
        newest = self.master.ids[0]
        count = 0
        while True:
            with self._database.session() as session:
                some = session.scalars(
                    select(UserKey)
                    .where(UserKey.token.is_not(None), UserKey.master_key_id != newest)
                    .order_by(UserKey.owner_id)
                    .limit(_AT_ONCE)
                    .with_for_update()
                ).all()
                for row in some:
                    secret = self._opened(_sealed_of(row))
                    row.master_key_id, row.token = self.master.seal(secret)
                    row.sealed_at = datetime.now(UTC)
            if not some:
                return count
            count += len(some)

    def counts(self) -> dict[str, int]:
        """How many keys each master key has sealed, by its id."""
        with self._database.session() as session:
            rows = session.execute(
                select(UserKey.master_key_id, func.count())
                .where(UserKey.master_key_id.is_not(None))
                .group_by(UserKey.master_key_id)
            )
            return {str(key_id): count for key_id, count in rows}

    def check(self) -> None:
        """Make sure that all keys can be opened, before anything is begun.

        Raises:
            MasterKeyWrong: some were sealed with a master key that is not here.
        """
        with self._database.session() as session:
            missing = [key_id for key_id in _ids_in_use(session) if key_id not in self.master.ids]
        if missing:
            raise MasterKeyWrong(
                f"The stored files were sealed with the master key {', '.join(missing)}; "
                f"{self.master.source} has {', '.join(self.master.ids)}. Put that key back: nothing else can "
                "open them."
            )

    def _enter(self, session: Session, owner_id: uuid.UUID, secret: bytes) -> SealedSecret:
        """Give an owner a key, unless they have one; answers which one they have then."""
        share_lock(session, MASTER_KEY_LOCK)
        self._renew_master()
        sealed = self.master.seal(secret)
        now = datetime.now(UTC)
        new = insert(UserKey).values(
            owner_id=owner_id,
            master_key_id=sealed.master_key_id,
            token=sealed.token,
            created_at=now,
            sealed_at=now,
        )
        session.execute(new.on_conflict_do_nothing())  # another process may have made one
        there = self._read(session, owner_id)
        assert there is not None  # noqa: S101 - it was inserted, or was there
        return there

    def _opened(self, sealed: SealedSecret) -> bytes:
        if sealed.master_key_id not in self.master.ids:
            self._renew_master()
        return self.master.open(sealed)

    def _renew_master(self) -> None:
        if self._reload is not None:
            self.master = self._reload()

    @staticmethod
    def _read(session: Session, owner_id: uuid.UUID) -> SealedSecret | None:
        row = session.get(UserKey, owner_id)
        if row is None:
            return None
        if row.destroyed_at is not None:
            raise KeyDestroyed(
                f"The key of the account {owner_id} was destroyed when the account was deleted; its files "
                "can't be read by anybody."
            )
        return _sealed_of(row)


def master_keys(settings: Settings, *, make: bool = True) -> MasterKeys:
    """The master keys of an installation.

    Args:
        settings: have them, or say where they lie.
        make: a new one, where there is neither.

    Raises:
        MasterKeyInvalid: there are none that can be used.
    """
    if settings.master_key is not None:
        keys = settings.master_key.get_secret_value().split(",")
        return MasterKeys(filter(None, (key.strip() for key in keys)), "VOICEWRIGHT_MASTER_KEY")
    return MasterKeys.from_file(master_key_path(settings), make=make)


def master_key_path(settings: Settings) -> Path:
    """Where the master key lies when it is not a setting."""
    return Home(settings.home).keys_dir / "master.key"


def _require_file(path: Path, database: Database) -> None:
    """A lost master key must not be hidden by a new one."""
    if path.exists():
        return
    with database.session() as session:
        ids = _ids_in_use(session)
    if ids and not path.exists():  # another process may have made it, and the first keys with it
        raise MasterKeyWrong(
            f"The stored files were sealed with the master key {', '.join(ids)}, and {path} is not there. "
            "Put it back from your copy, or set VOICEWRIGHT_MASTER_KEY: nothing else can open them."
        )


def _ids_in_use(session: Session) -> list[str]:
    """The master keys that sealed something, each found by one look into the index."""
    found: list[str] = []
    while True:
        above = UserKey.master_key_id > (found[-1] if found else "")
        following = session.scalar(select(func.min(UserKey.master_key_id)).where(above))
        if following is None:
            return found
        found.append(following)


def _sealed_of(row: UserKey) -> SealedSecret:
    assert row.master_key_id is not None  # noqa: S101 - the table's rule
    assert row.token is not None  # noqa: S101 - the same
    return SealedSecret(row.master_key_id, row.token)
