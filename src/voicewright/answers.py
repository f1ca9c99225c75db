"""The form of answers in the families that speak camelCase: the base of their bodies, and moments in UTC."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict
from pydantic.alias_generators import to_camel

UtcMoment = Annotated[datetime, AfterValidator(lambda moment: moment.astimezone(UTC))]


class View(BaseModel):
    """The base of an answer's body."""

    model_config = ConfigDict(frozen=True, alias_generator=to_camel, validate_by_name=True)
