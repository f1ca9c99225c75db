"""Copies of voices: to take away and bring to another installation, and to have when all is lost."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from voicewright.engines.registry import get_engine
from voicewright.storage.vault import Vault
from voicewright.voices.copies.backup_store import BackupStore
from voicewright.voices.copies.backups import BackupService
from voicewright.voices.copies.exporting import ExportService
from voicewright.voices.copies.importing import ImportService
from voicewright.voices.copies.restoring import RestoreService
from voicewright.voices.limits import ModelLimits

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Self

    from voicewright.accounts.rate_limits import RateLimits
    from voicewright.db.server import Database
    from voicewright.engines.port import EngineInfo
    from voicewright.privacy.service import ConsentService
    from voicewright.settings import Settings
    from voicewright.voices.copies.exporting import FindTrainingData
    from voicewright.voices.service import VoiceService


@dataclass(frozen=True, slots=True)
class Copies:
    """The services that make copies of voices and take them in."""

    exports: ExportService
    imports: ImportService
    backups: BackupService
    restores: RestoreService

    @classmethod
    def open(
        cls,
        settings: Settings,
        database: Database,
        voices: VoiceService,
        *,
        consents: ConsentService,
        rate_limits: RateLimits,
        training_data: FindTrainingData,
        engines: Callable[[str], EngineInfo] = get_engine,
    ) -> Self:
        """Those of an installation.

        Args:
            settings: the stores, and limits.
            database: open.
            voices: has the files.
            consents: asked before a voice is imported or restored.
            rate_limits: where calls are counted.
            training_data: finds what a voice was trained on.
            engines: finds an engine by its id.

        Raises:
            StoreUrlInvalid: the settings name no store of backups that there can be.
        """
        samples = Vault.of_samples(settings, voices.vault.keys)
        store = BackupStore.open(settings, voices.vault)
        limits = ModelLimits(rate_limits, settings)
        return cls(
            exports=ExportService(database, voices.vault, samples, training_data),
            imports=ImportService(settings, voices, consents, limits, engines=engines),
            backups=BackupService(
                database, voices.vault, store, rate_limits, settings, training_data=training_data
            ),
            restores=RestoreService(database, voices, store, consents, rate_limits, settings),
        )
