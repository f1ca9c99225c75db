"""What is known of voices from their use: statistics, analytics, ratings, comparisons, the best one."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select

from voicewright.accounts.policies import require_own_id
from voicewright.engines.errors import EngineNotFound
from voicewright.engines.registry import get_engine
from voicewright.errors import FieldFault
from voicewright.voices.acts import note_reading
from voicewright.voices.caching import ANALYTICS, STATISTICS
from voicewright.voices.errors import VoiceProviderUnknown
from voicewright.voices.figures.comparison import best_of, differences, facts_of
from voicewright.voices.figures.ratings import put_rating, rating_by, ratings_of, remove_rating
from voicewright.voices.figures.selection import Candidate, Criteria, select_best
from voicewright.voices.figures.usage import DayOfUse, sum_of_owner, sums_of_models, uses_by_day
from voicewright.voices.figures.views import Analytics, UsageStats
from voicewright.voices.finding import owned_by
from voicewright.voices.models import VoiceModel
from voicewright.voices.owners import owner_of
from voicewright.voices.sharing.access import find_model, not_found

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from voicewright.accounts.caller import Caller
    from voicewright.db.server import Database
    from voicewright.engines.port import EngineInfo
    from voicewright.voices.figures.models import VoiceRating
    from voicewright.voices.limits import ModelLimits

_MB = 10**6


@dataclass(frozen=True, slots=True)
class Comparison:
    """Some voices of one owner side by side, in the order in which they were asked for.

    Attributes:
        voices: with what they were used for.
        differences: each fact in which they do not agree, with what it is for each of them in that order.
        best: the best of them for each criterion that at least one was measured by.
    """

    voices: tuple[tuple[VoiceModel, UsageStats], ...]
    differences: Mapping[str, Sequence[Any]]
    best: Mapping[str, uuid.UUID]


@dataclass(frozen=True, slots=True)
class Selection:
    """The best voice of somebody, with what it was used for, and why it is the best."""

    voice: VoiceModel
    stats: UsageStats
    reasons: tuple[str, ...]


class FigureService:
    """The figures of everybody's voices, for who may see them.

    Every method raises `VoiceNotFound` where the caller may not see a voice, `NotAllowed` where a user id is
    somebody else's, and the errors of `db.errors` when the database is away.

    Args:
        database: open.
        limits: how often analytics are asked for.
        engines: finds an engine by its id.
    """

    def __init__(
        self, database: Database, limits: ModelLimits, *, engines: Callable[[str], EngineInfo] = get_engine
    ) -> None:
        self._database = database
        self._limits = limits
        self._engines = engines

    def usage_stats(self, caller: Caller, model_id: uuid.UUID) -> UsageStats:
        """What one of the caller's voices was used for."""
        with self._database.session() as session:
            voice = find_model(session, caller, model_id, need="own")
            stats = stats_of(session, [voice.id])[voice.id]
            note_reading(session, caller, "usage", voice.owner_id, voice.id)
            return stats

    def analytics(self, caller: Caller, owner_id: uuid.UUID) -> Analytics:
        """All voices of somebody together.

        Raises:
            RateLimited: the caller has asked too often within an hour.
        """
        require_own_id(caller, owner_id)
        self._limits.analytics(caller)
        with self._database.session() as session:
            answer = analytics_of(session, owner_id)
            note_reading(session, caller, "analytics", owner_id)
            return answer

    def rate(self, caller: Caller, model_id: uuid.UUID, stars: int) -> VoiceRating:
        """Say what one thinks of a voice that one may use, 1 to 5; a second time replaces the first."""
        with self._database.session() as session:
            voice = find_model(session, caller, model_id, need="use")
            rating = put_rating(session, voice, user_id=caller.user_id, stars=stars)
            note_reading(session, caller, "rate", voice.owner_id, voice.id, stars=stars)
            return rating

    def my_rating(self, caller: Caller, model_id: uuid.UUID) -> int | None:
        """How many stars the caller gave a voice that they may see; None: they gave none."""
        with self._database.session() as session:
            find_model(session, caller, model_id, need="read")
            return rating_by(session, model_id, caller.user_id)

    def uses_by_day(self, caller: Caller, model_id: uuid.UUID, *, days: int) -> list[DayOfUse]:
        """On which of the last days one of the caller's voices was used, and how often."""
        since = datetime.now(UTC) - timedelta(days=days)
        with self._database.session() as session:
            find_model(session, caller, model_id, need="own")
            return uses_by_day(session, model_id, since)

    def unrate(self, caller: Caller, model_id: uuid.UUID) -> None:
        """Take back what one said of a voice; nothing happens where one said nothing."""
        with self._database.session() as session:
            voice = find_model(session, caller, model_id, need="use")
            remove_rating(session, voice, user_id=caller.user_id)
            note_reading(session, caller, "rate", voice.owner_id, voice.id, stars=None)

    def compare(
        self, caller: Caller, model_ids: Sequence[uuid.UUID], *, owner_id: uuid.UUID | None = None
    ) -> Comparison:
        """Put voices of one owner side by side.

        Args:
            caller: who asks.
            model_ids: which ones.
            owner_id: whose; by default that of the first one, which is the caller unless they administer.
        """
        if owner_id is not None:
            require_own_id(caller, owner_id)
        with self._database.session() as session:
            if owner_id is None:
                owner_id = find_model(session, caller, model_ids[0], need="own").owner_id
            mine = owned_by(owner_id) & VoiceModel.id.in_(model_ids)
            known = {voice.id: voice for voice in session.scalars(select(VoiceModel).where(mine))}
            for model_id in model_ids:
                if model_id not in known:
                    raise not_found(model_id)
            voices = [known[model_id] for model_id in model_ids]
            stats = stats_of(session, model_ids)
            models = [str(voice.id) for voice in voices]
            note_reading(session, caller, "compare", owner_id, models=models)
        return Comparison(
            voices=tuple((voice, stats[voice.id]) for voice in voices),
            differences=differences([facts_of(voice) for voice in voices]),
            best=best_of({voice.id: voice.quality_score for voice in voices}, stats),
        )

    def select_best(
        self, caller: Caller, criteria: Criteria, *, owner_id: uuid.UUID | None = None
    ) -> Selection:
        """The best of somebody's voices for a purpose; the rule is `voices.figures.selection`'s.

        Raises:
            NoMatchingVoice: none meets the criteria.
            VoiceProviderUnknown: the preferred provider is neither an engine nor any of these voices'.
        """
        owner_id = owner_of(caller, owner_id)
        with self._database.session() as session:
            told = (VoiceModel.id, VoiceModel.engine, VoiceModel.quality_score, VoiceModel.created_at)
            complete = owned_by(owner_id) & (VoiceModel.status == "completed")
            rows = session.execute(select(*told).where(complete)).all()
            if criteria.preferred_provider not in {None, *(row[1] for row in rows)}:
                self._check_provider(str(criteria.preferred_provider))
            stats = stats_of(session, [row[0] for row in rows])
            choice = select_best([_candidate(*row, stats[row[0]]) for row in rows], criteria)
            voice = session.get_one(VoiceModel, choice.id)
            note_reading(session, caller, "select", owner_id, choice.id)
        return Selection(voice, stats[voice.id], choice.reasons)

    def _check_provider(self, name: str) -> None:
        try:
            self._engines(name)
        except EngineNotFound as error:
            fault = FieldFault("criteria.preferredProvider", error.message)
            raise VoiceProviderUnknown(error.message, fields=[fault]) from error


def stats_of(session: Session, model_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, UsageStats]:
    """The statistics of voices, from the cache where it has them; who may see them was asked before."""
    if not model_ids:
        return {}

    def compute(missing: Collection[uuid.UUID]) -> dict[uuid.UUID, dict[str, Any]]:
        usage, ratings = sums_of_models(session, missing), ratings_of(session, missing)
        stats = [UsageStats.of(one, usage[one], ratings[one]) for one in missing]
        return {each.model_id: each.model_dump(mode="json") for each in stats}

    kept = STATISTICS.answers(session, {one: f"voice_stats:{one}" for one in model_ids}, compute)
    return {model_id: UsageStats.model_validate(answer) for model_id, answer in kept.items()}


def analytics_of(session: Session, owner_id: uuid.UUID) -> Analytics:
    """The analytics of an owner, from the cache where it has them; who may see them was asked before."""

    def compute(_: Collection[uuid.UUID]) -> dict[uuid.UUID, dict[str, Any]]:
        return {owner_id: compute_analytics(session, owner_id).model_dump(mode="json")}

    kept = ANALYTICS.answers(session, {owner_id: f"voice_analytics:{owner_id}"}, compute)
    return Analytics.model_validate(kept[owner_id])


def compute_analytics(session: Session, owner_id: uuid.UUID) -> Analytics:
    """The analytics of an owner as they are now."""
    rows = session.execute(
        select(
            VoiceModel.engine.label("provider"),
            func.count().label("models"),
            func.count().filter(VoiceModel.is_active).label("active"),
            func.count(VoiceModel.quality_score).label("judged"),
            func.coalesce(func.sum(VoiceModel.quality_score), 0.0).label("quality"),
            func.sum(VoiceModel.stored_bytes).label("stored_bytes"),
        )
        .where(owned_by(owner_id))
        .group_by(VoiceModel.engine)
        .order_by(VoiceModel.engine)
    ).all()
    judged = sum(row.judged for row in rows)
    usage = sum_of_owner(session, owner_id)
    return Analytics(
        total_models=sum(row.models for row in rows),
        active_models=sum(row.active for row in rows),
        models_by_provider={row.provider: row.models for row in rows},
        average_quality_score=round(sum(row.quality for row in rows) / judged, 4) if judged else 0.0,
        total_usage_count=usage.spoken,
        total_cost=float(usage.cost_usd),
        storage_used_mb=round(float(sum(row.stored_bytes for row in rows)) / _MB, 3),
        last_used=usage.last_used_at,
    )


def _candidate(
    model_id: uuid.UUID, provider: str, quality_score: float | None, created_at: datetime, stats: UsageStats
) -> Candidate:
    latency_ms = stats.average_latency if stats.usage_count else None
    return Candidate(model_id, provider, quality_score, latency_ms, created_at)
