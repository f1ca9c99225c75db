"""`/panel/voices/<id>`: one voice with all that its owner can do; and several side by side."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any, Final
from uuid import UUID

from fastapi import Path, Query, Request, Response

from voicewright.accounts.policies import may_see
from voicewright.api.etags import etag
from voicewright.api.services import Services, Wired
from voicewright.quality.sentences import sentence_set
from voicewright.voices.stock import STOCK_KEY
from voicewright.web.engine_titles import titles_of
from voicewright.web.language_titles import language_title
from voicewright.web.rendering import page_router, render
from voicewright.web.visitor import Visiting, Visitor
from voicewright.web.voice_cards import (
    MEANINGS,
    heard_in,
    heard_of,
    judged_by,
    other_reasons,
    parts_of,
)
from voicewright.web.voice_comparison import bars_of, lines_of

if TYPE_CHECKING:
    from voicewright.voices.figures.usage import DayOfUse
    from voicewright.voices.models import VoiceModel
    from voicewright.voices.sharing.models import VoiceShare

router = page_router()

MOST_COMPARED: Final = 4
_MOST_VERSIONS: Final = 50
_MOST_SHARES: Final = 100
_DAYS: Final = 30
_NOBODY: Final = "a deleted account"


@dataclass(frozen=True, slots=True)
class SharedWith:
    """Somebody who has a voice."""

    share: VoiceShare
    name: str


@router.get("/voices/compare")
def compare(
    request: Request,
    visitor: Visiting,
    services: Wired,
    ids: Annotated[str, Query(max_length=1000)] = "",
) -> Response:
    """Two to four voices side by side."""
    wanted = _ids(ids)
    if len(wanted) < 2:  # noqa: PLR2004 - nothing to compare
        return render(request, "voices/compare.html", visitor, voices=(), told=bool(ids))
    compared = services.figures.compare(visitor.caller, wanted)
    voices = [voice for voice, _ in compared.voices]
    labels, heard = _labels(voices), heard_in(services, visitor, voices)
    return render(
        request,
        "voices/compare.html",
        visitor,
        told=False,
        voices=voices,
        labels=labels,
        titles=titles_of(services, (voice.engine for voice in voices)),
        parts=[parts_of(voice) for voice in voices],
        bars=bars_of(voices),
        lines=lines_of(voices, [stats for _, stats in compared.voices], labels),
        heard=[heard.get(voice.id) for voice in voices],
        sentence=sentence_set(voices[0].language).sentences[0],
        language_title=language_title,
    )


@router.get("/voices/{modelId}")
def voice(
    request: Request,
    visitor: Visiting,
    services: Wired,
    model_id: Annotated[UUID, Path(alias="modelId")],
) -> Response:
    """All of one's own voice; of one that is shared, what is for others than its owner."""
    found = services.registry.get(visitor.caller, model_id)
    known: dict[str, Any] = {
        "voice": found,
        "engine": titles_of(services, [found.engine])[found.engine],
        "language": language_title(found.language),
        "heard": heard_of(services, visitor, found),
        "sample": sentence_set(found.language).sentences[0],
        "my_rating": services.figures.my_rating(visitor.caller, model_id),
        "is_stock": found.details.get(STOCK_KEY) is True,
    }
    if not may_see(visitor.caller, found.owner_id):
        share = services.sharing.shared_one(visitor.id, model_id)
        return render(request, "voices/shared.html", visitor, **known, share=share)
    return render(request, "voices/one.html", visitor, **known, **_of_owner(services, visitor, found))


def _of_owner(services: Services, visitor: Visitor, found: VoiceModel) -> dict[str, Any]:
    """What only the owner of a voice sees."""
    caller = visitor.caller
    versions, total = services.versions.list_versions(caller, found.id, limit=_MOST_VERSIONS, offset=0)
    shares, _ = services.sharing.shares_of(caller, found.id, limit=_MOST_SHARES, offset=0)
    names = services.accounts.users.known_as({share.target_user_id for share in shares})
    kin = services.versions.of_same_person(caller, found.id)
    return {
        "is_own": found.owner_id == visitor.id,
        "owner": _name(services, found.owner_id),
        "etag": etag(found.revision),
        "parts_found": parts_of(found),
        "meanings": MEANINGS,
        "more_reasons": other_reasons(found),
        "sentences": judged_by(found),
        "versions": versions,
        "versions_total": total,
        "chart": _chart(versions),
        "kin": kin,
        "kin_titles": titles_of(services, (one.engine for one in kin)),
        "stats": services.figures.usage_stats(caller, found.id),
        "uses": _filled(services.figures.uses_by_day(caller, found.id, days=_DAYS), datetime.now(UTC)),
        "shares": [SharedWith(share, names.get(share.target_user_id, _NOBODY)) for share in shares],
        "expires_at": services.cleanup.due_of([found]).get(found.id),
        "kept_days": services.settings.deleted_retention_days,
        "language_title": language_title,
    }


def _chart(versions: list[VoiceModel]) -> dict[str, Any]:
    """The scores of the versions, the oldest first, as the script draws them."""
    judged = [one for one in reversed(versions) if one.quality_score is not None]
    evaluations = [one.evaluation or {} for one in judged]
    names = ("similarity", "naturalness", "clarity", "consistency")
    return {
        "versions": [one.version for one in judged],
        "overall": [one.quality_score for one in judged],
        **{name: [one.get(name) for one in evaluations] for name in names},
    }


def _filled(days: list[DayOfUse], now: datetime) -> dict[str, list[Any]]:
    """Every one of the last days, also those on which nothing was said."""
    known = {one.day: one for one in days}
    every = [(now - timedelta(days=back)).date() for back in range(_DAYS - 1, -1, -1)]
    return {
        "days": [int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()) for day in every],
        "spoken": [known[day].spoken if day in known else 0 for day in every],
        "failed": [known[day].failed if day in known else 0 for day in every],
    }


def _name(services: Services, user_id: UUID) -> str:
    """What somebody is called, or how their address begins: nobody can write to that."""
    return services.accounts.users.known_as([user_id]).get(user_id, _NOBODY)


def _ids(written: str) -> list[UUID]:
    """Those of a query, each once; what is no id is passed over."""
    found: list[UUID] = []
    for one in written.split(","):
        try:
            found.append(UUID(one.strip()))
        except ValueError:
            continue
    return list(dict.fromkeys(found))[:MOST_COMPARED]


def _labels(voices: list[VoiceModel]) -> list[str]:
    """Names that tell them apart: with the version where two have one name."""
    names = [voice.name for voice in voices]
    return [
        f"{voice.name} v{voice.version}" if names.count(voice.name) > 1 else voice.name for voice in voices
    ]
