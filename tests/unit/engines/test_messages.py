from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest

from voicewright.engines import messages
from voicewright.engines.errors import EngineContractBroken
from voicewright.engines.port import (
    ConsentRecording,
    EngineEnvironment,
    EngineOptions,
    EngineSetup,
    Provider,
    SpokenWord,
    StockVoice,
    SynthesisRequest,
    TrainingClip,
    TrainingOutcome,
    TrainingRequest,
    WeightsFile,
)
from voicewright.engines.testing import TONE_ENGINE


def travel(wire):
    return json.loads(json.dumps(wire))


def test_description_survives_the_way():
    info = dataclasses.replace(TONE_ENGINE, requires=("torch",), install_hint="pip install torch")
    assert messages.read_info(travel(messages.write_info(info))) == info


def test_environment_and_provider_survive_the_way():
    weights = (WeightsFile("model.bin", "https://weights.example/model.bin", "ab", 7),)
    info = dataclasses.replace(
        TONE_ENGINE,
        environment=EngineEnvironment("package:pins.txt", "2.13.0", weights=weights, weights_licence="Mine"),
        provider=Provider("Acme", needs=("ACME_KEY",), takes=("ACME_URL",), consent=True, keeps_voices=True),
    )
    assert messages.read_info(travel(messages.write_info(info))) == info


@pytest.mark.parametrize("setup", [EngineSetup(), EngineSetup(Path("/weights"), {"ACME_KEY": "k"})])
def test_setup_survives_the_way(setup):
    assert messages.read_setup(travel(messages.write_setup(setup))) == setup


def test_stock_voice_survives_the_way():
    voice = StockVoice("anna", "Anna", ("en-us", "de"))
    assert messages.read_stock_voice(travel(messages.write_stock_voice(voice))) == voice


def test_options_local_to_a_function_are_refused():
    class Local(EngineOptions):
        pass

    with pytest.raises(EngineContractBroken, match="class of a module"):
        messages.write_info(dataclasses.replace(TONE_ENGINE, options=Local))


def test_options_that_are_no_options_are_refused():
    wire = {**messages.write_info(TONE_ENGINE), "options": "pathlib:Path"}
    with pytest.raises(EngineContractBroken, match="pathlib:Path"):
        messages.read_info(wire)


@pytest.mark.parametrize("checkpoint_dir", [None, Path("/checkpoints")])
def test_training_request_survives_the_way(checkpoint_dir):
    clips = (
        TrainingClip(Path("/a.wav"), "Grüße", 0.5),
        TrainingClip(Path("/b.wav")),
        TrainingClip(Path("/c.wav"), phones=("h", "aɪ")),
    )
    consent = ConsentRecording(Path("/consent.wav"), "Ann", "de", "Ja.")
    request = TrainingRequest(clips, "de", {"epochs": 3}, Path("/voice"), checkpoint_dir, "Anna", consent)
    assert messages.read_training_request(travel(messages.write_training_request(request))) == request


def test_paths_are_made_absolute(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    request = SynthesisRequest(Path("voice"), "text")
    assert messages.write_synthesis_request(request)["voice_dir"] == str(tmp_path / "voice")


def test_synthesis_request_survives_the_way():
    request = SynthesisRequest(Path("/voice"), "Wörter", "de", 1.5, 7, -2.5)
    assert messages.read_synthesis_request(travel(messages.write_synthesis_request(request))) == request


def test_words_survive_the_way():
    words = (SpokenWord("Grüße,", 0.25, np.float32(0.5)), SpokenWord("Welt!", 0.5, 1))
    assert messages.read_words(travel(messages.write_words(words))) == words
    assert messages.read_words({"sample_rate_hz": 22_050}) == ()


def test_outcome_survives_the_way():
    outcome = TrainingOutcome(10.0, 2.5, 7, "max_time", True, {"loss": 0.5}, ("a note",))
    assert messages.read_outcome(travel(messages.write_outcome(outcome))) == outcome
