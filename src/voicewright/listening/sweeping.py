"""Removes blind tests: one that its user deletes, and those that are older than what was spoken is kept."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from sqlalchemy import select

from voicewright.listening.models import ListeningTest
from voicewright.listening.sounds import SoundFiles

if TYPE_CHECKING:
    from voicewright.db.server import Database
    from voicewright.storage.vault import Vault

_AT_ONCE: Final = 100


def delete_test(database: Database, files: SoundFiles, test: ListeningTest) -> None:
    """Delete a test with its sounds and votes; again does no harm."""
    for sound in test.sounds:
        if sound.file_id is not None:
            files.delete(test.user_id, sound.file_id)
    with database.session() as session:
        found = session.get(ListeningTest, test.id)
        if found is not None:
            session.delete(found)


def sweep_tests(database: Database, vault: Vault, *, kept_days: int | None) -> int:
    """Delete the tests that are older; answers how many. None: they are kept.

    Args:
        database: open.
        vault: the store of what was spoken.
        kept_days: for how long tests stay.
    """
    if not kept_days:
        return 0
    before = datetime.now(UTC) - timedelta(days=kept_days)
    files, count = SoundFiles(vault), 0
    while True:
        with database.session() as session:
            old = select(ListeningTest).where(ListeningTest.created_at < before).limit(_AT_ONCE)
            found = session.scalars(old).all()
        if not found:
            return count
        for test in found:
            delete_test(database, files, test)
        count += len(found)
