"""The description of OpenAI's speech; importing it imports nothing heavy."""

from __future__ import annotations

from typing import Final

from voicewright.engines.port import Capabilities, EngineEnvironment, EngineInfo, Forecast, Provider
from voicewright.plugins.openai_tts.consents import LANGUAGES, STATEMENTS
from voicewright.plugins.openai_tts.options import OpenAITTSOptions

PROVIDER: Final = Provider(
    name="OpenAI",
    needs=("OPENAI_API_KEY",),
    takes=("OPENAI_BASE_URL", "OPENAI_ORG_ID", "VOICEWRIGHT_PROVIDER_TIMEOUT_S"),
    consent=True,
    consent_statements=STATEMENTS,
    keeps_voices=True,
)

ENGINE = EngineInfo(
    id="openai-tts",
    title="OpenAI text to speech",
    licence="OpenAI's Services Agreement and Text-to-Speech Supplemental Agreement",
    version="1",
    capabilities=Capabilities(
        clones=True,
        trains=False,  # nobody can have a model of speech fine-tuned there; a voice is made of one sample
        streams=True,
        languages=LANGUAGES,
        sample_rate_hz=24_000,
        needs_transcripts=False,
        minimum_speech_s=10.0,
        ideal_speech_s=300.0,  # what is advised: of so much, the best 30 s are sent
        needs_gpu=False,
        deterministic=False,
        has_stock_voices=True,
    ),
    options=OpenAITTSOptions,
    billing="openai",
    # gpt-4o-mini-tts: $12 for a million tokens of sound and $0.60 for a million of text, about $0.015 a
    # minute (developers.openai.com/api/docs/models/gpt-4o-mini-tts, November 2026); 1000 characters are 67 s
    dollars_per_1000_characters=0.017,
    forecast=Forecast(fixed_s=20.0, per_speech_s=0.0, memory_mb=150, artefact_mb=0.01),
    factory="voicewright.plugins.openai_tts.engine:OpenAITTSEngine",
    requires=("openai",),
    install_hint="voicewright engines install openai-tts",
    environment=EngineEnvironment(requirements="voicewright.plugins.openai_tts:requirements.txt"),
    provider=PROVIDER,
)
