from __future__ import annotations

import json
from typing import Any

import pytest
from pydantic import ValidationError

from voicewright.training.schemas import TrainingRequestBody

GOOD = {"provider": "builtin", "voiceSampleIds": ["a"]}


def faults(body: Any) -> dict[str, str]:
    with pytest.raises(ValidationError) as caught:
        TrainingRequestBody.model_validate(body)
    return {".".join(map(str, fault["loc"])): fault["msg"] for fault in caught.value.errors()}


def test_the_documented_request_is_understood() -> None:
    body = TrainingRequestBody.model_validate(
        {
            "userId": "00000000-0000-4000-8000-000000000001",
            "voiceSampleIds": ["sample-1", "sample-2", "sample-3"],
            "provider": "xtts-v2",
            "priority": 50,
            "options": {"epochs": 100, "batchSize": 16, "learningRate": 0.001, "qualityThreshold": 0.8},
        }
    )

    assert body.options.batch_size == 16
    assert (body.priority, body.language, body.start_after) == (50, None, None)


@pytest.mark.parametrize(
    ("options", "field", "words"),
    [
        ({"epochs": -1}, "epochs", "greater than or equal to 1"),
        ({"epochs": 1001}, "epochs", "less than or equal to 1000"),
        ({"epochs": "100"}, "epochs", "valid integer"),
        ({"epochs": True}, "epochs", "valid integer"),
        ({"epochs": 1.5}, "epochs", "valid integer"),
        ({"epochs": 10**400}, "epochs", "less than or equal to 1000"),
        ({"batchSize": 65}, "batchSize", "less than or equal to 64"),
        ({"learningRate": float("nan")}, "learningRate", "finite"),
        ({"learningRate": float("inf")}, "learningRate", "finite"),
        ({"learningRate": 0}, "learningRate", "greater than 0"),
        ({"learningRate": "0.1"}, "learningRate", "valid number"),
        ({"validationSplit": 1}, "validationSplit", "less than 1"),
        ({"earlyStoppingPatience": 0}, "earlyStoppingPatience", "greater than or equal to 1"),
        ({"qualityThreshold": 1.01}, "qualityThreshold", "less than or equal to 1"),
        ({"maxTrainingTimeMs": 0}, "maxTrainingTimeMs", "greater than or equal to 1000"),
        ({"maxTrainingTimeMs": 10**12}, "maxTrainingTimeMs", "less than or equal to 604800000"),
        ({"augmentationEnabled": "yes"}, "augmentationEnabled", "valid boolean"),
        ({"regularizationStrength": -0.1}, "regularizationStrength", "greater than or equal to 0"),
        ({"dropoutRate": 1}, "dropoutRate", "less than 1"),
        ({"optimizerType": 3}, "optimizerType", "valid string"),
        ({"modelArchitecture": ""}, "modelArchitecture", "at least 1 character"),
        ({"customLossFunction": "x" * 201}, "customLossFunction", "at most 200 characters"),
        ({"engine": [1]}, "engine", "valid dictionary"),
        ({"epoch": 3}, "epoch", "no field of this name (did you mean 'epochs'?)"),
        ({"batch_size": 3}, "batch_size", "did you mean 'batchSize'?"),
    ],
)
def test_a_bad_option_is_named(options: dict[str, Any], field: str, words: str) -> None:
    found = faults({**GOOD, "options": options})

    assert list(found) == [f"options.{field}"]
    assert words in found[f"options.{field}"]


@pytest.mark.parametrize(
    ("changes", "field", "words"),
    [
        ({"prioritty": 3}, "prioritty", "did you mean 'priority'?"),
        ({"zzz": 3}, "zzz", "no field of this name"),
        ({"priority": 101}, "priority", "less than or equal to 100"),
        ({"priority": "high"}, "priority", "valid integer"),
        ({"provider": ""}, "provider", "at least 1 character"),
        ({"provider": None}, "provider", "Name the engine"),
        ({"userId": "me"}, "userId", "valid UUID"),
        ({"voiceSampleIds": []}, "voiceSampleIds", "at least 1 item"),
        ({"voiceSampleIds": [7]}, "voiceSampleIds.0", "valid string"),
        ({"voiceSampleIds": None}, "voiceSampleIds", "Name the samples"),
        ({"datasetName": "x"}, "voiceSampleIds", "Name the samples"),
        ({"startAfter": "2025-01-01T00:00:00"}, "startAfter", "timezone"),
        ({"startAfter": "soon"}, "startAfter", "valid datetime"),
        ({"startAfter": "9999-12-31T23:59:59-14:00"}, "startAfter", "no moment of our time"),
        ({"startAfter": "0001-01-01T00:00:00+14:00"}, "startAfter", "no moment of our time"),
        ({"schedule": "never"}, "schedule", "'off-peak'"),
        ({"options": None}, "options", "valid dictionary"),
    ],
)
def test_a_bad_field_is_named(changes: dict[str, Any], field: str, words: str) -> None:
    found = faults({**GOOD, **changes})

    assert list(found) == [field]
    assert words in found[field]


def test_all_faults_are_named_at_once() -> None:
    assert set(faults({"priority": -1, "foo": 1, "options": {"epochs": 0, "bar": 2}})) == {
        "priority", "foo", "options.epochs", "options.bar",
    }  # fmt: skip


@pytest.mark.parametrize("body", [[], "x", 3, None, True])
def test_what_is_no_object_is_refused(body: Any) -> None:
    assert list(faults(body)) == [""]


def test_a_structure_without_a_bottom_is_refused() -> None:
    deep: Any = json.loads("[" * 900 + "]" * 900)

    assert "options.engine" in next(iter(faults({**GOOD, "options": {"engine": {"seed": deep}}})))
