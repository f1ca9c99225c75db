"""The description of Chatterbox; importing it imports nothing heavy."""

from __future__ import annotations

from voicewright.engines.port import Capabilities, EngineEnvironment, EngineInfo, Forecast
from voicewright.plugins.chatterbox.languages import LANGUAGES
from voicewright.plugins.chatterbox.options import ChatterboxOptions
from voicewright.plugins.chatterbox.weights import WEIGHTS

ENGINE = EngineInfo(
    id="chatterbox",
    title="Chatterbox",
    licence="MIT",
    version="1",
    capabilities=Capabilities(
        clones=True,
        trains=False,
        streams=True,
        languages=LANGUAGES,
        sample_rate_hz=24_000,
        needs_transcripts=False,
        minimum_speech_s=6.0,
        ideal_speech_s=15.0,
        needs_gpu=False,
        deterministic=False,
    ),
    options=ChatterboxOptions,
    forecast=Forecast(
        fixed_s=60.0,
        per_speech_s=0.0,
        memory_mb=8_000,
        artefact_mb=0.5,
        quality=((6.0, 0.74), (15.0, 0.80)),
    ),
    factory="voicewright.plugins.chatterbox.engine:ChatterboxEngine",
    requires=("chatterbox", "perth", "torch", "torchaudio", "s3tokenizer", "librosa", "safetensors"),
    install_hint="voicewright engines install chatterbox",
    environment=EngineEnvironment(
        requirements="voicewright.plugins.chatterbox:requirements.txt", torch="2.13.0", weights=WEIGHTS
    ),
)
