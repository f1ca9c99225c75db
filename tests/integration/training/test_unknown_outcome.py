"""A voice that a provider may have made ends the job: each further attempt could make another one there."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from voicewright.engines.client import EngineClient
from voicewright.engines.port import EngineSetup
from voicewright.plugins.openai_tts.plugin import ENGINE
from voicewright.privacy.service import ConsentService
from voicewright.recordings.agreeing import evidence_of
from voicewright.training.models import TrainingJob
from voicewright.training.runs import Run
from voicewright.training.workflow import WorkTools, run_job

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from voicewright.db.server import Database
    from voicewright.recordings.models import Sample


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """OpenAI as its documentation has it."""
    plugins = Path(__file__).parents[1] / "plugins"
    monkeypatch.syspath_prepend(plugins / "openai_tts")
    import contract_openai

    with contract_openai.Contract() as contract:
        yield contract
    del sys.modules["contract_openai"]


@pytest.fixture
def engine(account: Any) -> Iterator[EngineClient]:
    values = {"OPENAI_API_KEY": sys.modules["contract_openai"].KEY, "OPENAI_BASE_URL": account.url}
    with EngineClient(ENGINE, setup=EngineSetup(values=values), env={"NO_PROXY": "127.0.0.1"}) as client:
        yield client


def test_a_voice_that_may_be_there_is_not_made_again(
    account: Any,
    make_job: Callable[..., TrainingJob],
    samples: list[Sample],
    work_tools: WorkTools,
    database: Database,
) -> None:
    owner_id = samples[0].owner_id
    ConsentService(database, "development").assert_consent(
        owner_id,
        "Ann",
        asserted_by=owner_id,
        scope=("voice-cloning", "provider-upload"),
        recording=evidence_of(samples[0], "Ann", "en-us"),
    )
    job = make_job(provider=ENGINE.id, name="Ann (ann@example.com)", consent=False)
    account.fail("POST /audio/voices", lose_answer=True)
    with database.session() as session:
        ticket = session.get_one(TrainingJob, job.id).ticket
    assert ticket is not None
    run = Run.begin(database, job.id, ticket, node="here")
    assert run is not None
    with run:
        assert run_job(run, work_tools) is None  # there is no next attempt
    (voice,) = account.voices.values()
    assert "nn" not in voice["name"]
    with database.session() as session:
        ended = session.get_one(TrainingJob, job.id)
        assert (ended.status, ended.error_code) == ("failed", "PROVIDER_OUTCOME_UNKNOWN")
        assert voice["name"] in (ended.last_error or "")
        assert ended.can_retry
        assert "delete at the provider" in ended.suggested_actions[0]
