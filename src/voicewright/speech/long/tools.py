"""What long texts are spoken with, by a worker or by a command."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

    from voicewright.db.server import Database
    from voicewright.provenance.service import ProvenanceService
    from voicewright.settings import Settings
    from voicewright.speech.service import SpeechService
    from voicewright.storage.vault import Vault


@dataclass(frozen=True, slots=True)
class LongTools:
    """Whoever made them closes them."""

    settings: Settings
    database: Database
    speeches: SpeechService
    """Without a history, as the whole has one entry."""
    vault: Vault
    """Of long texts."""
    work_dir: Path
    engines: Collection[str]
    """Ids of those that speak here; parts that need others are left to other workers."""
    provenance: ProvenanceService | None = None
    """Signs the files, and remembers them; None: nobody does."""
