"""`/panel/listening`: blind tests, from choosing who is compared to what came of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Final
from uuid import UUID

from fastapi import Path, Query, Request, Response

from voicewright.api.paging import Offset
from voicewright.api.services import Services, Wired
from voicewright.listening.bodies import MOST_SENTENCES, MOST_SIDES, USUAL_SENTENCES
from voicewright.listening.results import Result, chosen_side, result_of
from voicewright.listening.views import ListeningTestView, state_of
from voicewright.voices.listing import Listing
from voicewright.web.list_pages import check_offset
from voicewright.web.rendering import page_router, render
from voicewright.web.visitor import Visiting, Visitor

if TYPE_CHECKING:
    from voicewright.listening.models import ListeningTest
    from voicewright.listening.views import State

router = page_router()

_PAGE: Final = 10
_MOST: Final = 100
RECORDING: Final = ":recording"
"""Behind the id of a voice: its person's recordings."""


@dataclass(frozen=True, slots=True)
class Choice:
    """Somebody who may be compared."""

    value: str
    title: str


@dataclass(frozen=True, slots=True)
class TestRow:
    """A test as the list shows it."""

    test: ListeningTest
    state: State
    told: str
    """What came of it; empty where that is not known yet."""


@router.get("/listening")
def list_tests(
    request: Request,
    visitor: Visiting,
    services: Wired,
    ids: Annotated[str, Query(max_length=1000)] = "",
    offset: Offset = 0,
) -> Response:
    """Make a test, and the list of those that were made."""
    voices, shared, recordings = _choices(services, visitor)
    known = {one.value for one in (*voices, *shared, *recordings)}
    wanted = [one for one in ids.split(",") if one in known][:MOST_SIDES]
    if not wanted and voices:
        wanted = [voices[0].value]
    if len(wanted) == 1:
        wanted += [one.value for one in (*voices, *recordings, *shared) if one.value != wanted[0]][:1]
    found, total = services.listening.page(visitor.id, limit=_PAGE, offset=offset)
    check_offset(offset, _PAGE, total)
    return render(
        request,
        "listening/tests.html",
        visitor,
        groups=[
            ("Your voices", voices),
            ("The real recordings", recordings),
            ("Shared with you", shared),
        ],
        can_compare=len(known) > 1,
        wanted=wanted,
        most_sides=MOST_SIDES,
        most_sentences=MOST_SENTENCES,
        usual_sentences=USUAL_SENTENCES,
        tests=[_row(test) for test in found],
        total=total,
        offset=offset,
        limit=_PAGE,
    )


@router.get("/listening/{testId}")
def show(
    request: Request,
    visitor: Visiting,
    services: Wired,
    test_id: Annotated[UUID, Path(alias="testId")],
) -> Response:
    """One test: being spoken, listened to, or told."""
    found = services.listening.get(visitor.id, test_id)
    if found.finished_at is not None:
        return render(
            request,
            "listening/result.html",
            visitor,
            test=found,
            result=result_of(found),
            labels=[side.label for side in found.sides],
            chosen={trial.number: chosen_side(trial) for trial in found.trials},
            again=",".join(
                f"{side.model_id}{RECORDING if side.kind == 'recording' else ''}" for side in found.sides
            ),
        )
    return render(
        request,
        "listening/room.html",
        visitor,
        test=found,
        state=state_of(found),
        shown=ListeningTestView.of(found).model_dump(mode="json", by_alias=True),
    )


def _choices(services: Services, visitor: Visitor) -> tuple[list[Choice], list[Choice], list[Choice]]:
    own, _ = services.registry.list_models(visitor.caller, visitor.id, Listing(limit=_MOST))
    others, _ = services.sharing.shared_with(visitor.caller, visitor.id, limit=_MOST, offset=0)
    recorded = services.listening.recorded_speakers(visitor.id)
    people = {voice.lineage_id: voice for voice in reversed(own) if voice.speaker_key in recorded}
    return (
        [Choice(str(voice.id), voice.label) for voice in own],
        [
            Choice(str(one.voice.id), f"{one.voice.label}, from {one.owner_name or 'somebody'}")
            for one in others
            if one.share.permission == "use"
        ],
        [
            Choice(f"{voice.id}{RECORDING}", f"{voice.name}, recordings of the person")
            for voice in reversed(people.values())
        ],
    )


def _row(test: ListeningTest) -> TestRow:
    state = state_of(test)
    return TestRow(test, state, _in_short(result_of(test)) if state == "finished" else "")


def _in_short(result: Result) -> str:
    """What came of a test in a few words."""
    if len(result.pairs) > 1:
        best = max(result.sides, key=lambda side: side.wins)
        return f"{best.label} was preferred most often, {best.wins} times"
    pair = result.pairs[0]
    found, first = pair.preference, result.sides[pair.first].label
    return {
        "preferred": f"{first} is better: {found.wins} of {found.decided}",
        "unsure": f"{first} leads, {found.wins} of {found.decided}: not enough to be sure",
        "equal": f"Neither is preferred, {found.wins} each",
        "undecided": "No difference was heard",
    }[pair.outcome]
