"""The figures of voices as they are told and kept: camelCase, moments in UTC, plain numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self
from uuid import UUID

from pydantic import Field

from voicewright.answers import UtcMoment, View

if TYPE_CHECKING:
    from voicewright.voices.figures.models import VoiceRating
    from voicewright.voices.figures.ratings import RatingSum
    from voicewright.voices.figures.usage import UsageSum

_LATENCY_DIGITS = 3
"""Of milliseconds: what is measured is no finer."""


def _is_unknown(value: object) -> bool:
    return value is None


class UsageStats(View):
    """What a voice was used for, and how that went. Every average of nothing is 0."""

    model_id: UUID
    usage_count: int = Field(description="How often it spoke to the end.")
    failure_count: int = Field(description="How often it should have spoken and could not.")
    total_cost: float = Field(description="Dollars, for all uses.")
    average_latency: float = Field(description="Milliseconds to the first sound, mean of all speeches.")
    p95_latency: float = Field(description="Milliseconds within which 95 of 100 speeches began.")
    last_used: UtcMoment | None = Field(
        default=None, exclude_if=_is_unknown, description="Left out where it never spoke."
    )
    quality_rating: float = Field(description="Stars, mean of all ratings.")
    rating_count: int

    @classmethod
    def of(cls, model_id: UUID, usage: UsageSum, rating: RatingSum) -> Self:
        """From what was summed up."""
        return cls(
            model_id=model_id,
            usage_count=usage.spoken,
            failure_count=usage.failed,
            total_cost=float(usage.cost_usd),
            average_latency=round(usage.average_latency_ms, _LATENCY_DIGITS),
            p95_latency=round(usage.tail_latency_ms, _LATENCY_DIGITS),
            last_used=usage.last_used_at,
            quality_rating=round(rating.average, 2),
            rating_count=rating.count,
        )


class Analytics(View):
    """All voices of somebody together. Every average of nothing is 0."""

    total_models: int
    active_models: int
    models_by_provider: dict[str, int]
    average_quality_score: float = Field(description="0..1, mean of the voices that were judged.")
    total_usage_count: int = Field(description="How often voices spoke, those that are deleted included.")
    total_cost: float = Field(description="Dollars, for all uses.")
    storage_used_mb: float = Field(
        description="Megabytes (10^6 bytes) of all voices' files, as they are before compression; versions "
        "that share files count them each."
    )
    last_used: UtcMoment | None = Field(
        default=None, exclude_if=_is_unknown, description="Left out where no voice ever spoke."
    )


class RatingView(View):
    """What the caller thinks of a voice."""

    model_id: UUID
    rating: int = Field(description="Stars.")
    rated_at: UtcMoment

    @classmethod
    def of(cls, rating: VoiceRating) -> Self:
        """From its row."""
        return cls(model_id=rating.model_id, rating=rating.stars, rated_at=rating.at)
