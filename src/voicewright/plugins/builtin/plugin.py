"""The description of the built-in engine; importing it imports nothing heavy."""

from __future__ import annotations

from voicewright.engines.port import Capabilities, EngineInfo, Forecast
from voicewright.errors import INSTALL_PACKAGES
from voicewright.plugins.builtin.languages import LANGUAGES
from voicewright.plugins.builtin.options import BuiltinOptions

ENGINE = EngineInfo(
    id="builtin",
    title="Built-in voice, trained on a CPU",
    licence="Apache-2.0 (its guide, espeak-ng, is GPL-3.0-or-later)",
    version="1",
    capabilities=Capabilities(
        clones=False,
        trains=True,
        streams=True,
        languages=LANGUAGES,
        sample_rate_hz=22_050,
        needs_transcripts=True,
        minimum_speech_s=10.0,
        ideal_speech_s=600.0,
        needs_gpu=False,
        deterministic=True,
        learns_from_phones=True,
        shifts_pitch=True,
        times_words=True,
    ),
    options=BuiltinOptions,
    # docs/benchmarks.md, on two cores
    forecast=Forecast(
        fixed_s=45.0,
        per_speech_s=0.2,
        per_epoch_s=0.009,
        memory_mb=700,
        artefact_mb=6.0,
        quality=((20.0, 0.71), (60.0, 0.75), (195.0, 0.80)),
    ),
    factory="voicewright.plugins.builtin.engine:BuiltinEngine",
    requires=("torch", "safetensors", "espeakng_loader", "threadpoolctl", "soundfile", "scipy"),
    install_hint=INSTALL_PACKAGES,
)
