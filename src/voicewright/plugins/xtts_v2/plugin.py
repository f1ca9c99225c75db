"""The description of XTTS-v2; importing it imports nothing heavy."""

from __future__ import annotations

from typing import Final

from voicewright.engines.port import Capabilities, EngineEnvironment, EngineInfo, Forecast, WeightsFile
from voicewright.plugins.xtts_v2.languages import LANGUAGES
from voicewright.plugins.xtts_v2.options import XttsOptions

_REVISION: Final = "6c2b0d75eae4b7047358e3b6bd9325f857d43f77"
"""XTTS-v2.0.3."""
_ADDRESS: Final = f"https://huggingface.co/coqui/XTTS-v2/resolve/{_REVISION}"


def _file(name: str, sha256: str, size_bytes: int) -> WeightsFile:
    return WeightsFile(name, f"{_ADDRESS}/{name}", sha256, size_bytes)


WEIGHTS: Final = (
    _file("config.json", "ef262b1454dd2a77e1461b0b2cd53e19b8a7624cc131b837d36df67356bc75e8", 4_368),
    _file("vocab.json", "928260878a59da8a72a2a5b7687fea29d5106137669d90945430fe17e415304a", 361_219),
    _file("model.pth", "c7ea20001c6a0a841c77e252d8409f6a74fb423e79b3206a0771ba5989776187", 1_867_929_118),
    _file("dvae.pth", "b29bc227d410d4991e0a8c09b858f77415013eeb9fba9650258e96095557d97a", 210_514_388),
    _file("mel_stats.pth", "1f69422a8a8f344c4fca2f0c6b8d41d2151d6615b7321e48e6bb15ae949b119c", 1_067),
)

ENGINE = EngineInfo(
    id="xtts-v2",
    title="XTTS-v2",
    licence="MPL-2.0 (code); weights and what they speak: CPML, non-commercial use only",
    version="1",
    capabilities=Capabilities(
        clones=True,
        trains=True,
        streams=True,
        languages=LANGUAGES,
        sample_rate_hz=24_000,
        needs_transcripts=True,
        minimum_speech_s=60.0,
        ideal_speech_s=300.0,
        # clones and speaks without one; what training needs is in the forecast
        needs_gpu=False,
        # on a GPU the sums of a training come out a little differently each time
        deterministic=False,
        minimum_clone_s=6.0,
    ),
    options=XttsOptions,
    # 10-30 minutes on a GPU for the 1-5 minutes of speech that it is meant for
    forecast=Forecast(
        fixed_s=300.0,
        per_speech_s=5.0,
        per_epoch_s=0.4,
        memory_mb=8_000,
        gpu_memory_mb=14_000,
        artefact_mb=940.0,
        quality=((6.0, 0.72), (60.0, 0.80), (300.0, 0.88)),
    ),
    factory="voicewright.plugins.xtts_v2.engine:XttsEngine",
    requires=("TTS", "trainer", "torch", "torchaudio", "safetensors", "soundfile", "psutil"),
    install_hint="voicewright engines install xtts-v2",
    environment=EngineEnvironment(
        requirements="voicewright.plugins.xtts_v2:requirements.txt",
        torch="2.13.0",
        weights=WEIGHTS,
        weights_licence=(
            "The weights of XTTS-v2 are under the Coqui Public Model License 1.0.0: they, and what they "
            "speak, may be used for non-commercial purposes only. Read it at https://coqui.ai/cpml"
        ),
    ),
)
