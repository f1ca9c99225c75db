"""What voices differ in, and which of them is the best at what: pure rules."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from voicewright.voices.figures.views import UsageStats
    from voicewright.voices.models import VoiceModel

_TOLD: Final = {
    "name": "name",
    "version": "version",
    "lineageId": "lineage_id",
    "parentId": "parent_id",
    "provider": "engine",
    "engineVersion": "engine_version",
    "codeVersion": "code_version",
    "language": "language",
    "sampleRate": "sample_rate_hz",
    "qualityScore": "quality_score",
    "status": "status",
    "isActive": "is_active",
    "trainingJobId": "training_job_id",
    "datasetHash": "dataset_hash",
    "options": "options",
    "speechSeconds": "speech_s",
    "trainingSeconds": "train_s",
    "storedBytes": "stored_bytes",
    "notes": "notes",
    "metadata": "details",
}
"""What is compared, by the names that a voice model's view has for it, and those of the table's columns."""


def facts_of(voice: VoiceModel) -> dict[str, Any]:
    """What can be compared of a voice, ready for JSON."""
    facts = {told: getattr(voice, name) for told, name in _TOLD.items()}
    return {told: str(fact) if isinstance(fact, uuid.UUID) else fact for told, fact in facts.items()}


def differences(facts: Sequence[Mapping[str, Any]]) -> dict[str, list[Any]]:
    """Each fact in which not all voices agree, with what it is for each of them, in their order."""
    found = {name: [known[name] for known in facts] for name in (facts[0] if facts else ())}
    return {name: values for name, values in found.items() if any(value != values[0] for value in values)}


def best_of(
    quality_scores: Mapping[uuid.UUID, float | None], stats: Mapping[uuid.UUID, UsageStats]
) -> dict[str, uuid.UUID]:
    """The best voice for each criterion that at least one of them was measured by; the first of equals."""
    spoken = {model_id: one for model_id, one in stats.items() if one.usage_count}
    figures: dict[str, dict[uuid.UUID, float]] = {
        "qualityScore": {one: score for one, score in quality_scores.items() if score is not None},
        "averageLatency": {one: -each.average_latency for one, each in spoken.items()},
        "p95Latency": {one: -each.p95_latency for one, each in spoken.items()},
        "costPerUse": {one: -each.total_cost / each.usage_count for one, each in spoken.items()},
        "qualityRating": {one: each.quality_rating for one, each in stats.items() if each.rating_count},
        "usageCount": {one: each.usage_count for one, each in spoken.items()},
    }
    return {name: max(known, key=known.__getitem__) for name, known in figures.items() if known}
