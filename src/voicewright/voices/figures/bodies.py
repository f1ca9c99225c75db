"""What requests about the figures of voices say: camelCase, and every value is checked."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, Field, Strict

from voicewright.voices.bodies import Body, OwnerBody, Score, Text
from voicewright.voices.figures.selection import Criteria

LONGEST_LATENCY_MS = 3_600_000
Latency = Annotated[float, Strict(), Field(gt=0, le=LONGEST_LATENCY_MS)]

_IDS = ["6f1c9a52-8a3e-4b61-9f0e-2f9d6f1f7a11", "0d5b7a3e-52c1-4d0a-8a54-1f7c5f0e9b22"]


def _each_once(ids: list[UUID]) -> list[UUID]:
    if len(set(ids)) < len(ids):
        raise ValueError("Name each voice model once")
    return ids


class RatingBody(Body):
    """What somebody thinks of a voice."""

    rating: Annotated[int, Strict()] = Field(ge=1, le=5, description="Stars.", examples=[4])


class ComparisonBody(OwnerBody):
    """Which voices to compare."""

    model_ids: Annotated[list[UUID], AfterValidator(_each_once)] = Field(
        min_length=2, max_length=10, description="All of one owner.", examples=[_IDS]
    )


class CriteriaBody(Body):
    """What the voice has to be; what is left out does not matter."""

    min_quality_score: Score | None = Field(default=None, description="0..1.", examples=[0.8])
    preferred_provider: Text | None = Field(
        default=None, description="Id of an engine whose voices come first.", examples=["builtin"]
    )
    max_latency: Latency | None = Field(
        default=None, description="Milliseconds to the first sound, on average.", examples=[1000]
    )

    def to_rule(self) -> Criteria:
        """As the rule takes them."""
        return Criteria(
            min_quality_score=self.min_quality_score,
            preferred_provider=self.preferred_provider,
            max_latency_ms=self.max_latency,
        )


class SelectionBody(OwnerBody):
    """What is looked for."""

    criteria: CriteriaBody = CriteriaBody()
