"""`/training`: start, watch, cancel and retry trainings; `training_events` has the streams."""

from __future__ import annotations

from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Body, Depends, Header, Path, Query, Response

from voicewright.accounts.caller import Caller, Scope
from voicewright.api.caller import calling
from voicewright.api.paging import Limit, Offset
from voicewright.api.problems import refusals
from voicewright.api.services import Wired
from voicewright.training.estimate_view import EstimateView
from voicewright.training.schemas import AgainBody, TrainingRequestBody, UserIdBody
from voicewright.training.service import Started
from voicewright.training.views import (
    ChangedJobView,
    JobPageView,
    JobView,
    LogPageView,
    StartedJobView,
    StartedView,
    StatisticsView,
)

Reader = Annotated[Caller, Depends(calling(Scope.TRAINING_READ))]
Writer = Annotated[Caller, Depends(calling(Scope.TRAINING_WRITE))]
UserId = Annotated[UUID | None, Query(alias="userId", description="Your own id, if any.")]
IdempotencyKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=255,
        pattern=r"^[\x21-\x7e]+$",
        description="Your own name for this request: sent again with the same body, it answers the same and "
        "starts nothing new.",
    ),
]

_EXAMPLES: Final = {
    "samples": {
        "summary": "From samples",
        "value": {
            "voiceSampleIds": ["6f1c9a52-8a3e-4b61-9f0e-2f9d6f1f7a11"],
            "provider": "builtin",
            "priority": 50,
            "options": {"epochs": 100, "batchSize": 16, "learningRate": 0.001, "qualityThreshold": 0.8},
        },
    },
    "dataset": {
        "summary": "From a dataset, at night, as the engine thinks best",
        "value": {"datasetName": "my_voice", "provider": "builtin", "schedule": "off-peak"},
    },
    "engines": {
        "summary": "With several engines, of the same samples",
        "value": {"datasetName": "my_voice", "providers": ["builtin", "xtts-v2"], "name": "My voice"},
    },
}
_STARTED: Final = {
    "Location": {"description": "Of the job.", "schema": {"type": "string"}},
    "Idempotency-Replayed": {
        "description": "`true`: an earlier request with this key has started the job.",
        "schema": {"type": "string", "enum": ["true"]},
    },
}
RequestBody = Annotated[TrainingRequestBody, Body(openapi_examples=_EXAMPLES)]
OptionalBody = Annotated[UserIdBody | None, Body()]

router = APIRouter(prefix="/training", tags=["training"])


def _changed(message: str, status: str) -> dict[str, Any]:
    """What the document shows as the answer about a job that changed."""
    example = {"jobId": "6f1c9a52-8a3e-4b61-9f0e-2f9d6f1f7a11", "message": message, "status": status}
    return {"content": {"application/json": {"example": example}}}


@router.post(
    "/start",
    status_code=201,
    summary="Start a training",
    responses={201: {"headers": _STARTED}, **refusals(402, 404, 409)},
)
def start(
    body: RequestBody,
    caller: Writer,
    services: Wired,
    response: Response,
    idempotency_key: IdempotencyKey = None,
) -> StartedView:
    """Queue a training of a voice from samples, or from a dataset; with `providers` one for each engine.

    Several are accepted together or not at all, and their voices are versions of one.

    Options that the provider can't honour are refused, never ignored (`OPTION_NOT_SUPPORTED`). Those that are
    left out are the provider's own choice: `GET /training/{jobId}` shows all that hold. What it costs is
    reserved of the budgets (402 where there is not enough) and settled when it has ended.
    """
    started = services.training.start(caller, body, idempotency_key=idempotency_key)
    response.headers["Location"] = f"/training/{started.job_id}"
    if started.repeated:
        response.headers["Idempotency-Replayed"] = "true"
    return _started_view(started)


@router.post(
    "/{jobId}/again",
    status_code=201,
    summary="Train the same with another engine",
    responses={201: {"headers": {"Location": _STARTED["Location"]}}, **refusals(402, 404, 409)},
)
def again(
    job_id: Annotated[UUID, Path(alias="jobId")],
    body: AgainBody,
    caller: Writer,
    services: Wired,
    response: Response,
) -> StartedView:
    """Queue a training of the samples of a job, whatever became of it, with the engine that is named.

    Nothing is uploaded again. The voice gets the name of the job's, so that it is the next version of it.
    """
    started = services.training.again(caller, job_id, body)
    response.headers["Location"] = f"/training/{started.job_id}"
    return _started_view(started)


@router.post("/estimate", summary="Estimate a training", responses=refusals(404))
def estimate(body: RequestBody, caller: Reader, services: Wired) -> EstimateView:
    """What a start with the same body would cost, take and give; nothing is queued.

    It also says what would make the voice better, which nodes could run it now, and whether and why a start
    would be refused.
    """
    return EstimateView.of(services.training.estimate(caller, body), services.settings)


@router.get("/stats", summary="Count trainings")
def stats(caller: Reader, services: Wired) -> StatisticsView:
    """How the queue stands and how the trainings went: your own, and for administrators all."""
    return StatisticsView.of(services.training.statistics(caller))


@router.get("/dead-letters", summary="List trainings that failed")
def dead_letters(caller: Reader, services: Wired, limit: Limit = 20, offset: Offset = 0) -> JobPageView:
    """Jobs that failed and can be retried, those that failed last first; for administrators everybody's."""
    jobs, total = services.training.dead_letters(caller, limit=limit, offset=offset)
    return JobPageView.of(jobs, total=total, limit=limit, offset=offset)


@router.get("/user/{userId}", summary="List the trainings of a user")
def jobs_of_user(
    user_id: Annotated[UUID, Path(alias="userId")],
    caller: Reader,
    services: Wired,
    limit: Limit = 20,
    offset: Offset = 0,
) -> JobPageView:
    """A page of the jobs, the newest first. Administrators may name anybody."""
    jobs, total = services.training.list_jobs(caller, owner_id=user_id, limit=limit, offset=offset)
    return JobPageView.of(jobs, total=total, limit=limit, offset=offset)


@router.get("/{jobId}", summary="Show a training", responses=refusals(404))
def job(
    job_id: Annotated[UUID, Path(alias="jobId")], caller: Reader, services: Wired, user_id: UserId = None
) -> JobView:
    """One job with its last log lines and its curves."""
    return JobView.of_details(services.training.get(caller, job_id, user_id=user_id))


@router.get("/{jobId}/logs", summary="Read the log of a training", responses=refusals(404))
def logs(
    job_id: Annotated[UUID, Path(alias="jobId")],
    caller: Reader,
    services: Wired,
    after: Annotated[int, Query(ge=0, le=2**63 - 1, description="The id of the last line seen.")] = 0,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> LogPageView:
    """A page of the log, in order."""
    found = services.training.logs(caller, job_id, after=after, limit=limit)
    return LogPageView.of(found, after=after, limit=limit)


@router.post(
    "/{jobId}/cancel",
    summary="Cancel a training",
    responses={200: _changed("Training job cancelled", "cancelled"), **refusals(404, 409)},
)
def cancel(
    job_id: Annotated[UUID, Path(alias="jobId")], caller: Writer, services: Wired, body: OptionalBody = None
) -> ChangedJobView:
    """End a job in whatever state it is; the process that trains it has ended within two seconds.

    What it has cost so far is booked. One that has ended already is a 409 that names its state.
    """
    ended = services.training.cancel(caller, job_id, user_id=None if body is None else body.user_id)
    return ChangedJobView(job_id=ended.id, message="Training job cancelled", status=ended.status)


@router.post(
    "/{jobId}/retry",
    summary="Retry a training",
    responses={200: _changed("Training job queued again", "queued"), **refusals(402, 404, 409)},
)
def retry(
    job_id: Annotated[UUID, Path(alias="jobId")], caller: Writer, services: Wired, body: OptionalBody = None
) -> ChangedJobView:
    """Queue a job that failed or was cancelled again; it goes on from its last checkpoint, if it has one.

    One that was cancelled before its time had come (`startAfter`, `schedule`) goes on waiting for it, and is
    `delayed`.
    """
    queued = services.training.retry(caller, job_id, user_id=None if body is None else body.user_id)
    return ChangedJobView(job_id=queued.id, message="Training job queued again", status=queued.status)


def _started_view(started: Started) -> StartedView:
    return StartedView(
        job_id=started.job_id,
        message="Training job created successfully",
        status=started.status,
        jobs=[
            StartedJobView(job_id=job.job_id, provider=job.provider, status=job.status)
            for job in started.jobs
        ],
    )
