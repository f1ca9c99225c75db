"""What can be set when a voice is cloned by Chatterbox; it is kept with the voice."""

from __future__ import annotations

from typing import Final, Literal, Self

from pydantic import Field, model_validator

from voicewright.engines.port import EngineOptions

ModelName = Literal["multilingual", "english", "turbo"]
_NOT_TURBO: Final = ("exaggeration", "cfg_weight", "min_p")


class ChatterboxOptions(EngineOptions):
    """Unset: as the model's makers set it."""

    model: ModelName = Field(
        default="multilingual",
        description="Which model: `multilingual` speaks 23 languages, `english` and `turbo` (smaller, "
        "faster) English only; these two have weights of their own.",
    )
    exaggeration: float | None = Field(
        default=None, ge=0.0, le=2.0, description="How lively: 0.5 is usual, more is faster and less steady."
    )
    cfg_weight: float | None = Field(
        default=None,
        ge=0.0,
        le=1.0,
        description="How closely the pace follows the text; lower for fast speakers, 0 for a voice that "
        "speaks another language than its own.",
    )
    temperature: float | None = Field(
        default=None, gt=0.0, le=2.0, description="How varied; lower is steadier and flatter."
    )
    repetition_penalty: float | None = Field(
        default=None, ge=1.0, le=5.0, description="How much the model is kept from saying a sound again."
    )
    min_p: float | None = Field(
        default=None,
        ge=0.0,
        le=1.0,
        description="Sounds less likely than this share of the likeliest are never taken.",
    )
    top_p: float | None = Field(
        default=None,
        gt=0.0,
        le=1.0,
        description="Sounds are taken from the likeliest that together have this probability.",
    )

    @model_validator(mode="after")
    def _turbo_knows_them(self) -> Self:
        ignored = [name for name in _NOT_TURBO if getattr(self, name) is not None]
        if self.model == "turbo" and ignored:
            raise ValueError(f"the model turbo has no {' and no '.join(ignored)}")
        return self

    def manner(self) -> dict[str, float]:
        """What is set of how it speaks."""
        return self.model_dump(exclude={"model"}, exclude_none=True)
