"""Which voices of an owner are listed, in which order, a page at a time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from sqlalchemy import func, select
from sqlalchemy.orm import aliased

from voicewright.db.patterns import contains
from voicewright.voices.finding import owned_by
from voicewright.voices.models import VoiceModel
from voicewright.voices.stock import STOCK_KEY

if TYPE_CHECKING:
    import uuid

    from sqlalchemy import ColumnElement
    from sqlalchemy.orm import Session

SortBy = Literal["createdAt", "updatedAt", "qualityScore", "name", "version"]
Order = Literal["asc", "desc"]

_SORTED: Final = {
    "createdAt": VoiceModel.created_at,
    "updatedAt": VoiceModel.updated_at,
    "qualityScore": VoiceModel.quality_score,
    "name": VoiceModel.name_key,
    "version": VoiceModel.version,
}


@dataclass(frozen=True, slots=True)
class Listing:
    """What is asked for.

    Attributes:
        provider: only those of this engine.
        is_active: only the active one, or only the others.
        min_quality_score: only those judged at least so good.
        language: only those that speak this one.
        is_stock: only an engine's own voices, or only those that were made of somebody.
        newest_only: of each voice, its newest version.
        search: only those with these words in their name or notes, in any spelling of capitals.
        sort: what they are sorted by; voices that nobody judged come last.
        order: rising or falling.
        limit: at most so many.
        offset: leave out so many.
    """

    provider: str | None = None
    is_active: bool | None = None
    min_quality_score: float | None = None
    language: str | None = None
    is_stock: bool | None = None
    newest_only: bool = False
    search: str | None = None
    sort: SortBy = "createdAt"
    order: Order = "desc"
    limit: int = 20
    offset: int = 0


def list_models(session: Session, owner_id: uuid.UUID, wanted: Listing) -> tuple[list[VoiceModel], int]:
    """A page of an owner's voices, and how many there are on all pages."""
    where = _where(owner_id, wanted)
    column = _SORTED[wanted.sort]
    ordered = column.asc() if wanted.order == "asc" else column.desc()
    if wanted.sort == "qualityScore":
        ordered = ordered.nulls_last()
    page = (
        select(VoiceModel)
        .where(where)
        .order_by(ordered, VoiceModel.created_at.desc(), VoiceModel.id)
        .limit(wanted.limit)
        .offset(wanted.offset)
    )
    total = session.scalar(select(func.count()).select_from(VoiceModel).where(where))
    return list(session.scalars(page)), total or 0


def kinds_of(session: Session, owner_id: uuid.UUID) -> list[tuple[str, str]]:
    """The pairs of engine and language that an owner's voices have."""
    query = select(VoiceModel.engine, VoiceModel.language).where(owned_by(owner_id)).distinct()
    return [(engine, language) for engine, language in session.execute(query)]


def _where(owner_id: uuid.UUID, wanted: Listing) -> ColumnElement[bool]:
    where = owned_by(owner_id)
    if wanted.provider is not None:
        where &= VoiceModel.engine == wanted.provider
    if wanted.is_active is not None:
        where &= VoiceModel.is_active.is_(wanted.is_active)
    if wanted.min_quality_score is not None:
        where &= VoiceModel.quality_score >= wanted.min_quality_score
    if wanted.language is not None:
        where &= VoiceModel.language == wanted.language
    if wanted.is_stock is not None:
        stock = VoiceModel.details.contains({STOCK_KEY: True})
        where &= stock if wanted.is_stock else ~stock
    if wanted.newest_only:
        later = aliased(VoiceModel)
        same = (later.lineage_id == VoiceModel.lineage_id) & (later.owner_id == owner_id)
        newer = same & later.deleted_at.is_(None) & (later.version > VoiceModel.version)
        where &= ~select(later.id).where(newer).exists()
    for word in (wanted.search or "").split():
        where &= contains(VoiceModel.name, word) | contains(VoiceModel.notes, word)
    return where
