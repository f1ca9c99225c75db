"""What deletes accounts with all that they have."""

from __future__ import annotations

from typing import TYPE_CHECKING

from voicewright.erasure.service import ErasureParts, ErasureService
from voicewright.home.layout import Home
from voicewright.privacy.service import ConsentService
from voicewright.storage.vault import Vault
from voicewright.training.service import TrainingService
from voicewright.voices.copies.backup_store import BackupStore

if TYPE_CHECKING:
    from voicewright.accounts.service import AccountService
    from voicewright.db.server import Database
    from voicewright.settings import Settings
    from voicewright.voices.service import VoiceService


def make_erasures(
    settings: Settings,
    database: Database,
    accounts: AccountService,
    voices: VoiceService,
    samples: Vault,
) -> ErasureService:
    """What deletes accounts with all that they have."""
    consents = ConsentService(database, settings.environment)
    spoken = Vault.of_speech(settings, voices.vault.keys)
    parts = ErasureParts(
        database=database,
        users=accounts.users,
        training=TrainingService(database, settings, consents),
        voices=voices,
        samples=samples,
        more_stores=(BackupStore.open(settings, voices.vault).objects, spoken.objects),
        long=Vault.of_long_speeches(settings, voices.vault.keys),
        work_dir=Home.open(settings.home).work_dir,
    )
    return ErasureService(parts)
