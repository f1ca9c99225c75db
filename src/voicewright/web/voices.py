"""`/panel/voices`: the voices that somebody has, deleted ones, imports and backups."""

from __future__ import annotations

from typing import Annotated, Final, Literal
from urllib.parse import urlencode

from fastapi import Query, Request, Response

from voicewright.api.paging import Offset
from voicewright.api.services import Services, Wired
from voicewright.quality.sentences import sentence_set
from voicewright.voices.listing import Listing, SortBy
from voicewright.web.engine_titles import titles_of
from voicewright.web.language_titles import language_options, language_title
from voicewright.web.list_pages import check_offset
from voicewright.web.rendering import is_partial, page_router, render
from voicewright.web.visitor import Visiting, Visitor
from voicewright.web.voice_cards import own_cards, shared_cards

router = page_router()

Whose = Literal["mine", "stock", "shared"]
Sort = Literal["newest", "best", "name", "changed"]
_PAGE: Final = 24
_SORTED: Final[dict[Sort, tuple[SortBy, Literal["asc", "desc"]]]] = {
    "newest": ("createdAt", "desc"),
    "best": ("qualityScore", "desc"),
    "name": ("name", "asc"),
    "changed": ("updatedAt", "desc"),
}
SORTS: Final = (
    ("newest", "Newest first"),
    ("best", "Best score first"),
    ("name", "By name"),
    ("changed", "Last changed first"),
)


@router.get("/voices")
def voices(  # noqa: PLR0917 - the fields of the form
    request: Request,
    visitor: Visiting,
    services: Wired,
    whose: Whose = "mine",
    search: Annotated[str, Query(max_length=200)] = "",
    engine: Annotated[str, Query(max_length=200)] = "",
    language: Annotated[str, Query(max_length=35)] = "",
    sort: Sort = "newest",
    offset: Offset = 0,
) -> Response:
    """Cards of voices: one's own, those of engines, and what others share."""
    if whose == "shared":
        found, total = services.sharing.shared_with(visitor.caller, visitor.id, limit=_PAGE, offset=offset)
        cards = shared_cards(services, visitor, found)
    else:
        by, order = _SORTED[sort]
        wanted = Listing(
            provider=engine or None,
            language=language or None,
            is_stock=whose == "stock" or None,
            newest_only=True,
            search=search or None,
            sort=by,
            order=order,
            limit=_PAGE,
            offset=offset,
        )
        own, total = services.registry.list_models(visitor.caller, visitor.id, wanted)
        cards = own_cards(services, visitor, own)
    check_offset(offset, _PAGE, total)
    asked = {"whose": whose, "search": search, "engine": engine, "language": language, "sort": sort}
    engines, languages = _choices(services, visitor)
    return render(
        request,
        "voices/list.html",
        visitor,
        block="cards" if is_partial(request) else None,
        cards=cards,
        total=total,
        offset=offset,
        limit=_PAGE,
        asked=asked,
        query=urlencode({name: value for name, value in asked.items() if value}),
        is_filtered=bool(search or engine or language),
        sorts=SORTS,
        engines=engines,
        languages=languages,
        language_title=language_title,
        samples={card.voice.id: sentence_set(card.voice.language).sentences[0] for card in cards},
    )


@router.get("/voices/deleted")
def deleted(request: Request, visitor: Visiting, services: Wired, offset: Offset = 0) -> Response:
    """The voices that can still be brought back."""
    found, total = services.lifecycle.list_deleted(visitor.caller, visitor.id, limit=_PAGE, offset=offset)
    check_offset(offset, _PAGE, total)
    return render(
        request,
        "voices/deleted.html",
        visitor,
        voices=found,
        titles=titles_of(services, (voice.engine for voice in found)),
        total=total,
        offset=offset,
        limit=_PAGE,
        kept_days=services.settings.deleted_retention_days,
    )


@router.get("/voices/import")
def take(request: Request, visitor: Visiting) -> Response:
    """The form for an exported voice."""
    return render(request, "voices/import.html", visitor)


@router.get("/voices/backups")
def backups(request: Request, visitor: Visiting, services: Wired, offset: Offset = 0) -> Response:
    """What was backed up, and how to get it back."""
    found, total = services.copies.backups.list_backups(
        visitor.caller, visitor.id, limit=_PAGE, offset=offset
    )
    check_offset(offset, _PAGE, total)
    return render(
        request, "voices/backups.html", visitor, backups=found, total=total, offset=offset, limit=_PAGE
    )


def _choices(services: Services, visitor: Visitor) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """The engines and languages that somebody's own voices have."""
    kinds = services.registry.kinds(visitor.id)
    titles = titles_of(services, (engine for engine, _ in kinds))
    return (
        sorted(titles.items(), key=lambda pair: pair[1].casefold()),
        language_options(language for _, language in kinds),
    )
