"""Puts another master key in place of the present one, while everything runs.

The keys of the owners are sealed anew; their files stay as they are. In the data directory the file of the
master keys gets a new one at its head, and loses the old ones when nothing is sealed with them any more:
until then all of them are there, so that a rotation that was cut off is done by doing it again. Keys that
come from the setting are changed by whoever set them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from voicewright.db.advisory import take_lock
from voicewright.home.errors import LockTimeout
from voicewright.home.layout import Home
from voicewright.home.locks import lock
from voicewright.storage.master_keys import keys_in, new_master_key, write_keys
from voicewright.storage.user_keys import MASTER_KEY_LOCK, KeyRing, master_key_path

if TYPE_CHECKING:
    from voicewright.db.server import Database
    from voicewright.settings import Settings

_WAIT_S: Final = 30.0


@dataclass(frozen=True, slots=True)
class Rotation:
    """What became of it.

    Attributes:
        key_id: the master key that seals everything now.
        resealed: keys of owners that another one had sealed before.
        old_ids: master keys that nothing needs any more.
        in_file: they were taken out of the file; otherwise they are still in the setting.
    """

    key_id: str
    resealed: int
    old_ids: list[str]
    in_file: bool


def rotate_master_key(settings: Settings, database: Database) -> Rotation:
    """Seal the keys of all owners with a new master key, or with the first one of the setting.

    Raises:
        MasterKeyInvalid, MasterKeyWrong: nothing was changed.
        LockTimeout: another process is doing it.
        StorageFull, StorageReadOnly: the file can't be written; do it again.
    """
    if settings.master_key is not None:
        ring = KeyRing.open(settings, database)
        return Rotation(ring.master.ids[0], ring.rotate(), ring.master.ids[1:], in_file=False)
    held = lock(
        Home.open(settings.home).locks_dir / "master-key",
        timeout_s=_WAIT_S,
        purpose="changing the master key",
    )
    with held:
        return _rotate_file(settings, database)


def _rotate_file(settings: Settings, database: Database) -> Rotation:
    path, ring = master_key_path(settings), KeyRing.open(settings, database)
    kept = keys_in(path)
    if len(kept) == 1:  # otherwise it was cut off before, and is gone on with
        write_keys(path, [new_master_key(), *kept])
        ring = KeyRing.open(settings, database)
    resealed = ring.rotate()
    with database.session() as session:
        # whoever makes a key from now on reads the file first, and finds the new key at its head
        if not take_lock(session, MASTER_KEY_LOCK, wait_s=_WAIT_S):
            raise LockTimeout("Keys of owners are being made all the time. Try again.")
        resealed += ring.rotate()
        write_keys(path, keys_in(path)[:1])
    return Rotation(ring.master.ids[0], resealed, ring.master.ids[1:], in_file=True)
