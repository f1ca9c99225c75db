"""`/listening-tests`: blind comparisons of voices, from making one to its result."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Annotated, Final, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Response

from voicewright.accounts.caller import Caller, Scope
from voicewright.api.caller import calling
from voicewright.api.paging import Limit, Offset
from voicewright.api.passing_file import PassingFile
from voicewright.api.problems import refusals
from voicewright.api.services import Wired
from voicewright.api.voice_requests import count_voice_request
from voicewright.listening.bodies import MOST_TRIALS, NewListeningTestBody, VoteBody
from voicewright.listening.export import as_csv
from voicewright.listening.results import result_of
from voicewright.listening.views import (
    ListeningResultView,
    ListeningTestPageView,
    ListeningTestView,
)
from voicewright.speech.keeping import scratch

_TABLE: Final = (
    "trial,sentence,a,b,choice,preferred,naturalness_a,naturalness_b,voted_at\r\n"
    '1,"Hello, world!","Ann, version 2","Ann, version 1",a,"Ann, version 2",4,3,2025-01-15T10:30:00Z\r\n'
)
router = APIRouter(prefix="/listening-tests", tags=["blind tests"])

Listener = Annotated[Caller, Depends(calling(Scope.SPEECH))]
Number = Annotated[int, Path(ge=1, le=MOST_TRIALS, description="Of the trial: 1, 2, 3.")]


@router.post(
    "",
    status_code=201,
    summary="Make a blind test",
    responses={
        201: {"headers": {"Location": {"description": "Of the test.", "schema": {"type": "string"}}}},
        **refusals(403, 404, 429),
    },
)
def create(
    body: NewListeningTestBody, caller: Listener, services: Wired, response: Response
) -> ListeningTestView:
    """Compare two to four voices, versions, or a voice and the recordings of its person.

    Every sentence is heard by every pair of them, in an order that chance decides now: each is A in half of
    its trials. Who is who is told when the test is finished. `POST /listening-tests/{testId}/prepare` has the
    sentences spoken. It counts among the requests about voices that an account may send in an hour.
    """
    count_voice_request(services, caller)
    test = services.listening.create(caller.user_id, body)
    response.headers["Location"] = f"/listening-tests/{test.id}"
    return ListeningTestView.of(test)


@router.get("", summary="List your blind tests")
def list_tests(
    caller: Listener, services: Wired, limit: Limit = 20, offset: Offset = 0
) -> ListeningTestPageView:
    """The newest first. They are kept as long as the history of what was spoken."""
    found, total = services.listening.page(caller.user_id, limit=limit, offset=offset)
    return ListeningTestPageView.of(found, total=total, limit=limit, offset=offset)


@router.get("/{testId}", summary="Show a blind test", responses=refusals(404))
def show(
    test_id: Annotated[UUID, Path(alias="testId")], caller: Listener, services: Wired
) -> ListeningTestView:
    """Its trials and what was chosen, without who is who."""
    return ListeningTestView.of(services.listening.get(caller.user_id, test_id))


@router.delete("/{testId}", status_code=204, summary="Delete a blind test", responses=refusals(404))
def delete(test_id: Annotated[UUID, Path(alias="testId")], caller: Listener, services: Wired) -> None:
    """With its sounds and votes; this can't be undone."""
    services.listening.delete(caller.user_id, test_id)


@router.post(
    "/{testId}/prepare",
    summary="Have the next sentence of a blind test spoken",
    responses=refusals(403, 404, 409, 429, 507),
)
def prepare(
    test_id: Annotated[UUID, Path(alias="testId")], caller: Listener, services: Wired
) -> ListeningTestView:
    """One sentence by everybody who is compared; call it until `state` is `ready`.

    All of a sentence are made equally loud and equally long before and behind what is said. Each voice
    speaks as it is: no other one stands in for it, and nothing is said again. What is spoken is marked. It is
    not in the history, and the files have no manifest: both would tell who speaks.
    """
    return ListeningTestView.of(services.listening.prepare(caller.user_id, test_id))


@router.get(
    "/{testId}/trials/{number}/sounds/{letter}",
    summary="Hear A or B",
    response_class=Response,
    responses={
        200: {"description": "FLAC.", "content": {"audio/flac": {}}},
        206: {"description": "The part of it that `Range` asks for.", "content": {"audio/flac": {}}},
        **refusals(404, 409, 507),
    },
)
def sound(
    test_id: Annotated[UUID, Path(alias="testId")],
    number: Number,
    letter: Literal["a", "b"],
    caller: Listener,
    services: Wired,
) -> Response:
    """One of the two sounds of a trial; a vote takes that both were asked for, heard to the end or not."""
    with ExitStack() as opened:
        folder = opened.enter_context(scratch(services.listening.work_dir))
        path = folder / "sound.flac"
        services.listening.hear(caller.user_id, test_id, number, letter, path)
        return PassingFile(path, "flac", f"trial-{number}-{letter}", headers={}, folder=opened.pop_all())


@router.put("/{testId}/trials/{number}/vote", summary="Vote on a trial", responses=refusals(404, 409))
def vote(
    test_id: Annotated[UUID, Path(alias="testId")],
    number: Number,
    body: VoteBody,
    caller: Listener,
    services: Wired,
) -> ListeningTestView:
    """Say which was better; a second time replaces the first, until the test is finished."""
    return ListeningTestView.of(services.listening.vote(caller.user_id, test_id, number, body))


@router.post("/{testId}/finish", summary="Finish a blind test", responses=refusals(404, 409))
def finish(
    test_id: Annotated[UUID, Path(alias="testId")], caller: Listener, services: Wired
) -> ListeningResultView:
    """Tell what came of it and who was who; no vote counts after that. Trials without a vote do not count."""
    test = services.listening.finish(caller.user_id, test_id)
    return ListeningResultView.of(test, result_of(test))


@router.get("/{testId}/result", summary="Show the result of a blind test", responses=refusals(404, 409))
def result(
    test_id: Annotated[UUID, Path(alias="testId")], caller: Listener, services: Wired
) -> ListeningResultView:
    """Of a finished test: who was preferred how often, how sure that is, and who was who."""
    test = services.listening.finished(caller.user_id, test_id)
    return ListeningResultView.of(test, result_of(test))


@router.get(
    "/{testId}/votes.csv",
    summary="Export the votes of a blind test",
    response_class=Response,
    responses={
        200: {
            "description": "A row for each trial.",
            "content": {"text/csv": {"schema": {"type": "string"}, "example": _TABLE}},
            "headers": {"Content-Disposition": {"description": "A file name.", "schema": {"type": "string"}}},
        },
        **refusals(404, 409),
    },
)
def votes(test_id: Annotated[UUID, Path(alias="testId")], caller: Listener, services: Wired) -> Response:
    """Of a finished test, as a table: sentence, who A and B were, and what was chosen."""
    test = services.listening.finished(caller.user_id, test_id)
    disposition = f'attachment; filename="blind-test-{test.id}.csv"'
    return Response(as_csv(test), media_type="text/csv", headers={"Content-Disposition": disposition})
