"""OpenAI as its documentation has it, on a local socket, and recordings for it."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from voicewright.engines.client import EngineClient
from voicewright.engines.port import ConsentRecording, EngineSetup, TrainingRequest
from voicewright.engines.testing import write_tone_clips
from voicewright.plugins.openai_tts.plugin import ENGINE


@pytest.fixture(scope="package")
def contract_module():
    sys.path.insert(0, str(Path(__file__).parent))
    try:
        import contract_openai
    finally:
        sys.path.pop(0)
    return contract_openai


@pytest.fixture(scope="package")
def account(contract_module):
    with contract_module.Contract() as contract:
        yield contract


@pytest.fixture(scope="package")
def make_client(account, contract_module):
    def make(**values):
        setting = {
            "OPENAI_API_KEY": contract_module.KEY,
            "OPENAI_BASE_URL": account.url,
            "VOICEWRIGHT_PROVIDER_TIMEOUT_S": "20",
            **values,
        }
        environment = {"NO_PROXY": "127.0.0.1", "OPENAI_API_KEY": "", "PYTHONWARNINGS": "default"}
        return EngineClient(ENGINE, setup=EngineSetup(values=setting), env=environment, cancel_grace_s=10.0)

    return make


@pytest.fixture(scope="package")
def engine(make_client):
    """One warm process for all."""
    with make_client() as client:
        yield client


@pytest.fixture(scope="package")
def hasty(make_client):
    """Waits for no answer longer than what a busy machine takes for those that come."""
    with make_client(VOICEWRIGHT_PROVIDER_TIMEOUT_S="1.5") as client:
        yield client


@pytest.fixture(scope="package")
def recordings(tmp_path_factory):
    """Clips of twelve seconds together."""
    return write_tone_clips(tmp_path_factory.mktemp("clips"), count=3, duration_s=4.0)


@pytest.fixture(scope="package")
def make_request(recordings):
    def make(folder, *, consent_s=3.0, language="en", consent="en-US", **options):
        (spoken,) = write_tone_clips(folder / "consent", count=1, duration_s=consent_s)
        recording = ConsentRecording(spoken.path, "Ann", consent, "")
        return TrainingRequest(
            recordings, language, options, folder / "artefact", name="Ann's voice", consent=recording
        )

    return make
