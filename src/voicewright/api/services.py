"""What the routes work with: made by the composition root, handed to `create_app`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from fastapi import Depends
from starlette.requests import HTTPConnection

if TYPE_CHECKING:
    from voicewright.accounts.service import AccountService
    from voicewright.db.server import Database
    from voicewright.erasure.service import ErasureService
    from voicewright.listening.service import ListeningService
    from voicewright.notifications.choices import NotificationChoices
    from voicewright.onboarding.service import OnboardingService
    from voicewright.portability.service import PortabilityService
    from voicewright.privacy.service import ConsentService
    from voicewright.provenance.service import ProvenanceService
    from voicewright.recordings.datasets import DatasetService
    from voicewright.recordings.samples import SampleService
    from voicewright.settings import Settings
    from voicewright.speech.history import HistoryService
    from voicewright.speech.long.service import LongSpeechService
    from voicewright.speech.service import SpeechService
    from voicewright.training.service import TrainingService
    from voicewright.voices.cleanup.service import CleanupService
    from voicewright.voices.copies.service import Copies
    from voicewright.voices.figures.service import FigureService
    from voicewright.voices.lifecycle import LifecycleService
    from voicewright.voices.registry import RegistryService
    from voicewright.voices.registry_versions import VersionService
    from voicewright.voices.service import VoiceService
    from voicewright.voices.sharing.service import SharingService
    from voicewright.voices.stock import StockVoiceService


@dataclass(frozen=True, slots=True)
class Services:
    """The services of one API process; whoever made them closes them."""

    settings: Settings
    database: Database
    accounts: AccountService
    training: TrainingService
    consents: ConsentService
    samples: SampleService
    datasets: DatasetService
    voices: VoiceService
    sharing: SharingService
    lifecycle: LifecycleService
    cleanup: CleanupService
    registry: RegistryService
    versions: VersionService
    figures: FigureService
    copies: Copies
    stock: StockVoiceService
    erasures: ErasureService
    provenance: ProvenanceService
    history: HistoryService
    speech: SpeechService
    listening: ListeningService
    long: LongSpeechService
    onboarding: OnboardingService
    notifications: NotificationChoices
    portability: PortabilityService


async def _services(connection: HTTPConnection) -> Services:
    services: Services = connection.app.state.services
    return services


Wired = Annotated[Services, Depends(_services)]
"""In the signature of a route: `services: Wired`."""
