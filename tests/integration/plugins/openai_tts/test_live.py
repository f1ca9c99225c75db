"""OpenAI itself, for those who ask for it: VOICEWRIGHT_LIVE_OPENAI=1 and OPENAI_API_KEY. It costs a cent."""

from __future__ import annotations

import os
import wave
from pathlib import Path

import pytest

from voicewright.engines.client import EngineClient
from voicewright.engines.errors import ProviderKeyRefused
from voicewright.engines.port import (
    ConsentRecording,
    EngineSetup,
    SynthesisRequest,
    TrainingClip,
    TrainingRequest,
)
from voicewright.engines.reference import clip_s
from voicewright.plugins.openai_tts.plugin import ENGINE

NAMES = ("OPENAI_API_KEY", "OPENAI_BASE_URL", "OPENAI_ORG_ID")

pytestmark = [
    pytest.mark.live,
    pytest.mark.skipif(
        os.environ.get("VOICEWRIGHT_LIVE_OPENAI") != "1", reason="VOICEWRIGHT_LIVE_OPENAI is not 1"
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


def test_a_stock_voice_speaks(live, tmp_path):
    live.write_stock_voice("alloy", tmp_path / "voice", timeout_s=60)
    assert len(speak(live, tmp_path / "voice")) / 48_000 > 1.5


def test_a_voice_is_made_speaks_and_is_forgotten(live, tmp_path):
    """VOICEWRIGHT_LIVE_SAMPLE and _CONSENT: 22,050 Hz mono WAV of one person, the consent in English."""
    sample, consent = (os.environ.get(f"VOICEWRIGHT_LIVE_{name}") for name in ("SAMPLE", "CONSENT"))
    if not sample or not consent:
        pytest.skip("VOICEWRIGHT_LIVE_SAMPLE and VOICEWRIGHT_LIVE_CONSENT name no recordings")
    with wave.open(consent) as file:
        assert file.getframerate() == 22_050
    clip = TrainingClip(Path(sample))
    assert clip_s(clip) >= ENGINE.capabilities.minimum_speech_s
    said = ConsentRecording(Path(consent), "Live test", "en-US", "")
    request = TrainingRequest((clip,), "en", {}, tmp_path / "voice", name="Live test", consent=said)
    try:
        live.clone(request, timeout_s=300)
    except ProviderKeyRefused as refused:
        pytest.skip(refused.message)
    try:
        assert len(speak(live, request.artefact_dir)) / 48_000 > 1.5
    finally:
        live.forget(request.artefact_dir, timeout_s=120)
