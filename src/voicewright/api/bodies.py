"""The base of request bodies."""

from __future__ import annotations

from typing import ClassVar

from pydantic import BaseModel, ConfigDict


class RequestBody(BaseModel):
    """What a client sends: unknown fields are refused, not ignored, and so are NaN and infinity.

    Text that PostgreSQL can't keep never reaches a model, see `validation`.
    """

    model_config: ClassVar[ConfigDict] = ConfigDict(extra="forbid", allow_inf_nan=False, frozen=True)
