"""What a voice starts from: the network after it has heard free synthetic voices read.

From three minutes of speech alone a network learns a speaker's timbre, and guesses at the consonants. So it
starts from one that learnt how phones sound from 40 minutes of flite's voices (free software, and without the
voice of the project's sample recordings). Training then moves all of it to the speaker.
`benchmarks/make_prior.py` made the weights; the README beside this file has their licence and origin.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

import torch
from safetensors.torch import load_file

from voicewright.plugins.builtin.network import AcousticNetwork

if TYPE_CHECKING:
    from torch import Tensor

    from voicewright.plugins.builtin.context import PhoneSet

WEIGHTS: Final = Path(__file__).with_name("prior.safetensors")
PHONES: Final = Path(__file__).with_name("phones.json")
CHANNELS: Final = 192
_EMBEDDING = "embedding.weight"


@cache
def phone_names() -> tuple[str, ...]:
    """The phones that the prior knows, in the order of its embeddings."""
    return tuple(json.loads(PHONES.read_text("utf-8")))


def starting_network(phones: PhoneSet, *, dropout: float, seed: int, from_prior: bool) -> AcousticNetwork:
    """Make the network that training starts with.

    Args:
        phones: of the voice; with the prior, its phones come first and in its order.
        dropout: of the network.
        seed: of what is random: everything, or the embeddings of phones that the prior never heard.
        from_prior: False starts from nothing.
    """
    torch.manual_seed(seed)
    network = AcousticNetwork(len(phones), CHANNELS, dropout)
    if not from_prior:
        return network
    weights: dict[str, Tensor] = {k: v.float() for k, v in load_file(WEIGHTS).items()}
    embedding = network.state_dict()[_EMBEDDING].clone()
    embedding[: len(phone_names())] = weights[_EMBEDDING]
    network.load_state_dict(weights | {_EMBEDDING: embedding})
    return network
