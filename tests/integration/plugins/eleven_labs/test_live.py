"""ElevenLabs itself, for those who ask for it: VOICEWRIGHT_LIVE_ELEVENLABS=1 and ELEVENLABS_API_KEY."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from voicewright.engines.client import EngineClient
from voicewright.engines.errors import ProviderKeyRefused, ProviderQuotaExceeded
from voicewright.engines.port import EngineSetup, SynthesisRequest, TrainingClip, TrainingRequest
from voicewright.engines.reference import clip_s
from voicewright.plugins.eleven_labs.plugin import ENGINE

NAMES = ("ELEVENLABS_API_KEY", "ELEVENLABS_BASE_URL")

pytestmark = [
    pytest.mark.live,
    pytest.mark.skipif(
        os.environ.get("VOICEWRIGHT_LIVE_ELEVENLABS") != "1", reason="VOICEWRIGHT_LIVE_ELEVENLABS is not 1"
    ),
]


@pytest.fixture(scope="module")
def live():
    values = {name: os.environ[name] for name in NAMES if os.environ.get(name)}
    with EngineClient(ENGINE, setup=EngineSetup(values=values)) as client:
        yield client


def speak(live, voice_dir):
    request = SynthesisRequest(voice_dir, "The boat went slowly past the old stone bridge.")
    return b"".join(chunk.pcm for chunk in live.synthesize(request, timeout_s=120))


def test_a_voice_of_the_account_speaks(live, tmp_path):
    voices = live.stock_voices(timeout_s=60)
    live.write_stock_voice(voices[0].id, tmp_path / "voice", timeout_s=60)
    assert len(speak(live, tmp_path / "voice")) / 48_000 > 1.5


def test_an_instant_voice_is_made_speaks_and_is_forgotten(live, tmp_path):
    """VOICEWRIGHT_LIVE_SAMPLE: 22,050 Hz mono WAV of one person who agrees, ten seconds or more."""
    sample = os.environ.get("VOICEWRIGHT_LIVE_SAMPLE")
    if not sample:
        pytest.skip("VOICEWRIGHT_LIVE_SAMPLE names no recording")
    clip = TrainingClip(Path(sample))
    assert clip_s(clip) >= (ENGINE.capabilities.minimum_clone_s or 0)
    request = TrainingRequest((clip,), "en", {}, tmp_path / "voice", name="Live test")
    try:
        live.clone(request, timeout_s=300)
    except (ProviderKeyRefused, ProviderQuotaExceeded) as refused:
        pytest.skip(refused.message)
    try:
        assert len(speak(live, request.artefact_dir)) / 48_000 > 1.5
    finally:
        live.forget(request.artefact_dir, timeout_s=120)
