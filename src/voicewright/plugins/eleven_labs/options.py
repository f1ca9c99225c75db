"""The options of a voice at ElevenLabs."""

from __future__ import annotations

from typing import Final, Literal

from pydantic import Field

from voicewright.engines.port import EngineOptions

MODEL: Final = "eleven_multilingual_v2"


class ElevenLabsOptions(EngineOptions):
    """The model and the settings are kept with the voice."""

    model: str = Field(
        default=MODEL,
        pattern=r"^[a-z0-9_]{1,100}$",
        description="ElevenLabs' model that is trained (professional voices), and speaks.",
    )
    stability: float = Field(
        default=0.5, ge=0, le=1, description="Lower: livelier and less even; higher: calmer and more even."
    )
    similarity_boost: float = Field(
        default=0.75, ge=0, le=1, description="How closely it keeps to the recordings, noise included."
    )
    style: float = Field(default=0.0, ge=0, le=1, description="How much it exaggerates; costs time.")
    remove_background_noise: bool = Field(
        default=False, description="ElevenLabs cleans the recordings first; makes clean ones worse."
    )
    verification: Literal["captcha", "manual"] = Field(
        default="captcha",
        description="Professional voices: the speaker reads a text aloud, or people look at the consent.",
    )
