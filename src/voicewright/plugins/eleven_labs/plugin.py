"""The description of ElevenLabs' voices; importing it imports nothing heavy."""

from __future__ import annotations

from typing import Final

from voicewright.engines.port import Capabilities, EngineEnvironment, EngineInfo, Forecast, Provider
from voicewright.plugins.eleven_labs.languages import LANGUAGES
from voicewright.plugins.eleven_labs.options import ElevenLabsOptions

PROVIDER: Final = Provider(
    name="ElevenLabs",
    needs=("ELEVENLABS_API_KEY",),
    takes=("ELEVENLABS_BASE_URL", "VOICEWRIGHT_PROVIDER_TIMEOUT_S"),
    # an instant voice needs nothing but the word of whoever asks; a professional one is verified on the way,
    # with a text that ElevenLabs makes up for it
    consent=False,
    keeps_voices=True,
)

ENGINE = EngineInfo(
    id="elevenlabs",
    title="ElevenLabs",
    licence="ElevenLabs' Terms of Service and Prohibited Use Policy",
    version="1",
    capabilities=Capabilities(
        clones=True,
        trains=True,
        streams=True,
        languages=LANGUAGES,
        sample_rate_hz=24_000,
        needs_transcripts=False,
        minimum_speech_s=1800.0,
        ideal_speech_s=10_800.0,
        needs_gpu=False,
        deterministic=False,
        minimum_clone_s=10.0,
        has_stock_voices=True,
    ),
    options=ElevenLabsOptions,
    billing="usage",
    # one credit a character with the multilingual model; what a credit costs is a matter of the plan, and the
    # metric provider_credits counts them
    dollars_per_1000_characters=0.12,
    forecast=Forecast(
        fixed_s=30.0,
        per_speech_s=4.0,
        memory_mb=400,
        artefact_mb=0.01,
        quality=((10.0, 0.75), (60.0, 0.82), (180.0, 0.85), (1800.0, 0.9)),
    ),
    factory="voicewright.plugins.eleven_labs.engine:ElevenLabsEngine",
    requires=("elevenlabs",),
    install_hint="voicewright engines install elevenlabs",
    environment=EngineEnvironment(requirements="voicewright.plugins.eleven_labs:requirements.txt"),
    provider=PROVIDER,
)
