"""`/voice-models/.../usage-stats` and the like: what is known of voices from their use."""

from __future__ import annotations

from typing import Annotated, Any, Self
from uuid import UUID

from fastapi import APIRouter, Path
from pydantic import Field

from voicewright.answers import View
from voicewright.api.problems import refusals
from voicewright.api.services import Wired
from voicewright.api.voice_model_routes import Reader, Writer
from voicewright.voices.figures.bodies import ComparisonBody, RatingBody, SelectionBody
from voicewright.voices.figures.service import Comparison, Selection
from voicewright.voices.figures.views import Analytics, RatingView, UsageStats
from voicewright.voices.model_paths import ModelPaths
from voicewright.voices.views import VoiceModelView

router = APIRouter(prefix="/voice-models", tags=["voice models"])


class ComparedModelView(View):
    """One of the voices that are compared."""

    model: VoiceModelView
    usage: UsageStats


class ComparisonView(View):
    """Voices side by side, in the order in which they were named."""

    models: list[ComparedModelView]
    differences: dict[str, list[Any]] = Field(
        description="Each fact in which they do not agree: what it is for each of them, in their order."
    )
    best: dict[str, UUID] = Field(
        description="The best model by each criterion that at least one was measured by: `qualityScore`, "
        "`averageLatency`, `p95Latency`, `costPerUse`, `qualityRating`, `usageCount`."
    )

    @classmethod
    def of(cls, compared: Comparison, paths: ModelPaths) -> Self:
        """Show a comparison."""
        return cls(
            models=[
                ComparedModelView(model=VoiceModelView.of(voice, paths), usage=stats)
                for voice, stats in compared.voices
            ],
            differences={name: list(facts) for name, facts in compared.differences.items()},
            best=dict(compared.best),
        )


class SelectionView(View):
    """The best voice, and why it is."""

    model: VoiceModelView
    usage: UsageStats
    reasons: list[str]

    @classmethod
    def of(cls, selected: Selection, paths: ModelPaths) -> Self:
        """Show a choice."""
        return cls(
            model=VoiceModelView.of(selected.voice, paths),
            usage=selected.stats,
            reasons=list(selected.reasons),
        )


@router.get(
    "/{modelId}/usage-stats",
    summary="Show what a voice model was used for",
    responses=refusals(404),
)
def usage_stats(
    model_id: Annotated[UUID, Path(alias="modelId")], caller: Reader, services: Wired
) -> UsageStats:
    """Of one of your own voices, with what others did with it.

    Uses that were cancelled count neither as uses nor as failures; what they cost counts.
    """
    return services.figures.usage_stats(caller, model_id)


@router.get(
    "/user/{userId}/analytics",
    summary="Show the analytics of a user's voice models",
    responses=refusals(429),
)
def analytics(user_id: Annotated[UUID, Path(alias="userId")], caller: Reader, services: Wired) -> Analytics:
    """All of your voices together. Administrators may name anybody.

    An account may ask so many times in an hour, 60 by default; those that are refused count as well.
    """
    return services.figures.analytics(caller, user_id)


@router.put("/{modelId}/rating", summary="Rate a voice model", responses=refusals(404))
def rate(
    model_id: Annotated[UUID, Path(alias="modelId")], body: RatingBody, caller: Writer, services: Wired
) -> RatingView:
    """Give a voice that you may speak with one to five stars; a second time replaces the first."""
    return RatingView.of(services.figures.rate(caller, model_id, body.rating))


@router.delete("/{modelId}/rating", status_code=204, summary="Take back a rating", responses=refusals(404))
def unrate(model_id: Annotated[UUID, Path(alias="modelId")], caller: Writer, services: Wired) -> None:
    """Nothing happens where you gave none."""
    services.figures.unrate(caller, model_id)


@router.post("/compare", summary="Compare voice models", responses=refusals(404))
def compare(body: ComparisonBody, caller: Reader, services: Wired) -> ComparisonView:
    """Two to ten of your voices side by side: their use, what differs, and which is the best at what."""
    compared = services.figures.compare(caller, body.model_ids, owner_id=body.user_id)
    return ComparisonView.of(compared, services.registry.paths)


@router.post("/select-best", summary="Select the best voice model", responses=refusals(404))
def select_best(body: SelectionBody, caller: Reader, services: Wired) -> SelectionView:
    """The best of your voices that meets the criteria; 404 with the reasons where none does.

    `minQualityScore` leaves out voices that nobody judged. A voice that has never spoken has no latency: with
    `maxLatency` it is taken only where no voice is left that was measured. `preferredProvider` puts that
    provider's voices first and leaves none out. Then the best judged wins, then the faster, then the newer.
    """
    selected = services.figures.select_best(caller, body.criteria.to_rule(), owner_id=body.user_id)
    return SelectionView.of(selected, services.registry.paths)
