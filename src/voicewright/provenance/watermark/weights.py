"""Reads the trained nets out of the installed package, without importing it, torch, or any code of theirs.

PyTorch's file is a zip archive: a pickle that says which array has which name and shape, and the arrays as raw
bytes. The pickle may call three harmless things here, and nothing else.
"""

from __future__ import annotations

import io
import pickle
import zipfile
from collections import OrderedDict
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from voicewright.provenance.errors import WatermarkUnavailable

if TYPE_CHECKING:
    from collections.abc import Mapping

Weights: TypeAlias = "Mapping[str, NDArray[np.float32]]"

_FILE: Final = "perth_net/pretrained/implicit/perth_net_250000.pth.tar"
_ARCHIVE: Final = "archive/"


def find_weights() -> Path | None:
    """Where the weights lie; None where the package is not installed, or carries other ones."""
    spec = find_spec("perth")
    if spec is None or not spec.submodule_search_locations:
        return None
    path = Path(spec.submodule_search_locations[0]) / _FILE
    return path if path.is_file() else None


def read_weights() -> Weights:
    """The arrays of all nets by name: `encoder.layers.0.conv.weight` and so on.

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
            state = _Unpickler(archive).load()
        return {name: np.asarray(array, dtype=np.float32) for name, array in state["model"].items()}
    except (OSError, zipfile.BadZipFile, pickle.UnpicklingError, KeyError, ValueError) as error:
        raise WatermarkUnavailable(
            f"Speech can't be marked: {path} is damaged ({error}). Install 'resemble-perth' again, or set "
            "VOICEWRIGHT_WATERMARK=off."
        ) from error


class _Unpickler(pickle.Unpickler):
    """Makes arrays of what PyTorch would make tensors of."""

    _KNOWN: Final[dict[tuple[str, str], Any]] = {
        ("collections", "OrderedDict"): OrderedDict,
        ("torch", "FloatStorage"): np.dtype("<f4"),
    }

    def __init__(self, archive: zipfile.ZipFile) -> None:
        super().__init__(io.BytesIO(archive.read(f"{_ARCHIVE}data.pkl")))
        self._archive = archive

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return _array
        try:
            return self._KNOWN[module, name]
        except KeyError:
            raise pickle.UnpicklingError(f"it names {module}.{name}") from None

    def persistent_load(self, pid: Any) -> NDArray[np.float32]:
        _, dtype, key, _, count = pid
        flat = np.frombuffer(self._archive.read(f"{_ARCHIVE}data/{key}"), dtype)
        if len(flat) != count:
            raise pickle.UnpicklingError(f"array {key} has {len(flat)} numbers instead of {count}")
        return flat


def _array(
    storage: NDArray[np.float32], offset: int, shape: tuple[int, ...], stride: tuple[int, ...], *_: object
) -> NDArray[np.float32]:
    """What a tensor's description means; the arrays of this file lie in rows, one after another."""
    count = int(np.prod(shape))
    rows = tuple(int(np.prod(shape[place + 1 :])) for place in range(len(shape)))
    if stride != rows:
        raise pickle.UnpicklingError(f"an array of shape {shape} has strides {stride}")
    return storage[offset : offset + count].reshape(shape)
