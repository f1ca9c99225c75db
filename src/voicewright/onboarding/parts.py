"""What the onboarding works with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from voicewright.engines.registry import get_engine

if TYPE_CHECKING:
    from voicewright.accounts.service import AccountService
    from voicewright.db.server import Database
    from voicewright.privacy.service import ConsentService
    from voicewright.recordings.samples import SampleService
    from voicewright.settings import Settings
    from voicewright.speech.history import HistoryService
    from voicewright.speech.service import SpeechService
    from voicewright.training.drafting import Engines
    from voicewright.training.service import TrainingService


@dataclass(frozen=True, slots=True)
class OnboardingParts:
    """The services of others; whoever made them closes them."""

    settings: Settings
    database: Database
    accounts: AccountService
    consents: ConsentService
    samples: SampleService
    training: TrainingService
    speech: SpeechService
    history: HistoryService
    engines: Engines = get_engine
