"""Reads the trained nets out of the installed package, without importing it, torch, or any code of theirs.

PyTorch's file is a zip archive of raw arrays, and of a pickle with their names and shapes. A pickle can run
anything, so it is not read: the arrays are numbered in the order of the layers, whose shapes are known.
"""

from __future__ import annotations

import zipfile
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeAlias

import numpy as np

from voicewright.provenance.errors import WatermarkUnavailable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

Layer: TypeAlias = "tuple[NDArray[np.float32], NDArray[np.float32]]"
"""Kernel (out, in, width) and bias (out,)."""
Weights: TypeAlias = "Mapping[str, Sequence[Layer]]"
"""The layers of each stack."""

STACKS: Final = ("encoder", "slow", "normal", "fast")
"""The encoder, and the branches of the decoder."""
BINS: Final = 128
"""Those of the spectrum that the nets look at: up to 2 kHz."""
_HIDDEN: Final = 256
_WIDTH: Final = 7
_INNER: Final = 5
"""Layers between the first and the last one."""
_FILE: Final = "perth_net/pretrained/implicit/perth_net_250000.pth.tar"


def find_weights() -> Path | None:
    """Where the weights lie; None where the package is not installed, or carries other ones."""
    spec = find_spec("perth")
    if spec is None or not spec.submodule_search_locations:
        return None
    path = Path(spec.submodule_search_locations[0]) / _FILE
    return path if path.is_file() else None


def read_weights() -> Weights:
    """The layers of all nets.

    Raises:
        WatermarkUnavailable: there are none, or they can't be read.
    """
    path = find_weights()
    if path is None:
        raise WatermarkUnavailable(
            "Speech can't be marked: the package 'resemble-perth' is not installed. Install it, or set "
            "VOICEWRIGHT_WATERMARK=off."
        )
    try:
        with zipfile.ZipFile(path) as archive:
            return _read(archive)
    except (OSError, zipfile.BadZipFile, KeyError, ValueError) as error:
        raise WatermarkUnavailable(
            f"Speech can't be marked: {path} is damaged ({error}). Install 'resemble-perth' again, or set "
            "VOICEWRIGHT_WATERMARK=off."
        ) from error


def _read(archive: zipfile.ZipFile) -> Weights:
    arrays = (
        np.frombuffer(archive.read(f"archive/data/{number}"), dtype="<f4") for number in range(2 * 7 * 4)
    )
    weights: dict[str, list[Layer]] = {}
    for stack in STACKS:
        layers: list[Layer] = []
        for shape in _shapes(BINS if stack == "encoder" else 2):
            kernel, bias = next(arrays), next(arrays)
            layers.append((kernel.reshape(shape), bias.reshape(shape[0])))
        weights[stack] = layers
    return weights


def _shapes(last: int) -> list[tuple[int, int, int]]:
    inner = [(_HIDDEN, _HIDDEN, _WIDTH)] * _INNER
    return [(_HIDDEN, BINS, 1), *inner, (last, _HIDDEN, 1)]
