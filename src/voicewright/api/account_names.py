"""What people call the accounts that are named by their ids."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from uuid import UUID

from voicewright.erasure.rows import NOBODY
from voicewright.storage.user_keys import PLATFORM_ID
from voicewright.voices.schemas import LOCAL_USER_ID

if TYPE_CHECKING:
    from collections.abc import Iterable

    from voicewright.api.services import Services

_OWN: Final[dict[UUID | None, str]] = {
    None: "the service",
    LOCAL_USER_ID: "the command line",
    PLATFORM_ID: "the service",
    NOBODY: "a deleted account",
}
_SHORT: Final = 8
"""Digits of an id that tell one deleted account from another."""


class Names(dict[UUID | None, str]):
    """By id; an account that is no more has only its id left."""

    @classmethod
    def of(cls, services: Services, user_ids: Iterable[UUID | None]) -> Names:
        """Those of some accounts."""
        wanted = {user_id for user_id in user_ids if user_id is not None} - _OWN.keys()
        found = cls(_OWN)
        for user_id, label in services.accounts.users.labels(wanted).items():
            found[user_id] = label
        return found

    def __missing__(self, user_id: UUID | None) -> str:
        return f"deleted account {str(user_id)[:_SHORT]}"

    def has_page(self, user_id: UUID | None) -> bool:
        """Whether there is an account of this id to look at."""
        return user_id in self and user_id not in _OWN
