"""How a request names the voice that is to speak: the same fields and rules at each of our own doors."""

from __future__ import annotations

from typing import Annotated, Self
from uuid import UUID

from pydantic import BaseModel, Field, model_validator

_ID = "6f1c9a52-8a3e-4b61-9f0e-2f9d6f1f7a11"


class NamesVoice(BaseModel):
    """The fields of a body that name a voice: by its id, or by its name, or not at all."""

    model_id: UUID | None = Field(default=None, description="The voice.", examples=[_ID])
    voice_model_id: UUID | None = Field(default=None, description="The same.", examples=[None])
    voice: Annotated[str, Field(min_length=1, max_length=200)] | None = Field(
        default=None,
        description="Or its name. Without any of the three your active voice speaks.",
        examples=[None],
    )
    version: Annotated[int, Field(strict=True, ge=1, le=2**31 - 1)] | None = Field(
        default=None, description="Of the voice with this name; the newest by default.", examples=[None]
    )

    @model_validator(mode="after")
    def _names_one_voice(self) -> Self:
        named = [self.model_id, self.voice_model_id, self.voice]
        if len({str(one) for one in named if one is not None}) > 1:
            raise ValueError("name the voice once: model_id, or voice_model_id, or voice")
        if self.version is not None and self.voice is None:
            raise ValueError("version goes with voice, the name; an id says the version")
        return self

    @property
    def named_voice(self) -> UUID | str | None:
        """The id or the name; None: the active voice."""
        return self.model_id or self.voice_model_id or self.voice
