"""The master key, with which the keys of the owners are sealed: from a setting, or from a file made here.

`VOICEWRIGHT_MASTER_KEY` holds one key or several, separated by commas; without it they are the lines of
`keys/master.key` in the data directory, which is made at the first start and is for its owner alone. A key is
what `openssl rand -base64 32` prints. The first one seals; all of them open, so that the key can be changed
while everything runs (`storage.user_keys.KeyRing.rotate`).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
import stat
import uuid
from contextlib import suppress
from typing import TYPE_CHECKING, Final, NamedTuple

from cryptography.fernet import Fernet, InvalidToken

from voicewright.storage.errors import MasterKeyInvalid, MasterKeyWrong
from voicewright.storage.faults import clear_errors
from voicewright.storage.objects import sync_folder

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path
    from typing import Self

_KEY_BYTES: Final = 32
_ID_DIGITS: Final = 8
_HEAD: Final = (
    "# The master key of Voicewright. Without it no recording and no voice can be read: keep a copy of it.\n"
    "# The first key seals, all of them open. `voicewright keys rotate` puts a new one in its place.\n"
)


class SealedSecret(NamedTuple):
    """A secret that only a holder of the master key can read."""

    master_key_id: str
    token: bytes


class MasterKeys:
    """Some master keys; the first one seals.

    Args:
        keys: base64 of 32 bytes each, in either alphabet.
        source: where they come from, for messages.

    Raises:
        MasterKeyInvalid: there is none, or one is no key.

    Attributes:
        ids: what tells the keys apart, in their order; nothing can be learned from one.
    """

    def __init__(self, keys: Iterable[str], source: str) -> None:
        self.source = source
        self._keys: dict[str, Fernet] = {}
        for number, text in enumerate(keys, start=1):
            raw = _decoded(text, number, source)
            self._keys.setdefault(_id_of(raw), Fernet(base64.urlsafe_b64encode(raw)))
        if not self._keys:
            raise MasterKeyInvalid(
                f"{source} holds no key. Put the key back, or for a new installation remove the file."
            )
        self.ids = list(self._keys)

    @classmethod
    def from_file(cls, path: Path, *, make: bool = True) -> Self:
        """The keys of a file.

        Args:
            path: the file.
            make: it with a new key, where it is not there.

        Raises:
            MasterKeyInvalid: it is not there, holds no keys, or others than its owner may read it.
            StorageFull, StorageReadOnly: it can't be made.
        """
        with clear_errors(f"read {path}", str(path.parent)):
            if make and not path.exists():
                _make(path, [new_master_key()])
            if not path.exists():
                raise MasterKeyInvalid(f"The master key {path} is not there any more. Put it back.")
            mode = stat.S_IMODE(path.stat().st_mode)
            if mode & 0o077:
                raise MasterKeyInvalid(
                    f"Others may read the master key {path} (mode {mode:04o}). Run: chmod 600 {path}"
                )
            return cls(keys_in(path), str(path))

    def seal(self, secret: bytes) -> SealedSecret:
        """Seal a secret with the first key."""
        key_id = self.ids[0]
        return SealedSecret(key_id, self._keys[key_id].encrypt(secret))

    def open(self, sealed: SealedSecret) -> bytes:
        """The secret again.

        Raises:
            MasterKeyWrong: it was sealed with a key that is not here, or it was changed.
        """
        key = self._keys.get(sealed.master_key_id)
        if key is None:
            raise MasterKeyWrong(
                f"This was sealed with the master key {sealed.master_key_id}; {self.source} has "
                f"{', '.join(self.ids)}. Put that key back: nothing else can open it."
            )
        try:
            return key.decrypt(sealed.token)
        except InvalidToken:
            raise MasterKeyWrong(
                f"The key of an owner was changed: it can't be opened with the master key "
                f"{sealed.master_key_id} of {self.source}. Restore the table user_keys from a backup."
            ) from None


def new_master_key() -> str:
    """A new key, as it is written in the file and in the setting."""
    return base64.b64encode(os.urandom(_KEY_BYTES)).decode()


def keys_in(path: Path) -> list[str]:
    """The keys in a file, without its comments."""
    lines = (line.strip() for line in path.read_text(encoding="ascii", errors="replace").splitlines())
    return [line for line in lines if line and not line.startswith("#")]


def write_keys(path: Path, keys: Iterable[str]) -> None:
    """Put these keys into the file in place of those that are there, at once.

    Raises:
        StorageFull, StorageReadOnly: the file is as it was.
    """
    with clear_errors(f"write {path}", str(path.parent)):
        aside = _written_aside(path, keys)
        aside.rename(path)
        sync_folder(path.parent)


def _make(path: Path, keys: Iterable[str]) -> None:
    """Make the file, unless another process just did."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    aside = _written_aside(path, keys)
    with suppress(FileExistsError):
        os.link(aside, path)
    aside.unlink()
    sync_folder(path.parent)


def _written_aside(path: Path, keys: Iterable[str]) -> Path:
    aside = path.with_name(f".{path.name}-{uuid.uuid4().hex[:8]}")
    descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as stream:
        stream.write(_HEAD + "".join(f"{key}\n" for key in keys))
        stream.flush()
        os.fsync(stream.fileno())
    return aside


def _decoded(text: str, number: int, source: str) -> bytes:
    try:
        standard = text.strip().replace("-", "+").replace("_", "/")
        raw = base64.b64decode(standard, validate=True)
    except (ValueError, binascii.Error):
        raw = b""
    if len(raw) != _KEY_BYTES:
        raise MasterKeyInvalid(
            f"Key {number} of {source} is not the base64 of 32 bytes. `openssl rand -base64 32` makes one; "
            "if there is data already, put its own key back."
        )
    return raw


def _id_of(raw: bytes) -> str:
    return hashlib.sha256(b"voicewright master key" + raw).hexdigest()[:_ID_DIGITS]
