"""A voice on disk as most engines write it: `voice.safetensors` for numbers, `voice.json` for their meaning.

No pickle: loading a voice never runs code. The JSON names the format and carries a digest of the numbers and
one of itself, so that a damaged or foreign artefact is told before anything is spoken. Standard library only.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any, Final

from voicewright.engines.errors import ArtefactInvalid

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

NUMBERS: Final = "voice.safetensors"
DESCRIPTION: Final = "voice.json"
_SEAL: Final = "description_sha256"


def write_sealed(
    directory: Path, numbers: bytes, about: Mapping[str, Any], *, kind: str, version: int
) -> None:
    """Write a voice into an empty directory.

    Args:
        directory: where to.
        numbers: a safetensors file.
        about: what they mean, JSON.
        kind: names the format, and with it the engine.
        version: of the format.
    """
    description = {
        **about,
        "format": kind,
        "format_version": version,
        "sha256": hashlib.sha256(numbers).hexdigest(),
    }
    description[_SEAL] = _digest(description)
    (directory / NUMBERS).write_bytes(numbers)
    (directory / DESCRIPTION).write_text(json.dumps(description, indent=1, ensure_ascii=False), "utf-8")


def read_sealed(directory: Path, *, kind: str, version: int) -> tuple[dict[str, Any], bytes]:
    """Read what `write_sealed` wrote: the description and the numbers, whole and unchanged.

    Raises:
        ArtefactInvalid: the files are missing, damaged, of another engine or of another version.
    """
    try:
        description = json.loads((directory / DESCRIPTION).read_text("utf-8"))
        numbers = (directory / NUMBERS).read_bytes()
    except (OSError, ValueError, RecursionError) as error:
        raise ArtefactInvalid(
            f"{directory} is not a readable voice ({error}); restore it from a backup or make it again."
        ) from error
    if not isinstance(description, dict) or description.get("format") != kind:
        raise ArtefactInvalid(f"{directory} is not a voice of this engine ({kind}).")
    if description.get("format_version") != version:
        raise ArtefactInvalid(
            f"{directory} has format version {description.get('format_version')}, and this engine reads "
            f"{version}; update Voicewright or make the voice again."
        )
    if description.get(_SEAL) != _digest(description):
        raise ArtefactInvalid(f"{directory / DESCRIPTION} is damaged; restore it or make the voice again.")
    if hashlib.sha256(numbers).hexdigest() != description.get("sha256"):
        raise ArtefactInvalid(f"{directory / NUMBERS} is damaged; restore it or make the voice again.")
    return description, numbers


def _digest(description: Mapping[str, Any]) -> str:
    """Of everything in the description but the digest itself."""
    rest = {key: value for key, value in description.items() if key != _SEAL}
    return hashlib.sha256(json.dumps(rest, sort_keys=True).encode()).hexdigest()
