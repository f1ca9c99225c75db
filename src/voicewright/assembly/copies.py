"""What exports, imports, backs up and restores voices."""

from __future__ import annotations

from typing import TYPE_CHECKING

from voicewright.privacy.service import ConsentService
from voicewright.training.data_of_voice import data_of_voice
from voicewright.voices.copies.service import Copies

if TYPE_CHECKING:
    from voicewright.accounts.service import AccountService
    from voicewright.db.server import Database
    from voicewright.engines.installed import Engines
    from voicewright.settings import Settings
    from voicewright.voices.service import VoiceService


def make_copies(
    settings: Settings, database: Database, accounts: AccountService, voices: VoiceService, engines: Engines
) -> Copies:
    """What exports, imports, backs up and restores voices."""
    return Copies.open(
        settings,
        database,
        voices,
        consents=ConsentService(database, settings.environment),
        rate_limits=accounts.rate_limits,
        training_data=data_of_voice,
        engines=engines.find,
    )
