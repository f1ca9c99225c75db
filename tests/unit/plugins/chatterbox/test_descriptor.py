"""What Chatterbox declares, without its packages."""

from __future__ import annotations

import re

import pytest
from pydantic import ValidationError

from voicewright.engines.errors import WeightsMissing
from voicewright.engines.installed import requirements_of
from voicewright.plugins.chatterbox.languages import LANGUAGES, SPOKEN
from voicewright.plugins.chatterbox.options import ChatterboxOptions
from voicewright.plugins.chatterbox.plugin import ENGINE
from voicewright.plugins.chatterbox.weights import FILES, WEIGHTS, require_weights


def test_what_is_not_set_is_left_to_the_model():
    assert ChatterboxOptions().manner() == {}
    assert ChatterboxOptions(exaggeration=0.7, cfg_weight=0.0).manner() == {
        "exaggeration": 0.7,
        "cfg_weight": 0.0,
    }


@pytest.mark.parametrize("name", ["exaggeration", "cfg_weight", "min_p"])
def test_turbo_refuses_what_it_would_ignore(name):
    with pytest.raises(ValidationError, match=f"turbo has no {name}"):
        ChatterboxOptions(model="turbo", **{name: 0.5})
    ChatterboxOptions(model="turbo", top_p=0.9)


def test_there_are_23_languages_and_each_model_speaks_some():
    assert len(set(LANGUAGES)) == 23
    assert set(SPOKEN) == set(FILES)
    assert all(set(spoken) <= set(LANGUAGES) for spoken in SPOKEN.values())


def test_weights_are_of_a_fixed_revision():
    for file in WEIGHTS:
        assert re.search(r"/resolve/[0-9a-f]{40}/|/releases/download/v", file.url)
        assert re.fullmatch(r"([0-9a-f]{64})?", file.sha256)


def test_a_model_whose_files_are_there_is_found_and_another_is_told_with_its_address(tmp_path):
    (tmp_path / "english").mkdir()
    for name in FILES["english"]:
        (tmp_path / "english" / name).touch()
    assert require_weights(tmp_path, "english") == tmp_path / "english"
    with pytest.raises(WeightsMissing, match=r"s3gen_meanflow.*chatterbox-turbo/resolve.*model multilingual"):
        require_weights(tmp_path, "turbo")
    with pytest.raises(WeightsMissing, match=r"s3gen\.pt.*voicewright engines install chatterbox"):
        require_weights(tmp_path, "multilingual")


def test_pins_are_whole_and_leave_torch_to_the_machine():
    assert ENGINE.environment is not None
    lines = requirements_of(ENGINE.environment).splitlines()
    pins = dict(line.split(";")[0].split("==") for line in lines if not line.startswith("#"))
    assert {"chatterbox-tts", "numpy", "pydantic", "pydantic-core", "safetensors", "soundfile"} <= set(pins)
    assert "torch" not in pins
    assert int(pins["setuptools"].split(".")[0]) < 81
