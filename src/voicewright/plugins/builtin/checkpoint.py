"""What is kept of a training that is under way, so that an interrupted one goes on instead of anew.

One file, `network.safetensors`: weights, the optimiser's moments, and in its header the progress as JSON. It
is written aside and renamed, so that there is always a whole one. One that is damaged or belongs to another
training is left alone and costs time, not the voice.
"""

from __future__ import annotations

import contextlib
import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from torch import Tensor
    from torch.optim import Optimizer

    from voicewright.engines.port import RunContext

FILE: Final = "network.safetensors"
_OPTIMISER = "optimiser"
_LENGTH_BYTES = 8
"""safetensors: the length of the JSON header, little-endian, opens the file."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a training has come."""

    epoch: int
    epochs: int
    """Of the whole training, at the batch size that it had."""
    best_epoch: int
    best_loss: float | None
    training_loss: float | None
    validation_loss: float | None
    spent_s: float


@dataclass(frozen=True, slots=True)
class Kept:
    """What a checkpoint holds."""

    weights: dict[str, dict[str, Tensor]]
    """By the name of the set: `network`, and `best`, which may be empty."""
    optimiser: dict[int, dict[str, Tensor]]
    """State of the optimiser by the number of the parameter."""
    progress: Progress


class Checkpoint:
    """The checkpoint of one training.

    Args:
        directory: where it lies.
        identity: what tells this training from any other; a checkpoint with another identity is ignored.
        context: told where keeping fails.
    """

    def __init__(self, directory: Path, identity: Mapping[str, Any], context: RunContext) -> None:
        self._path = directory / FILE
        self._identity = dict(identity)
        self._context = context

    def keep(
        self, weights: Mapping[str, Mapping[str, Tensor]], optimiser: Optimizer, progress: Progress
    ) -> None:
        """Write the state; a full disk is told in the log and does not end the training."""
        tensors = {f"{name}.{k}": v for name, values in weights.items() for k, v in values.items()}
        for index, state in optimiser.state_dict()["state"].items():
            tensors |= {f"{_OPTIMISER}.{index}.{k}": torch.as_tensor(v) for k, v in state.items()}
        header = {"identity": json.dumps(self._identity), "progress": json.dumps(asdict(progress))}
        aside = self._path.with_suffix(".part")
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            save_file(tensors, aside, metadata=header)
            aside.replace(self._path)
        except (OSError, SafetensorError) as error:
            with contextlib.suppress(OSError):
                aside.unlink(missing_ok=True)
            self._context.log(f"The state of the training could not be kept in {self._path}: {error}")

    def read(self, expected: Mapping[str, torch.Size]) -> Kept | None:
        """Return what was kept; None where it is not there, damaged, or of another training.

        Args:
            expected: the shapes of the network's weights.
        """
        if not self._path.exists():
            return None
        try:
            header = self._header()
            if json.loads(header["identity"]) != self._identity:
                return None
            kept = _sorted(load_file(self._path), Progress(**json.loads(header["progress"])))
        except (SafetensorError, OSError, ValueError, KeyError, TypeError) as error:
            self._context.log(f"{self._path} can't be read and is ignored: {error}")
            return None
        if {k: v.shape for k, v in kept.weights["network"].items()} != expected:
            return None
        return kept

    def _header(self) -> dict[str, str]:
        with self._path.open("rb") as file:
            size = int.from_bytes(file.read(_LENGTH_BYTES), "little")
            if size > self._path.stat().st_size:
                raise ValueError("the header is damaged")
            header: dict[str, str] = json.loads(file.read(size))["__metadata__"]
        return header


def _sorted(tensors: Mapping[str, Tensor], progress: Progress) -> Kept:
    kept = Kept({"network": {}, "best": {}}, {}, progress)
    for name, value in tensors.items():
        group, _, rest = name.partition(".")
        if group == _OPTIMISER:
            index, _, key = rest.partition(".")
            kept.optimiser.setdefault(int(index), {})[key] = value
        else:
            kept.weights[group][rest] = value
    return kept
