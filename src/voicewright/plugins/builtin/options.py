"""The training options of the built-in engine."""

from __future__ import annotations

from typing import Self

from pydantic import Field, model_validator

from voicewright.engines.port import EngineOptions


class BuiltinOptions(EngineOptions):
    """All have defaults that fit; the epochs follow from the amount of speech."""

    epochs: int | None = Field(
        default=None,
        ge=1,
        le=1000,
        description="How often the network sees all recordings; unset: as the amount of speech needs.",
    )
    batch_size: int = Field(
        default=8, ge=1, le=64, description="Pieces of a second and a half that are learnt from at once."
    )
    learning_rate: float = Field(
        default=2e-3, gt=0, le=0.1, description="The highest step size of the one-cycle schedule."
    )
    validation_split: float = Field(
        default=0.05,
        ge=0,
        le=0.5,
        description="Share of the recordings kept back to draw the validation curve.",
    )
    early_stopping_patience: int | None = Field(
        default=None,
        ge=1,
        le=1000,
        description="Stop after so many epochs without a better validation loss; unset: never.",
    )
    max_time_s: float | None = Field(
        default=None, gt=0, description="Stop training the network after so many seconds; unset: never."
    )
    seed: int = Field(default=0, ge=0, lt=2**31, description="The same seed makes the same voice.")

    @model_validator(mode="after")
    def _early_stopping_can_be_judged(self) -> Self:
        if self.early_stopping_patience is not None and self.validation_split == 0:
            raise ValueError("early_stopping_patience needs a validation_split above 0 to judge by")
        return self

    from_prior: bool = Field(
        default=True,
        description="Start from what free synthetic voices taught the network; false: start from nothing.",
    )
