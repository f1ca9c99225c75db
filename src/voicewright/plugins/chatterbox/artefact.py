"""A voice on disk: what the model is told about the speaker, and how it is to speak."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, get_args

from pydantic import ValidationError
from safetensors import SafetensorError
from safetensors.torch import load, save

from voicewright.engines.errors import ArtefactInvalid
from voicewright.engines.sealed import read_sealed, write_sealed
from voicewright.plugins.chatterbox.options import ChatterboxOptions, ModelName
from voicewright.plugins.chatterbox.plugin import ENGINE

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import torch

FORMAT_VERSION: Final = 1
NAMES: Final = frozenset(
    {
        "t3.speaker_emb",
        "t3.cond_prompt_speech_tokens",
        "gen.prompt_token",
        "gen.prompt_token_len",
        "gen.prompt_feat",
        "gen.embedding",
    }
)
"""Of the tensors: for the model that makes sounds of a text, and for the one that makes them heard."""


@dataclass(frozen=True, slots=True)
class Voice:
    """What is read from disk."""

    likeness: Mapping[str, torch.Tensor]
    """By `NAMES`."""
    options: ChatterboxOptions
    language: str

    @property
    def model(self) -> ModelName:
        """The one that it was made with, and speaks through."""
        return self.options.model


def save_voice(voice: Voice, directory: Path, about: Mapping[str, Any]) -> None:
    """Write a voice into an empty directory; `about` are further facts, JSON."""
    description = {"language": voice.language, "options": voice.options.model_dump(), "about": dict(about)}
    numbers = save({name: tensor.cpu().contiguous() for name, tensor in voice.likeness.items()})
    write_sealed(directory, numbers, description, engine=ENGINE.id, version=FORMAT_VERSION)


def load_voice(directory: Path) -> Voice:
    """Read a voice.

    Raises:
        ArtefactInvalid: the files are missing, damaged, of another engine or of a newer version.
    """
    description, numbers = read_sealed(directory, engine=ENGINE.id, version=FORMAT_VERSION)
    try:
        likeness = load(numbers)
        options = ChatterboxOptions.model_validate(description["options"])
        language = str(description["language"])
    except (SafetensorError, KeyError, ValidationError) as error:
        raise ArtefactInvalid(f"{directory} is incomplete ({error}); clone the voice again.") from error
    if set(likeness) != NAMES or options.model not in get_args(ModelName):
        raise ArtefactInvalid(f"{directory} has other numbers than a voice has; clone the voice again.")
    return Voice(likeness, options, language)
