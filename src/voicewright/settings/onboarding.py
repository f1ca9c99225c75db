"""Voices that applications' own users make in one call."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Annotated

from pydantic import AfterValidator, BaseModel, BeforeValidator, Field, SecretStr
from pydantic_settings import NoDecode

from voicewright.settings.values import Dollars, comma_separated


def _origin(value: str) -> str:
    if value != "*" and not re.fullmatch(r"https?://(\[[0-9a-f:]+\]|[a-z0-9.-]+)(:\d{1,5})?", value):
        raise ValueError("write origins as https://app.example.com, separated by commas, or * for all")
    return value


class OnboardingSettings(BaseModel):
    """Voices that applications' own users make in one call."""

    onboarding_provider: str = Field(
        default="builtin",
        min_length=1,
        validation_alias="VOICEWRIGHT_ONBOARDING_PROVIDER",
        description="Engine that makes the voices of applications' users where a request names none; `auto`: "
        "the quickest one that clones on the machines that are there, neither a company's nor with weights "
        "under a licence that had to be accepted, else `builtin`.",
    )
    onboarding_quality: float = Field(
        default=0.5,
        ge=0,
        le=1,
        validation_alias="VOICEWRIGHT_ONBOARDING_QUALITY",
        description="Overall quality under which such a voice fails; lower than `MIN_QUALITY_SCORE`, as it "
        "is made of a few seconds.",
    )
    onboarding_clones_per_hour: int = Field(
        default=100,
        ge=1,
        validation_alias="VOICEWRIGHT_ONBOARDING_CLONES_PER_HOUR",
        description="Recordings that all users of an application may send in an hour.",
    )
    onboarding_clones_per_user: int = Field(
        default=10,
        ge=1,
        validation_alias="VOICEWRIGHT_ONBOARDING_CLONES_PER_USER",
        description="Of these, one user's.",
    )
    onboarding_origins: Annotated[
        tuple[Annotated[str, AfterValidator(_origin)], ...] | None, NoDecode, BeforeValidator(comma_separated)
    ] = Field(
        default=None,
        validation_alias="VOICEWRIGHT_ONBOARDING_ORIGINS",
        description="Web sites whose pages may call `/api/public/voice/onboarding` in a browser (CORS), such "
        "as `https://app.example.com,http://localhost:5173`; `*`: all; empty: those of the service alone.",
    )
    price_onboarding_hour: Dollars = Field(
        default=Decimal("1.77"),
        validation_alias="VOICEWRIGHT_PRICE_ONBOARDING_HOUR",
        description="Dollars for an hour of the machine that makes them, for `GET /voice-onboarding/stats`.",
    )
    api_key: SecretStr | None = Field(
        default=None,
        validation_alias="VOICEWRIGHT_API_KEY",
        description="API key with which `voicewright smoke` calls the service.",
    )
