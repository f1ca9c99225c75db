"""The services of an API process."""

from __future__ import annotations

from typing import TYPE_CHECKING

from voicewright.api.services import Services
from voicewright.assembly.cleanup import make_cleanup
from voicewright.assembly.copies import make_copies
from voicewright.assembly.erasures import make_erasures
from voicewright.assembly.stock import make_stock
from voicewright.listening.service import ListeningService
from voicewright.notifications.choices import NotificationChoices
from voicewright.onboarding.parts import OnboardingParts
from voicewright.onboarding.service import OnboardingService
from voicewright.portability.service import PortabilityParts, PortabilityService
from voicewright.privacy.service import ConsentService
from voicewright.recordings.datasets import DatasetService
from voicewright.recordings.samples import SampleService
from voicewright.speech.long.service import LongSpeechService
from voicewright.training.service import TrainingService
from voicewright.voices.figures.service import FigureService
from voicewright.voices.lifecycle import LifecycleService
from voicewright.voices.limits import ModelLimits
from voicewright.voices.registry import RegistryService
from voicewright.voices.registry_versions import VersionService
from voicewright.voices.service import VoiceService
from voicewright.voices.sharing.service import SharingService

if TYPE_CHECKING:
    from voicewright.accounts.service import AccountService
    from voicewright.db.server import Database
    from voicewright.engines.installed import Engines
    from voicewright.provenance.service import ProvenanceService
    from voicewright.settings import Settings
    from voicewright.speech.history import HistoryService
    from voicewright.speech.service import SpeechService


def make_services(
    settings: Settings,
    database: Database,
    accounts: AccountService,
    *,
    speech: SpeechService,
    provenance: ProvenanceService,
    history: HistoryService,
    engines: Engines,
) -> Services:
    """The services of an API process over an open database; whoever made these closes them."""
    keys = history.vault.keys  # one ring for all: what it forgets, nobody in this process can open
    consents = ConsentService(database, settings.environment)
    voices = VoiceService.open(settings, database, keys)
    limits = ModelLimits(accounts.rate_limits, settings)
    samples = SampleService.open(settings, database, keys)
    samples.clear_uploads()
    copies = make_copies(settings, database, accounts, voices, engines)
    long = LongSpeechService.open(settings, database, keys, engines=engines.find)
    choices = NotificationChoices(database)
    training = TrainingService(database, settings, consents, engines=engines.find)
    onboarding = OnboardingParts(
        settings,
        database,
        accounts,
        consents,
        samples,
        training,
        speech=speech,
        history=history,
        engines=engines.find,
    )
    portability = PortabilityParts(
        database,
        samples=samples.vault,
        long=long.vault,
        voices=copies.exports,
        history=history,
        choices=choices,
    )
    return Services(
        settings=settings,
        database=database,
        accounts=accounts,
        training=training,
        consents=consents,
        samples=samples,
        datasets=DatasetService(database, samples),
        voices=voices,
        registry=RegistryService(database, settings, voices, consents, limits, engines=engines.find),
        versions=VersionService(database, voices.vault, limits),
        figures=FigureService(database, limits, engines=engines.find),
        copies=copies,
        stock=make_stock(settings, voices, limits, engines, speech),
        erasures=make_erasures(settings, database, accounts, voices, samples.vault),
        sharing=SharingService(database),
        lifecycle=LifecycleService(database, voices),
        cleanup=make_cleanup(settings, database, voices),
        speech=speech,
        listening=ListeningService(settings, database, keys, speech),
        provenance=provenance,
        history=history,
        long=long,
        onboarding=OnboardingService(onboarding),
        notifications=choices,
        portability=PortabilityService(portability),
    )
