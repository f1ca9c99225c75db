"""`/panel`: where somebody stands and what to do next."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from fastapi import APIRouter, Request, Response

from voicewright.api.services import Wired
from voicewright.monitoring.alerts import list_alerts
from voicewright.speech.history import Search
from voicewright.speech.history_views import SynthesisView
from voicewright.speech.long.views import LongSpeechView
from voicewright.training.listing import Wanted
from voicewright.web.formats import counted, duration
from voicewright.web.job_stream import mark_of
from voicewright.web.rendering import PREFIX, PageRoute, is_partial, page_router, redirect, render
from voicewright.web.speaking_voices import voices_of
from voicewright.web.visitor import Visiting

if TYPE_CHECKING:
    from collections.abc import Sequence

    from voicewright.api.services import Services
    from voicewright.monitoring.models import Alert
    from voicewright.training.models import TrainingJob
    from voicewright.training.stats import Statistics
    from voicewright.web.speaking_voices import SpeakingVoice
    from voicewright.web.visitor import Visitor

router = page_router()
front_door = APIRouter(route_class=PageRoute, include_in_schema=False)

_GOING: Final = 20
"""Jobs that go on, and long texts: so many of the newest are shown."""
_SAID: Final = 2
_ALERTS: Final = 3


@dataclass(frozen=True, slots=True)
class Step:
    """One of the four on the way from recordings to speech."""

    title: str
    path: str
    icon: str
    text: str
    """What it is for, for those who have not taken it."""
    action: str
    so_far: str
    """How far somebody has come; empty: they have not begun."""


@dataclass(frozen=True, slots=True)
class Going:
    """What goes on now: trainings, and long texts that are spoken."""

    jobs: Sequence[TrainingJob]
    texts: Sequence[LongSpeechView]
    jobs_ever: int
    more_jobs: int
    """That go on and are not shown."""
    more_texts: int
    mark: str
    """Of the jobs, for the stream that tells how they change."""


@dataclass(frozen=True, slots=True)
class Installation:
    """What administrators see of it."""

    statistics: Statistics
    alerts: Sequence[Alert]
    alerts_open: int


@front_door.get("/")
async def front(request: Request) -> Response:
    """Lead a browser to the panel."""
    return redirect(request, PREFIX)


@router.get("")
def home(request: Request, visitor: Visiting, services: Wired) -> Response:
    """The way from recordings to speech, with how far somebody has come; HTMX takes what goes on."""
    going = _going(services, visitor)
    if is_partial(request):
        return render(request, "home.html", visitor, block="now", going=going)
    voices = voices_of(services, visitor.id)
    entries, said = services.history.search(visitor.id, Search(limit=_SAID))
    steps = _steps(services, visitor, voices, going, said)
    return render(
        request,
        "home.html",
        visitor,
        going=going,
        steps=steps,
        next_step=next((step for step in steps if not step.so_far), None),
        is_new=not any(step.so_far for step in steps),
        voice=_speaks(voices),
        entries=[SynthesisView.of(entry) for entry in entries],
        said=said,
        most=services.settings.max_synthesis_text_length,
        installation=_installation(services, visitor) if visitor.is_admin else None,
    )


def _going(services: Services, visitor: Visitor) -> Going:
    page = services.training.browse(visitor.caller, Wanted(visitor.id, "open"), limit=_GOING, offset=0)
    texts, texts_open = services.long.page(visitor.id, limit=_GOING, offset=0, open_only=True)
    return Going(
        page.jobs,
        [LongSpeechView.of(shown) for shown in texts],
        jobs_ever=sum(page.counts.values()),
        more_jobs=page.total - len(page.jobs),
        more_texts=texts_open - len(texts),
        mark=mark_of(page.standing),
    )


def _speaks(voices: Sequence[SpeakingVoice]) -> SpeakingVoice | None:
    """The one that the page offers: the active one, or the first that can speak here."""
    ready = [one for one in voices if not one.fault]
    return ready[0] if ready else None


def _steps(
    services: Services, visitor: Visitor, voices: Sequence[SpeakingVoice], going: Going, said: int
) -> list[Step]:
    singles = services.samples.list_singles(visitor.id, limit=1)[1]
    totals = services.datasets.totals(visitor.id)
    recordings = singles + totals.files
    own = sum(one.voice.owner_id == visitor.id and not one.is_older for one in voices)
    trained = counted(own, "voice") if own else ("in training" if going.jobs else "")
    return [
        Step(
            "Record or upload",
            "/panel/record",
            "mic",
            "Read prompted sentences aloud, or bring recordings. Three minutes make a good voice.",
            "Record",
            counted(recordings, "recording") if recordings else "",
        ),
        Step(
            "Look over the dataset",
            "/panel/datasets",
            "folder-open",
            "See which recordings help and which hurt, and put right what they say.",
            "Open datasets",
            f"{counted(totals.datasets, 'dataset')}, {duration(totals.speech_s)} of speech"
            if totals.datasets
            else "",
        ),
        Step(
            "Train",
            "/panel/train",
            "sparkles",
            "Choose an engine, see what it takes and costs, and watch the voice being made.",
            "Train a voice",
            trained,
        ),
        Step(
            "Speak",
            "/panel/speak",
            "message-square-text",
            "Have your voice say anything, and hear it while it is being made.",
            "Speak",
            counted(said, "text said", "texts said") if said else "",
        ),
    ]


def _installation(services: Services, visitor: Visitor) -> Installation:
    with services.database.session() as session:
        alerts, total = list_alerts(session, is_open=True, limit=_ALERTS, offset=0)
    return Installation(services.training.statistics(visitor.caller), alerts, total)
