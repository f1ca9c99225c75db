"""ElevenLabs as its documentation has it, on a local socket, and recordings for it."""

from __future__ import annotations

import shutil
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from voicewright.engines.client import EngineClient
from voicewright.engines.port import ConsentRecording, EngineSetup, TrainingRequest
from voicewright.engines.testing import write_tone_clips
from voicewright.plugins.eleven_labs.plugin import ENGINE


@pytest.fixture(scope="package")
def eleven_module():
    sys.path.insert(0, str(Path(__file__).parent))
    try:
        import contract_eleven
    finally:
        sys.path.pop(0)
    return contract_eleven


@pytest.fixture(scope="package")
def account(eleven_module):
    with eleven_module.Account() as account:
        yield account


@pytest.fixture(scope="package")
def make_client(account, eleven_module):
    def make(**values):
        setting = {
            "ELEVENLABS_API_KEY": eleven_module.KEY,
            "ELEVENLABS_BASE_URL": account.url,
            "VOICEWRIGHT_PROVIDER_TIMEOUT_S": "20",
            **values,
        }
        environment = {"NO_PROXY": "127.0.0.1", "ELEVENLABS_API_KEY": ""}
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
    """Half an hour: the same minute again and again, which is as long to send."""
    folder = tmp_path_factory.mktemp("clips")
    (minute,) = write_tone_clips(folder, count=1, duration_s=60.1)
    clips = []
    for number in range(30):
        path = folder / f"minute-{number}.wav"
        shutil.copy(minute.path, path)
        clips.append(replace(minute, path=path))
    return tuple(clips)


@pytest.fixture(scope="package")
def make_request(recordings):
    def make(folder, *, clips=None, checkpoints=True, pitch_hz=None, **options):
        consent = None
        if pitch_hz is not None:
            (spoken,) = write_tone_clips(folder / f"consent-{pitch_hz}", count=1, pitch_hz=pitch_hz)
            consent = ConsentRecording(spoken.path, "Ann", "en-US", "I agree.")
        checkpoint_dir = None
        if checkpoints:
            checkpoint_dir = folder / "checkpoint"
            checkpoint_dir.mkdir(exist_ok=True)
        artefact_dir = folder / "artefact"
        shutil.rmtree(artefact_dir, ignore_errors=True)
        return TrainingRequest(
            clips or recordings, "en", options, artefact_dir, checkpoint_dir, "Ann's voice", consent
        )

    return make
