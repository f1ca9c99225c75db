"""`/panel/jobs/{id}`: one training, from its first line to what came of it.

The page is drawn as the job is now and goes on from there by itself: a script follows the events after those
that are on it, and asks for the parts that the server writes (what came of it, its figures, what it said)
when these may have changed.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from itertools import starmap
from typing import TYPE_CHECKING, Annotated, Any, Final
from uuid import UUID

from fastapi import Path, Request, Response
from fastapi.responses import StreamingResponse

from voicewright.api.services import Wired
from voicewright.api.training_audio import spoken_of
from voicewright.training.making import STAGES
from voicewright.training.models import is_open
from voicewright.training.reading import LOGS_SHOWN
from voicewright.web.engine_titles import titles_of
from voicewright.web.formats import counted, duration
from voicewright.web.job_advice import advice_for_pages
from voicewright.web.language_titles import language_title
from voicewright.web.option_fields import option_title
from voicewright.web.rendering import is_partial, page_router, render
from voicewright.web.visitor import Visiting

if TYPE_CHECKING:
    from collections.abc import Iterator

    from voicewright.api.services import Services
    from voicewright.training.models import TrainingEvent, TrainingJob
    from voicewright.training.reading import Curves, JobDetails, Points
    from voicewright.web.visitor import Visitor

router = page_router()

JobId = Annotated[UUID, Path()]
_PARTS: Final = frozenset({"standing", "figures", "heard"})
"""What HTMX may ask for: ids of elements, and names of blocks."""
_LOG_LINES: Final = 1000
_MOST_CHARTS: Final = 4
_MS: Final = "Ms"
_QUALITY: Final = re.compile("quality|similarity|naturalness|clarity|consistency")
_CURVE_FROM: Final = 2
"""Both as in js/training/job-state.js."""
_STAGES: Final = {
    "listening": "Listen to the recordings",
    "words": "Recognise the words",
    "training": "Train the voice",
    "judging": "Let it speak, and judge it",
    "registering": "Register the voice",
}


@router.get("/jobs/{job_id}")
def job(request: Request, visitor: Visiting, services: Wired, job_id: JobId) -> Response:
    """The page, or the part of it that HTMX names."""
    details = services.training.get(visitor.caller, job_id)
    part = request.headers.get("hx-target", "") if is_partial(request) else ""
    found = details.job
    return render(
        request,
        "training/job.html",
        visitor,
        block=part if part in _PARTS else None,
        job=found,
        open=is_open(found.status),
        details=details,
        engine=titles_of(services, [found.provider])[found.provider],
        owner=_owner(services, visitor, found),
        language=language_title(found.language),
        advice=advice_for_pages(found.suggested_actions),
        waits_advice=advice_for_pages(details.waiting.suggested_actions if details.waiting else ()),
        quality=found.quality or {},
        heard=_heard(services, found) if part in {"", "heard"} else [],
        state=_state(details),
        charts=_charts(details.curves),
        loss_rises=_rises_again(details.curves.get("validation_loss", ())),
        earlier=len(details.logs) == LOGS_SHOWN,
        shown_options=_shown_options(found),
    )


@router.get("/jobs/{job_id}/log.txt")
def log(visitor: Visiting, services: Wired, job_id: JobId) -> Response:
    """The whole log as a file."""
    services.training.get(visitor.caller, job_id)  # refused before the first byte is sent
    return StreamingResponse(
        _lines(services, visitor, job_id),
        media_type="text/plain; charset=utf-8",
        headers={
            "Content-Disposition": f'attachment; filename="training-{job_id}.txt"',
            "Cache-Control": "no-store",
            "X-Content-Type-Options": "nosniff",
        },
    )


def _lines(services: Services, visitor: Visitor, job_id: UUID) -> Iterator[str]:
    after = 0
    while True:
        found = services.training.logs(visitor.caller, job_id, after=after, limit=_LOG_LINES)
        for event in found:
            yield f"{event.at:%Y-%m-%d %H:%M:%S} UTC  {event.level or 'info':7}  {event.message}\n"
        if len(found) < _LOG_LINES:
            return
        after = found[-1].id


def _state(details: JobDetails) -> dict[str, Any]:
    """What the script goes on from."""
    found = details.job
    return {
        "id": str(found.id),
        "name": found.name,
        "status": found.status,
        "progress": found.progress,
        "stage": found.stage,
        "stages": _stages(clones=found.clones),
        "spentMs": details.spent_ms,
        "attemptMs": _attempt_ms(found),
        "estimatedMs": found.estimated_time_ms,
        "after": details.last_event_id,
        "curves": {name: list(points) for name, points in details.curves.items()},
        "logs": [_line(event) for event in details.logs],
    }


def _attempt_ms(found: TrainingJob) -> int:
    """How long it is at it; from the progress of that the script tells what is left."""
    if found.attempt_started_at is None:
        return 0
    return max(0, round((datetime.now(UTC) - found.attempt_started_at).total_seconds() * 1000))


def _stages(*, clones: bool) -> list[dict[str, Any]]:
    """The steps of a job, each with the per cent at which it ends."""
    whole, done, stages = sum(STAGES.values()), 0.0, []
    for name, share in STAGES.items():
        done += share
        title = "Clone the voice" if clones and name == "training" else _STAGES[name]
        stages.append({"name": name, "title": title, "until": round(100 * done / whole, 1)})
    return stages


def _charts(curves: Curves) -> int:
    """How many charts the script will draw, at most so many that the page keeps room for."""
    names = [
        name
        for name, points in curves.items()
        if not name.startswith("provider_") and len(_known(points)) >= _CURVE_FROM
    ]
    drawn = {"loss" if "loss" in name else "quality" if _QUALITY.search(name) else name for name in names}
    return min(len(drawn), _MOST_CHARTS)


def _rises_again(points: Points) -> bool:
    """Whether a curve ends above its lowest value."""
    values = _known(points)
    return bool(values) and values[-1] > min(values)


def _known(points: Points) -> list[float]:
    return [value for _, value in points if value is not None]


def _line(event: TrainingEvent) -> dict[str, Any]:
    return {
        "id": event.id,
        "timestamp": event.at.isoformat(),
        "level": event.level or "info",
        "message": event.message,
    }


def _heard(services: Services, found: TrainingJob) -> list[dict[str, Any]]:
    """What the voice said, in groups with a key that stays: after its epochs, and to be judged."""
    groups: dict[str, dict[str, Any]] = {}
    for one in spoken_of(services, found):
        key = one.kind if one.epoch is None else f"epoch-{one.epoch}"
        title = "The finished voice" if one.epoch is None else f"After {counted(one.epoch, 'epoch')}"
        groups.setdefault(key, {"key": key, "title": title, "audio": []})["audio"].append(one)
    return list(groups.values())


def _owner(services: Services, visitor: Visitor, found: TrainingJob) -> str | None:
    """Whose it is, where that is not the visitor's own."""
    if found.owner_id == visitor.id:
        return None
    return services.accounts.users.labels({found.owner_id}).get(found.owner_id, "a deleted account")


def _shown_options(found: TrainingJob) -> list[tuple[str, Any]]:
    """What it was told, by name; the engine's own options among them."""
    own = found.options.get("engine", {})
    told = {name: value for name, value in {**found.options, **own}.items() if name != "engine"}
    return sorted(starmap(_shown_option, told.items()))


def _shown_option(name: str, value: Any) -> tuple[str, Any]:
    """An option as people read it: `maxTrainingTimeMs` as a time."""
    if isinstance(value, bool):
        return option_title(name), "yes" if value else "no"
    if name.endswith(_MS) and isinstance(value, int):
        return option_title(name.removesuffix(_MS)), duration(value / 1000)
    return option_title(name), "–" if value is None else value
