"""A voice on disk: `voice.safetensors` for the numbers, `voice.json` for what they mean.

No pickle: loading a voice never runs code. The JSON names the format and carries a digest of the numbers and
one of itself, so that a damaged or foreign artefact is told before anything is spoken.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load, save

from voicewright.engines.errors import ArtefactInvalid
from voicewright.plugins.builtin.analysis import FRAME_SIZE, GUIDE_SIZE, ORDER, Scale
from voicewright.plugins.builtin.context import PhoneSet
from voicewright.plugins.builtin.durations import DurationModel
from voicewright.plugins.builtin.network import AcousticNetwork
from voicewright.plugins.builtin.tiling import FrameBank
from voicewright.plugins.builtin.voice import Voice

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

FORMAT: Final = "voicewright-builtin"
FORMAT_VERSION: Final = 1
NUMBERS: Final = "voice.safetensors"
DESCRIPTION: Final = "voice.json"
_SEAL = "description_sha256"
_BANK = ("real", "predicted", "phones", "position", "follows")
_SCALE = ("mean", "deviation", "guide_mean", "guide_deviation")


def save_voice(voice: Voice, directory: Path, about: dict[str, Any]) -> None:
    """Write a voice into an empty directory.

    Args:
        voice: what to save.
        directory: where to.
        about: further facts for the description, JSON.
    """
    tensors = {f"network.{k}": v.half() for k, v in voice.network.state_dict().items()}
    arrays = {f"bank.{k}": getattr(voice.bank, k) for k in _BANK}
    arrays |= {f"scale.{k}": getattr(voice.scale, k).astype(np.float32) for k in _SCALE}
    arrays |= {
        "durations": voice.durations.weights.astype(np.float32),
        "speaker_deviation": voice.speaker_deviation,
        "finish": voice.finish,
        "phone_guides": voice.phones.guides,
    }
    tensors |= {k: torch.from_numpy(np.ascontiguousarray(v)) for k, v in arrays.items()}
    numbers = save(tensors)
    description = {
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "language": voice.language,
        "phones": list(voice.phones.names),
        "pause_frames": voice.durations.pause_frames,
        "channels": voice.network.exit.in_features,
        "sha256": hashlib.sha256(numbers).hexdigest(),
        "about": about,
    }
    description[_SEAL] = _digest(description)
    (directory / NUMBERS).write_bytes(numbers)
    (directory / DESCRIPTION).write_text(json.dumps(description, indent=1, ensure_ascii=False), "utf-8")


def load_voice(directory: Path) -> Voice:
    """Read a voice.

    Raises:
        ArtefactInvalid: the files are missing, damaged, of another engine or of a newer version.
    """
    try:
        description = json.loads((directory / DESCRIPTION).read_text("utf-8"))
        numbers = (directory / NUMBERS).read_bytes()
    except (OSError, ValueError, RecursionError) as error:
        raise ArtefactInvalid(
            f"{directory} is not a readable voice ({error}); restore it from a backup or train it again."
        ) from error
    if not isinstance(description, dict) or description.get("format") != FORMAT:
        raise ArtefactInvalid(f"{directory} is not a voice of the built-in engine.")
    if description.get("format_version") != FORMAT_VERSION:
        raise ArtefactInvalid(
            f"{directory} has format version {description.get('format_version')}, and this engine reads "
            f"{FORMAT_VERSION}; update Voicewright or train the voice again."
        )
    if description.get(_SEAL) != _digest(description):
        raise ArtefactInvalid(f"{directory / DESCRIPTION} is damaged; restore it or train the voice again.")
    if hashlib.sha256(numbers).hexdigest() != description.get("sha256"):
        raise ArtefactInvalid(f"{directory / NUMBERS} is damaged; restore it or train the voice again.")
    try:
        return _assemble(description, load(numbers))
    except (SafetensorError, KeyError, TypeError, ValueError, AttributeError, RuntimeError) as error:
        raise ArtefactInvalid(f"{directory} is incomplete ({error}); train the voice again.") from error


def _assemble(description: dict[str, Any], tensors: dict[str, torch.Tensor]) -> Voice:
    phones = PhoneSet(description["phones"], tensors["phone_guides"].numpy())
    network = AcousticNetwork(len(phones), int(description["channels"]), dropout=0.0)
    prefix = "network."
    network.load_state_dict(
        {k.removeprefix(prefix): v.float() for k, v in tensors.items() if k.startswith(prefix)}
    )
    network.eval()
    arrays = {k: v.numpy() for k, v in tensors.items() if not k.startswith(prefix)}
    _check_shapes(arrays, len(phones))
    return Voice(
        language=str(description["language"]),
        network=network,
        phones=phones,
        scale=Scale(*(arrays[f"scale.{k}"] for k in _SCALE)),
        durations=DurationModel(
            arrays["durations"].astype(np.float64), int(description["pause_frames"]), phones
        ),
        speaker_deviation=arrays["speaker_deviation"],
        bank=FrameBank(*(arrays[f"bank.{k}"] for k in _BANK)),
        finish=arrays["finish"],
    )


def _check_shapes(arrays: dict[str, NDArray[Any]], phones: int) -> None:
    rows = len(arrays["bank.position"])
    expected = {
        "bank.real": (rows, FRAME_SIZE),
        "bank.phones": (rows, 3),
        "bank.position": (rows,),
        "bank.follows": (rows,),
        "scale.mean": (FRAME_SIZE,),
        "scale.deviation": (FRAME_SIZE,),
        "scale.guide_mean": (GUIDE_SIZE,),
        "scale.guide_deviation": (GUIDE_SIZE,),
        "speaker_deviation": (ORDER,),
        "durations": (DurationModel.size(phones),),
        "phone_guides": (phones, GUIDE_SIZE),
    }
    for name, shape in expected.items():
        if arrays[name].shape != shape:
            raise ValueError(f"{name} is {arrays[name].shape} instead of {shape}")
    if len(arrays["bank.predicted"]) != rows or arrays["finish"].ndim != 1 or not rows:
        raise ValueError("its frames or its filter are incomplete")


def _digest(description: dict[str, Any]) -> str:
    """Of everything in the description but the digest itself."""
    rest = {key: value for key, value in description.items() if key != _SEAL}
    return hashlib.sha256(json.dumps(rest, sort_keys=True).encode()).hexdigest()
