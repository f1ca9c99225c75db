from __future__ import annotations

import re

import pytest
from pydantic import ValidationError

from voicewright.engines.errors import EngineOutOfMemory, GpuUnavailable
from voicewright.engines.installed import requirements_of
from voicewright.engines.languages import match_language
from voicewright.plugins.xtts_v2.languages import LANGUAGES, model_code
from voicewright.plugins.xtts_v2.memory import check_gpu, check_ram, training_bytes
from voicewright.plugins.xtts_v2.options import XttsOptions
from voicewright.plugins.xtts_v2.plugin import ENGINE, WEIGHTS

GIB = 2**30


def test_weights_are_of_one_fixed_revision_with_checksums():
    for file in WEIGHTS:
        assert re.fullmatch(
            rf"https://huggingface\.co/coqui/XTTS-v2/resolve/[0-9a-f]{{40}}/{file.name}", file.url
        )
        assert re.fullmatch(r"[0-9a-f]{64}", file.sha256)
        assert file.size_bytes
    assert ENGINE.environment is not None
    assert "non-commercial" in ENGINE.environment.weights_licence
    assert "https://coqui.ai/cpml" in ENGINE.environment.weights_licence
    assert "non-commercial" in ENGINE.licence


def test_requirements_are_pins_without_torch_and_with_what_the_host_needs():
    assert ENGINE.environment is not None
    lines = [line for line in requirements_of(ENGINE.environment).splitlines() if not line.startswith("#")]
    pins = dict(line.split("==") for line in lines)
    assert len(pins) == len(lines)
    assert "torch" not in pins
    assert {"coqui-tts", "coqui-tts-trainer", "pydantic", "pydantic_core", "numpy", "six", "pypinyin"} <= set(
        pins
    )
    assert pins["coqui-tts"] == "0.28.0"


def test_languages_are_found_by_their_usual_codes():
    assert len(LANGUAGES) == 17
    for wanted, found in {"en-US": "en", "pt_BR": "pt", "zh-cn": "zh", "de-AT": "de"}.items():
        assert match_language(wanted, LANGUAGES) == found
    assert model_code("zh") == "zh-cn"
    assert model_code("de") == "de"


def test_options_have_limits():
    assert XttsOptions().learning_rate == 5e-6
    for wrong in ({"epochs": 0}, {"learning_rate": 1.0}, {"validation_split": 1.0}, {"no_such": 1}):
        with pytest.raises(ValidationError):
            XttsOptions.model_validate(wrong)


def test_memory_of_the_published_network_is_about_what_the_description_says():
    needed = training_bytes(learnt=441_000_000, fixed=80_000_000, size=30 * 1024, batch_size=4)
    assert needed / 2**20 == pytest.approx(ENGINE.forecast.gpu_memory_mb, rel=0.1)


def test_lack_of_memory_is_told_with_the_numbers_and_what_to_do():
    check_gpu(14 * GIB, 16 * GIB, 24 * GIB, batch_size=4)
    with pytest.raises(GpuUnavailable, match=r"batch of 4 needs about 14336 MiB.*10240 of 24576 MiB") as busy:
        check_gpu(14 * GIB, 10 * GIB, 24 * GIB, batch_size=4)
    assert busy.value.retryable
    with pytest.raises(GpuUnavailable, match=r"this GPU has 8192 MiB.*batch_size") as small:
        check_gpu(14 * GIB, 8 * GIB, 8 * GIB, batch_size=4)
    assert not small.value.retryable
    check_ram(14 * GIB, 16 * GIB, batch_size=4)
    with pytest.raises(EngineOutOfMemory, match=r"14336 MiB of memory, and 8192 MiB"):
        check_ram(14 * GIB, 8 * GIB, batch_size=4)
