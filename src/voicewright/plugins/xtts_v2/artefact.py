"""A voice on disk: `voice.safetensors`, `voice.json`, and for a trained one what it is built with.

A cloned voice is what the published network is told about the speaker, some 200 kB, and speaks through that
network. A trained one carries a network of its own, with its `config.json` and `vocab.json`. No pickles:
loading a voice never runs code. The description has a digest of every file and one of itself.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from voicewright.engines.errors import ArtefactInvalid
from voicewright.plugins.xtts_v2.network import Likeness
from voicewright.plugins.xtts_v2.weights import CONFIG, VOCABULARY

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from voicewright.plugins.xtts_v2.weights import State

FORMAT: Final = "voicewright-xtts-v2"
FORMAT_VERSION: Final = 1
NUMBERS: Final = "voice.safetensors"
DESCRIPTION: Final = "voice.json"
_SEAL: Final = "description_sha256"
_NETWORK: Final = "network."
_STYLE, _SPEAKER = "likeness.style", "likeness.speaker"
_LENGTH = 512


class Voice(NamedTuple):
    """What is read from disk."""

    language: str
    likeness: Likeness
    weights: str
    """The identity of the weights that a cloned voice speaks through."""
    network: State | None
    """Of a trained voice."""


def save_voice(
    directory: Path,
    likeness: Likeness,
    *,
    language: str,
    weights: str,
    network: State | None = None,
    built_with: Mapping[str, bytes] | None = None,
    about: Mapping[str, Any],
) -> None:
    """Write a voice into an empty directory.

    Args:
        directory: where to.
        likeness: of the speaker.
        language: in which it speaks unless told otherwise.
        weights: the identity of the published weights that it was made with.
        network: of a trained voice.
        built_with: the files that a trained voice's network is built with.
        about: further facts, JSON.
    """
    tensors = {_STYLE: likeness.style, _SPEAKER: likeness.speaker}
    tensors |= {f"{_NETWORK}{name}": each for name, each in (network or {}).items()}
    write_tensors({name: each.contiguous() for name, each in tensors.items()}, directory / NUMBERS)
    for name, content in (built_with or {}).items():
        (directory / name).write_bytes(content)
    files = [NUMBERS, *(built_with or {})]
    description: dict[str, Any] = {
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "language": language,
        "weights": weights,
        "trained": network is not None,
        "sha256": {name: _digest_of(directory / name) for name in files},
        "about": dict(about),
    }
    description[_SEAL] = _seal(description)
    (directory / DESCRIPTION).write_text(json.dumps(description, indent=1, ensure_ascii=False), "utf-8")


def load_voice(directory: Path) -> Voice:
    """Read a voice.

    Raises:
        ArtefactInvalid: the files are missing, damaged, of another engine or of a newer version.
    """
    try:
        description = json.loads((directory / DESCRIPTION).read_text("utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise ArtefactInvalid(
            f"{directory} is not a readable voice ({error}); restore it from a backup or make it again."
        ) from error
    if not isinstance(description, dict) or description.get("format") != FORMAT:
        raise ArtefactInvalid(f"{directory} is not a voice of XTTS-v2.")
    if description.get("format_version") != FORMAT_VERSION:
        raise ArtefactInvalid(
            f"{directory} has format version {description.get('format_version')}, and this engine reads "
            f"{FORMAT_VERSION}; update Voicewright or make the voice again."
        )
    if description.get(_SEAL) != _seal(description):
        raise ArtefactInvalid(f"{directory / DESCRIPTION} is damaged; restore it or make the voice again.")
    needed = {NUMBERS, CONFIG, VOCABULARY} if description.get("trained") else {NUMBERS}
    digests = description.get("sha256")
    if not isinstance(digests, dict) or set(digests) != needed:
        raise ArtefactInvalid(f"{directory / DESCRIPTION} does not name its files; make the voice again.")
    try:
        for name in needed:
            if _digest_of(directory / name) != digests[name]:
                raise ArtefactInvalid(f"{directory / name} is damaged; restore it or make the voice again.")
        return _assemble(description, load_file(directory / NUMBERS))
    except (OSError, SafetensorError, KeyError, TypeError, ValueError) as error:
        raise ArtefactInvalid(f"{directory} is incomplete ({error}); make the voice again.") from error


def write_tensors(tensors: State, path: Path) -> None:
    """Write tensors as safetensors.

    Raises:
        OSError: with its number, where the disk is full.
    """
    try:
        save_file(tensors, path)
    except SafetensorError as error:
        if os.strerror(errno.ENOSPC) in str(error):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path)) from error
        raise


def _assemble(description: dict[str, Any], tensors: State) -> Voice:
    likeness = Likeness(tensors[_STYLE].float(), tensors[_SPEAKER].float())
    if likeness.style.ndim != 3 or likeness.speaker.shape != (1, _LENGTH, 1):  # noqa: PLR2004
        raise ValueError(f"its speaker is {tuple(likeness.speaker.shape)} instead of (1, {_LENGTH}, 1)")
    network = {
        name.removeprefix(_NETWORK): each.float() if each.is_floating_point() else each
        for name, each in tensors.items()
        if name.startswith(_NETWORK)
    }
    return Voice(
        language=str(description["language"]),
        likeness=likeness,
        weights=str(description["weights"]),
        network=network if description["trained"] else None,
    )


def _digest_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _seal(description: dict[str, Any]) -> str:
    """Of everything in the description but the digest itself."""
    rest = {key: value for key, value in description.items() if key != _SEAL}
    return hashlib.sha256(json.dumps(rest, sort_keys=True).encode()).hexdigest()


def halved(state: State) -> State:
    """With 16-bit numbers."""
    return {
        name: each.to(torch.float16) if each.is_floating_point() else each for name, each in state.items()
    }
