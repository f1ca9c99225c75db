"""The description of Kokoro; importing it imports nothing heavy."""

from __future__ import annotations

from typing import Final

from voicewright.engines.port import Capabilities, EngineEnvironment, EngineInfo, Forecast, WeightsFile
from voicewright.plugins.kokoro.languages import LANGUAGES
from voicewright.plugins.kokoro.options import KokoroOptions

MODEL: Final = "kokoro-v1.0.onnx"
VOICES: Final = "voices-v1.0.bin"
_RELEASE: Final = "https://github.com/thewh1teagle/kokoro-onnx/releases/download/model-files-v1.0"

ENGINE = EngineInfo(
    id="kokoro",
    title="Kokoro",
    licence="Apache-2.0 (what reads the text, phonemizer and espeak-ng, is GPL-3.0-or-later)",
    version="1",
    capabilities=Capabilities(
        clones=False,
        trains=False,
        streams=True,
        languages=LANGUAGES,
        sample_rate_hz=24_000,
        needs_transcripts=False,
        minimum_speech_s=1.0,  # it asks for no speech at all; the port wants a number
        ideal_speech_s=1.0,
        needs_gpu=False,
        deterministic=False,
        has_stock_voices=True,
    ),
    options=KokoroOptions,
    forecast=Forecast(fixed_s=5.0, per_speech_s=0.0, memory_mb=1500, artefact_mb=0.5),
    factory="voicewright.plugins.kokoro.engine:KokoroEngine",
    requires=("kokoro_onnx", "onnxruntime", "phonemizer", "espeakng_loader", "safetensors"),
    install_hint="voicewright engines install kokoro",
    environment=EngineEnvironment(
        requirements="voicewright.plugins.kokoro:requirements.txt",
        weights=(
            WeightsFile(
                MODEL,
                f"{_RELEASE}/{MODEL}",
                "7d5df8ecf7d4b1878015a32686053fd0eebe2bc377234608764cc0ef3636a6c5",
                325_532_387,
            ),
            WeightsFile(
                VOICES,
                f"{_RELEASE}/{VOICES}",
                "bca610b8308e8d99f32e6fe4197e7ec01679264efed0cac9140fe9c29f1fbf7d",
                28_214_398,
            ),
        ),
    ),
)
