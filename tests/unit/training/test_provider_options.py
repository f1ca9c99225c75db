from __future__ import annotations

import dataclasses
import json

import pytest

from voicewright.engines.errors import OptionsInvalid
from voicewright.engines.port import EngineInfo, EngineOptions, PipelineOptions
from voicewright.engines.testing import TONE_ENGINE
from voicewright.plugins.builtin.plugin import ENGINE as BUILTIN
from voicewright.settings import Settings
from voicewright.training.errors import OptionNotSupported
from voicewright.training.provider_options import EffectiveOptions, effective_options
from voicewright.training.schemas import TrainingOptions


class Everything(PipelineOptions):
    model_architecture: str = "base"
    augmentation_enabled: bool = False
    custom_loss_function: str = "l1"
    regularization_strength: float = 0.0
    dropout_rate: float = 0.1
    optimizer_type: str = "Adam"


class Nothing(EngineOptions):
    pass


def engine(options: type[EngineOptions]) -> EngineInfo:
    return dataclasses.replace(TONE_ENGINE, options=options)


def effective(info: EngineInfo, given: dict, settings: Settings | None = None) -> EffectiveOptions:
    return effective_options(info, TrainingOptions.model_validate(given), settings or Settings())


def test_an_engine_without_reasons_of_its_own_has_the_documented_defaults() -> None:
    assert effective(engine(PipelineOptions), {}).shown == {
        "epochs": 100,
        "batchSize": 16,
        "learningRate": 0.001,
        "validationSplit": 0.2,
        "earlyStoppingPatience": 10,
        "qualityThreshold": 0.7,
        "maxTrainingTimeMs": 7_200_000,
    }


def test_an_engine_may_have_others_and_the_platforms_come_from_the_settings() -> None:
    settings = Settings(min_quality_score=0.6, training_timeout_ms=60_000)

    options = effective(BUILTIN, {}, settings)

    assert options.shown == {
        "batchSize": 8,
        "learningRate": 0.002,
        "validationSplit": 0.05,
        "qualityThreshold": 0.6,
        "maxTrainingTimeMs": 60_000,
        "engine": {"seed": 0, "from_prior": True},
    }
    assert options.engine["epochs"] is None
    assert (options.quality_threshold, options.max_training_ms) == (0.6, 60_000)


def test_every_documented_option_reaches_an_engine_that_has_it() -> None:
    given = {
        "epochs": 150,
        "batchSize": 32,
        "learningRate": 0.0005,
        "validationSplit": 0.15,
        "earlyStoppingPatience": 15,
        "qualityThreshold": 0.85,
        "maxTrainingTimeMs": 3_600_000,
        "modelArchitecture": "large",
        "augmentationEnabled": True,
        "customLossFunction": "l2",
        "regularizationStrength": 0.01,
        "dropoutRate": 0.2,
        "optimizerType": "SGD",
    }

    options = effective(engine(Everything), given)

    assert options.shown == given
    assert options.engine == {
        "epochs": 150,
        "batch_size": 32,
        "learning_rate": 0.0005,
        "validation_split": 0.15,
        "early_stopping_patience": 15,
        "model_architecture": "large",
        "augmentation_enabled": True,
        "custom_loss_function": "l2",
        "regularization_strength": 0.01,
        "dropout_rate": 0.2,
        "optimizer_type": "SGD",
    }
    json.dumps(options.engine, allow_nan=False)


@pytest.mark.parametrize("name", ["modelArchitecture", "customLossFunction", "optimizerType"])
def test_an_option_that_the_engine_can_not_honour_is_refused_by_name(name: str) -> None:
    with pytest.raises(OptionNotSupported) as caught:
        effective(BUILTIN, {name: "x", "dropoutRate": 0.5, "epochs": 3})

    assert {fault.field for fault in caught.value.fields} == {f"options.{name}", "options.dropoutRate"}
    assert "It can honour: epochs, batchSize, learningRate" in caught.value.message
    assert "qualityThreshold, maxTrainingTimeMs" in caught.value.message


def test_an_engine_without_options_still_takes_those_of_the_platform() -> None:
    options = effective(engine(Nothing), {"qualityThreshold": 0.5, "maxTrainingTimeMs": 5000})

    assert (options.engine, options.quality_threshold, options.max_training_ms) == ({}, 0.5, 5000)
    with pytest.raises(OptionNotSupported, match="can't honour epochs"):
        effective(engine(Nothing), {"epochs": 3})


def test_the_engines_own_options_go_by_its_own_names() -> None:
    options = effective(BUILTIN, {"epochs": 5, "engine": {"seed": 7, "max_time_s": 30}})

    assert (options.engine["seed"], options.engine["max_time_s"]) == (7, 30)
    assert options.shown["engine"] == {"seed": 7, "max_time_s": 30, "from_prior": True}


@pytest.mark.parametrize(
    ("given", "field", "words"),
    [
        ({"engine": {"sead": 7}}, "options.engine.sead", "did you mean 'seed'"),
        ({"engine": {"seed": -1}}, "options.engine.seed", "greater than or equal to 0"),
        ({"engine": {"max_time_s": float("inf")}}, "options.engine.max_time_s", "finite"),
        ({"learningRate": 0.5}, "options.learningRate", "less than or equal to 0.1"),
        ({"epochs": 5, "engine": {"epochs": 6}}, "options.engine.epochs", "given as options.epochs already"),
        ({"earlyStoppingPatience": 3, "validationSplit": 0.0}, "options", "early_stopping_patience needs"),
    ],
)
def test_what_the_engine_refuses_is_named_as_the_caller_wrote_it(given: dict, field: str, words: str) -> None:
    with pytest.raises(OptionsInvalid) as caught:
        effective(BUILTIN, given)

    assert [fault.field for fault in caught.value.fields] == [field]
    assert words in caught.value.message


def test_all_that_holds_is_plain_json() -> None:
    json.dumps(effective(BUILTIN, {"epochs": 3}).shown, allow_nan=False)
