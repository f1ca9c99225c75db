"""Nothing of a speaker is uploaded before they agreed, in a recording where the provider demands one."""

from __future__ import annotations

import wave
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from voicewright.accounts.caller import Caller, Role, Scope
from voicewright.engines.client import EngineClient
from voicewright.engines.errors import ProviderConsentRequired
from voicewright.engines.port import EngineSetup
from voicewright.engines.testing_provider import CELLAR_ENGINE, CONSENT
from voicewright.privacy.errors import ConsentRequired
from voicewright.privacy.service import ConsentService
from voicewright.recordings.agreeing import evidence_of
from voicewright.recordings.models import Sample
from voicewright.training.consenting import Agreement, require_agreement
from voicewright.training.models import TrainingJob
from voicewright.training.runs import Run
from voicewright.training.schemas import TrainingRequestBody
from voicewright.training.service import TrainingService
from voicewright.training.workflow import WorkTools, run_job

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from voicewright.db.server import Database
    from voicewright.privacy.models import Consent
    from voicewright.settings import Settings
    from voicewright.storage.vault import Vault

BOTH = ("voice-cloning", "provider-upload")


@pytest.fixture
def cellar(tmp_path: Path) -> Path:
    folder = tmp_path / "cellar"
    folder.mkdir()
    return folder


@pytest.fixture
def engine(cellar: Path) -> Iterator[EngineClient]:
    with EngineClient(CELLAR_ENGINE, setup=EngineSetup(values={"CELLAR": str(cellar)})) as client:
        yield client


@pytest.fixture
def consents(database: Database) -> ConsentService:
    return ConsentService(database, "development")


@pytest.fixture
def agree(consents: ConsentService, samples: list[Sample]) -> Callable[..., Consent]:
    """Ann is recorded agreeing."""

    def agree(number: int = 0, language: str | None = "en-us", scope: Any = BOTH, **terms: Any) -> Consent:
        sample = samples[number]
        evidence = evidence_of(sample, "Ann", language)
        owner_id = sample.owner_id
        return consents.assert_consent(
            owner_id, "Ann", asserted_by=owner_id, scope=scope, recording=evidence, **terms
        )

    return agree


@pytest.fixture
def find(
    database: Database, consents: ConsentService, samples: list[Sample], sample_vault: Vault
) -> Callable[..., Agreement | None]:
    def find(language: str = "en-us") -> Agreement | None:
        with database.session() as session:
            return require_agreement(
                session,
                consents,
                CELLAR_ENGINE,
                owner_id=samples[0].owner_id,
                speaker="ANN",
                language=language,
                samples=sample_vault,
            )

    return find


def test_a_training_is_refused_before_anything_else(
    database: Database, settings: Settings, consents: ConsentService, samples: list[Sample]
) -> None:
    service = TrainingService(database, settings, consents, engines=lambda _: CELLAR_ENGINE)
    caller = Caller(samples[0].owner_id, Role.USER, frozenset(Scope))
    body = TrainingRequestBody.model_validate({"voiceSampleIds": [str(samples[0].id)], "provider": "cellar"})
    with pytest.raises(ProviderConsentRequired) as caught:
        service.start(caller, body)
    assert "“I agree that a voice of mine lies in the cellar.”" in caught.value.message
    assert "POST /consents" in caught.value.message
    assert service.estimate(caller, body).refusals[0].code == "PROVIDER_CONSENT_REQUIRED"
    assert consents.list_consents(caller.user_id) == ([], 0)  # nothing was recorded on the way


def test_the_recording_in_the_language_of_the_voice_is_taken_and_then_the_newest(
    agree: Callable[..., Consent],
    find: Callable[..., Agreement | None],
    samples: list[Sample],
    consents: ConsentService,
    database: Database,
) -> None:
    owner_id = samples[0].owner_id

    def taken(language: str = "en-us") -> int:
        found = find(language)
        assert found is not None
        return [sample.id for sample in samples].index(found.sample.id)

    consents.assert_consent(owner_id, "Ann", asserted_by=owner_id, scope=BOTH)  # only said so
    with pytest.raises(ProviderConsentRequired):
        find()
    agree(0, "en-gb")
    agree(1, "de")
    assert (taken(), taken("de"), taken("fr")) == (0, 1, 1)
    last = agree(2, "en-us", expires_at=datetime.now(UTC) + timedelta(days=1))
    assert taken() == 2
    with database.session() as session:
        session.merge(last).expires_at = datetime.now(UTC)
    assert taken() == 0
    with database.session() as session:
        session.delete(session.get_one(Sample, samples[0].id))  # somebody deleted it
    assert taken() == 1
    consents.revoke(last.id, owner_id)
    with pytest.raises(ProviderConsentRequired):
        find()


def test_who_agreed_to_a_voice_has_not_agreed_to_the_upload(
    agree: Callable[..., Consent], find: Callable[..., Agreement | None]
) -> None:
    agree(scope=("voice-cloning",))
    with pytest.raises(ConsentRequired, match=r'"scope": \["provider-upload", "voice-cloning"\]'):
        find()


def test_the_recording_reaches_the_provider_and_nothing_of_it_stays_open(  # noqa: PLR0917 - fixtures
    agree: Callable[..., Consent],
    make_job: Callable[..., TrainingJob],
    work_tools: WorkTools,
    database: Database,
    cellar: Path,
    settings: Settings,
) -> None:
    def work(job: TrainingJob) -> float | None:
        with database.session() as session:
            ticket = session.get_one(TrainingJob, job.id).ticket
        assert ticket is not None
        run = Run.begin(database, job.id, ticket, node="here")
        assert run is not None
        with run:
            return run_job(run, work_tools)

    job = make_job(provider="cellar", options={"training_fault": "no_gpu", "heals": True})
    assert work(job) is None
    with database.session() as session:
        assert session.get_one(TrainingJob, job.id).error_code == "PROVIDER_CONSENT_REQUIRED"
    assert not any(cellar.iterdir())

    agree()
    job = make_job(provider="cellar", options={"training_fault": "no_gpu", "heals": True})
    assert work(job) == 5.0  # what its steps made waits for the next attempt, and this does not
    assert [path.name for path in settings.home.glob("work/*/*")].count("clips") == 1
    assert not list(settings.home.glob("work/*/consent"))
    assert work(job) is None
    (voice,) = cellar.iterdir()
    with wave.open(str(voice / CONSENT)) as sound:
        assert (sound.getframerate(), sound.getnchannels(), sound.getsampwidth()) == (22_050, 1, 2)
        assert sound.getnframes() > 22_050
    assert not [path for path in settings.home.glob("work/*") if path.is_dir()]
