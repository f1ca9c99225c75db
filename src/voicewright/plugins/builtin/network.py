"""The acoustic network: from what is said and the guide's frames to the speaker's frames.

A small stack of gated residual convolutions (A. van den Oord et al., "WaveNet", 2016, without causality) at
10 ms; each step gives two frames of 5 ms.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import torch
from torch import nn
from torch.nn import functional

from voicewright.plugins.builtin.analysis import FRAME_SIZE, GUIDE_SIZE
from voicewright.plugins.builtin.context import NEIGHBOURS, PLACES

if TYPE_CHECKING:
    from torch import Tensor

FRAMES_PER_STEP: Final = 2
EMBEDDING: Final = 32
KERNEL: Final = 3
DILATIONS: Final = (1, 2, 4, 8, 1)
_LEAK = 0.1
_HALF_POWER = 0.5**0.5
"""Keeps the variance of a sum of two equal parts at that of each."""


class TimeConvolution(nn.Linear):
    """A convolution over time as one matrix product, which a CPU does faster than a small convolution."""

    def __init__(self, inputs: int, outputs: int, dilation: int) -> None:
        super().__init__(KERNEL * inputs, outputs)
        self.dilation = dilation

    def forward(self, values: Tensor) -> Tensor:
        """(batch, steps, inputs) to (batch, steps, outputs), zeros beyond the ends."""
        reach = self.dilation * (KERNEL // 2)
        padded = functional.pad(values, (0, 0, reach, reach))
        steps = values.shape[1]
        taps = [padded[:, k * self.dilation : k * self.dilation + steps] for k in range(KERNEL)]
        return super().forward(torch.cat(taps, dim=2))


class AcousticNetwork(nn.Module):
    """Predicts normalised frames.

    Args:
        phones: how many ids there are.
        channels: width of the hidden layers.
        dropout: share of hidden values that training hides.
    """

    def __init__(self, phones: int, channels: int, dropout: float) -> None:
        super().__init__()
        self.embedding = nn.Embedding(phones, EMBEDDING)
        inputs = len(NEIGHBOURS) * EMBEDDING + PLACES + GUIDE_SIZE
        self.entry = TimeConvolution(inputs, channels, dilation=1)
        self.blocks = nn.ModuleList(
            TimeConvolution(channels, 2 * channels, dilation) for dilation in DILATIONS
        )
        self.exit = nn.Linear(channels, FRAMES_PER_STEP * FRAME_SIZE)
        self.dropout = nn.Dropout(dropout)

    def forward(self, phones: Tensor, places: Tensor, guide: Tensor) -> Tensor:
        """Predict.

        Args:
            phones: (batch, steps, 5) ids.
            places: (batch, steps, PLACES).
            guide: (batch, steps, GUIDE_SIZE), normalised.

        Returns:
            (batch, 2 steps, FRAME_SIZE); voicing as a logit.
        """
        joined = torch.cat([self.embedding(phones).flatten(2), places, guide], dim=2)
        hidden = functional.leaky_relu(self.entry(joined), _LEAK)
        for block in self.blocks:
            value, gate = block(self.dropout(hidden)).chunk(2, dim=2)
            hidden = (hidden + torch.tanh(value) * torch.sigmoid(gate)) * _HALF_POWER
        frames: Tensor = self.exit(hidden)
        return frames.reshape(frames.shape[0], -1, FRAME_SIZE)
