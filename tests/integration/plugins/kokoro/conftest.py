"""Weights for Kokoro's tests: a tiny ONNX model of the same inputs and outputs, and a voices file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from voicewright.plugins.kokoro.plugin import MODEL, VOICES

if TYPE_CHECKING:
    from collections.abc import Mapping

STYLES = {"af_heart": 220.0, "am_adam": 110.0, "bf_emma": 200.0, "ef_dora": 180.0, "jf_alpha": 300.0}
"""Hz: the model hums at the pitch that stands first in a style."""
SAMPLES_PER_PHONE = 1500


def write_model(path: Path, *, rounds: int = 0) -> None:
    """A hum at the pitch of the style, 1/16 s for each phone at speed 1.

    Args:
        path: to be written.
        rounds: how much useless work it does besides, in matrix products.
    """
    nodes = [
        helper.make_node("Shape", ["tokens"], ["shape"]),
        helper.make_node("Gather", ["shape", "one"], ["count"]),
        helper.make_node("Cast", ["count"], ["phones"], to=TensorProto.FLOAT),
        helper.make_node("Mul", ["phones", "per_phone"], ["samples"]),
        helper.make_node("Div", ["samples", "speed"], ["length_f"]),
        helper.make_node("Cast", ["length_f"], ["length_1"], to=TensorProto.INT64),
        helper.make_node("Squeeze", ["length_1"], ["length"]),
        helper.make_node("Range", ["zero", "length", "step"], ["places"]),
        helper.make_node("Cast", ["places"], ["places_f"], to=TensorProto.FLOAT),
        helper.make_node("Gather", ["style", "first"], ["hz"], axis=1),
        helper.make_node("Squeeze", ["hz"], ["hz_0"]),
        helper.make_node("Mul", ["hz_0", "radians"], ["step_f"]),
        helper.make_node("Mul", ["places_f", "step_f"], ["phase"]),
        helper.make_node("Sin", ["phase"], ["sine"]),
        helper.make_node("Mul", ["sine", "level"], ["hum"]),
    ]
    nodes.append(helper.make_node("Mul", ["matrix", "phones"], ["started"]))  # or it would be done at loading
    last = "started"
    for number in range(rounds):
        nodes.append(helper.make_node("MatMul", [last, "random"], [f"product{number}"]))
        nodes.append(helper.make_node("Tanh", [f"product{number}"], [f"bounded{number}"]))
        last = f"bounded{number}"
    nodes += [
        helper.make_node("ReduceMax", [last], ["most"], keepdims=0),
        helper.make_node("Mul", ["most", "nothing"], ["silence"]),
        helper.make_node("Add", ["hum", "silence"], ["audio"]),
    ]
    size = 1000 if rounds else 2
    constants: Mapping[str, object] = {
        "one": np.array([1], np.int64),
        "first": np.array([0], np.int64),
        "per_phone": np.array([SAMPLES_PER_PHONE], np.float32),
        "zero": np.array(0, np.int64),
        "step": np.array(1, np.int64),
        "radians": np.array(2 * np.pi / 24_000, np.float32),
        "level": np.array(0.3, np.float32),
        "nothing": np.array(0, np.float32),
        "random": np.random.default_rng(1).normal(0, 0.1, (size, size)).astype(np.float32),
    }
    graph = helper.make_graph(
        nodes,
        "hum",
        [
            helper.make_tensor_value_info("tokens", TensorProto.INT64, [1, None]),
            helper.make_tensor_value_info("style", TensorProto.FLOAT, [1, 256]),
            helper.make_tensor_value_info("speed", TensorProto.FLOAT, [1]),
        ],
        [helper.make_tensor_value_info("audio", TensorProto.FLOAT, [None])],
        [numpy_helper.from_array(value, name) for name, value in constants.items()]
        + [numpy_helper.from_array(np.ones((size, size), np.float32), "matrix")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    onnx.checker.check_model(model)
    path.write_bytes(model.SerializeToString())


def write_voices(path: Path, pitches_hz: Mapping[str, float] = STYLES) -> None:
    """A style table for each name, which says the pitch."""
    tables = {name: np.zeros((510, 1, 256), np.float32) for name in pitches_hz}
    for name, pitch_hz in pitches_hz.items():
        tables[name][:, :, 0] = pitch_hz
    with path.open("wb") as file:
        np.savez_compressed(file, **tables)


@pytest.fixture(scope="session")
def weights_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("weights")
    write_model(folder / MODEL)
    write_voices(folder / VOICES)
    return folder


@pytest.fixture(scope="session")
def slow_weights_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of a model that computes for ten seconds on one sentence."""
    folder = tmp_path_factory.mktemp("slow-weights")
    write_model(folder / MODEL, rounds=300)
    write_voices(folder / VOICES)
    return folder
