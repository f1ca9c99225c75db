"""The training options of XTTS-v2."""

from __future__ import annotations

from pydantic import Field

from voicewright.engines.port import EngineOptions


class XttsOptions(EngineOptions):
    """What a fine-tuning may be told; cloning uses `seed` only.

    The defaults are those of the library's own fine-tuning: the network is large and has learnt to speak
    already, so that ten epochs of small steps are enough.
    """

    epochs: int = Field(default=10, ge=1, le=1000, description="How often all samples are learnt from.")
    batch_size: int = Field(
        default=4, ge=1, le=64, description="Clips that are learnt from at once; each takes about 1.5 GB."
    )
    gradient_accumulation: int = Field(
        default=1,
        ge=1,
        le=256,
        description="Batches that make one step: a larger batch in effect, without more memory.",
    )
    learning_rate: float = Field(default=5e-6, gt=0, le=0.01, description="The size of a step.")
    validation_split: float = Field(
        default=0.1,
        ge=0,
        lt=1,
        description="Share of the clips that only judge: their loss, and their sentences, spoken.",
    )
    early_stopping_patience: int = Field(
        default=5, ge=1, le=1000, description="Stop after so many epochs that made nothing better."
    )
    checkpoint_every_s: float = Field(
        default=180.0,
        ge=0,
        description="A training that is interrupted goes on from what was kept (5.6 GB), at most so old.",
    )
    fp16: bool = Field(
        default=True,
        description="Keep the voice with 16-bit numbers: 0.9 instead of 1.9 GB.",
    )
    allow_cpu: bool = Field(
        default=False, description="Train without a GPU: hours or days instead of minutes."
    )
    seed: int = Field(default=0, ge=0, lt=2**31, description="For everything that is drawn by lot.")
