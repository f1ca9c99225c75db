"""`/voice-models/cleanup` and what is about it: which voices go, will go soon, or can come back."""

from __future__ import annotations

from typing import Annotated, Any, Self
from uuid import UUID

from fastapi import APIRouter, Body, Depends, Path, Query, Response
from pydantic import Field, StrictBool

from voicewright.accounts.caller import Caller, Scope
from voicewright.answers import UtcMoment, View
from voicewright.api.caller import calling
from voicewright.api.paging import Limit, Offset
from voicewright.api.problems import refusals
from voicewright.api.services import Wired
from voicewright.api.voice_model_routes import Reader, Writer, show, showing
from voicewright.training.schemas import RequestModel, Whole
from voicewright.voices.cleanup.models import CleanupRun
from voicewright.voices.cleanup.service import AT_ONCE, MOST_AT_ONCE, Expiring
from voicewright.voices.models import VoiceModel
from voicewright.voices.views import VoiceModelView

router = APIRouter(prefix="/voice-models", tags=["voice models"])
admin_router = APIRouter(prefix="/voice-models/cleanup", tags=["voice model cleanup"])

Admin = Annotated[Caller, Depends(calling(Scope.ADMIN))]


class CleanupBody(RequestModel):
    """How to clean up."""

    dry_run: StrictBool = Field(default=False, description="Only tell what would go.")
    limit: Whole = Field(
        default=AT_ONCE, ge=1, le=MOST_AT_ONCE, description="Voices to take at most, the worst first."
    )


class CleanedModelView(View):
    """A voice that the cleanup looked at."""

    id: UUID
    user_id: UUID
    outcome: str = Field(description="`cleaned`; `failed`, and it is still there; in a dry run `eligible`.")
    bytes: int = Field(description="Of its files, before compression.")
    reasons: list[str]
    code: str | None = Field(description="Why it failed.")


class CleanupRunSummaryView(View):
    """A run of the cleanup, without the voices."""

    id: UUID
    dry_run: bool
    started_by: UUID | None = Field(description="The administrator; null: the schedule.")
    started_at: UtcMoment
    finished_at: UtcMoment | None = Field(description="Null while it runs.")
    eligible: int = Field(description="How many voices were eligible when it began.")
    cleaned: int
    failed: int
    bytes_freed: int = Field(
        description="Of the files of the cleaned voices, before compression; the room is free when their "
        "retention has passed, apart from what other voices share."
    )
    error: str | None = Field(description="Why it ended before its end.")

    @classmethod
    def of(cls, run: CleanupRun) -> Self:
        """From its row."""
        return cls(**_said(run))


class CleanupRunView(CleanupRunSummaryView):
    """A run of the cleanup, with the voices that it looked at."""

    models: list[CleanedModelView]

    @classmethod
    def of(cls, run: CleanupRun) -> Self:
        """From its row."""
        return cls(**_said(run), models=_told(run.report))


class CleanupRunReportView(CleanupRunSummaryView):
    """A run of the cleanup, with a page of the voices that it looked at."""

    models: list[CleanedModelView]
    total: int = Field(description="Voices that its report names, 10,000 at most.")
    limit: int
    offset: int


def _said(run: CleanupRun) -> dict[str, Any]:
    return {
        "id": run.id,
        "dry_run": run.dry_run,
        "started_by": run.started_by,
        "started_at": run.started_at,
        "finished_at": run.finished_at,
        "eligible": run.eligible,
        "cleaned": run.cleaned,
        "failed": run.failed,
        "bytes_freed": run.bytes,
        "error": run.error,
    }


def _told(report: list[dict[str, Any]]) -> list[CleanedModelView]:
    return [CleanedModelView.model_validate(each) for each in report]


class CleanupRunPageView(View):
    """A page of runs."""

    runs: list[CleanupRunSummaryView]
    total: int
    limit: int
    offset: int


class ExpiringModelView(View):
    """A voice that is going to be eligible for the cleanup, unless somebody uses or activates it."""

    id: UUID
    user_id: UUID
    name: str
    version: int
    provider: str
    quality_score: float | None
    eligible_at: UtcMoment = Field(description="From when on; this may be past.")
    reasons: list[str]

    @classmethod
    def of(cls, expiring: Expiring) -> Self:
        """From a voice and what is said of it."""
        voice = expiring.voice
        return cls(
            id=voice.id,
            user_id=voice.owner_id,
            name=voice.name,
            version=voice.version,
            provider=voice.engine,
            quality_score=voice.quality_score,
            eligible_at=expiring.due_at,
            reasons=expiring.reasons,
        )


class ExpiringModelPageView(View):
    """A page of voices that are going to be eligible."""

    models: list[ExpiringModelView]
    total: int
    limit: int
    offset: int


class DeletedModelView(View):
    """A deleted voice that can be brought back."""

    id: UUID
    user_id: UUID
    name: str
    version: int
    provider: str
    quality_score: float | None
    stored_bytes: int = Field(description="Of its files, before compression.")
    deleted_at: UtcMoment | None
    purge_at: UtcMoment | None = Field(description="When its files go, and it can't be brought back.")

    @classmethod
    def of(cls, voice: VoiceModel) -> Self:
        """From its row."""
        return cls(
            id=voice.id,
            user_id=voice.owner_id,
            name=voice.name,
            version=voice.version,
            provider=voice.engine,
            quality_score=voice.quality_score,
            stored_bytes=voice.stored_bytes,
            deleted_at=voice.deleted_at,
            purge_at=voice.purge_at,
        )


class DeletedModelPageView(View):
    """A page of deleted voices."""

    models: list[DeletedModelView]
    total: int
    limit: int
    offset: int


@admin_router.post("", summary="Clean up", responses=refusals(409))
def clean_up(
    caller: Admin, services: Wired, body: Annotated[CleanupBody | None, Body()] = None
) -> CleanupRunView:
    """Delete voices that are old, poor, not active and unused: all four.

    They can be brought back until their retention has passed. One run at a time; what it did until it was cut
    off is done, and the next one goes on.
    """
    wanted = body or CleanupBody()
    return CleanupRunView.of(services.cleanup.run(caller, dry_run=wanted.dry_run, limit=wanted.limit))


@admin_router.get("/runs", summary="List the runs of the cleanup")
def cleanup_runs(caller: Admin, services: Wired, limit: Limit = 20, offset: Offset = 0) -> CleanupRunPageView:
    """The last one first, those of the schedule too."""
    found, total = services.cleanup.runs(caller, limit=limit, offset=offset)
    runs = [CleanupRunSummaryView.of(run) for run in found]
    return CleanupRunPageView(runs=runs, total=total, limit=limit, offset=offset)


@admin_router.get("/runs/{runId}", summary="Read a run of the cleanup", responses=refusals(404))
def cleanup_run(
    run_id: Annotated[UUID, Path(alias="runId")],
    caller: Admin,
    services: Wired,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    offset: Offset = 0,
) -> CleanupRunReportView:
    """With the voices that it looked at, the worst first, page by page."""
    run = services.cleanup.get_run(caller, run_id)
    page = _told(run.report[offset : offset + limit])
    return CleanupRunReportView(**_said(run), models=page, total=len(run.report), limit=limit, offset=offset)


@router.get("/expiring", summary="List voices that are going to be cleaned up")
def expiring(
    caller: Reader,
    services: Wired,
    *,
    user_id: Annotated[UUID | None, Query(alias="userId", description="Whose; your own by default.")] = None,
    limit: Limit = 20,
    offset: Offset = 0,
) -> ExpiringModelPageView:
    """Those that are eligible for the cleanup within 30 days, or already, with the reasons."""
    found, total = services.cleanup.expiring(caller, user_id or caller.user_id, limit=limit, offset=offset)
    models = [ExpiringModelView.of(each) for each in found]
    return ExpiringModelPageView(models=models, total=total, limit=limit, offset=offset)


@router.get("/user/{userId}/deleted", summary="List deleted voices")
def deleted(
    user_id: Annotated[UUID, Path(alias="userId")],
    caller: Reader,
    services: Wired,
    limit: Limit = 20,
    offset: Offset = 0,
) -> DeletedModelPageView:
    """Those that can still be brought back, the last deleted first."""
    found, total = services.lifecycle.list_deleted(caller, user_id, limit=limit, offset=offset)
    models = [DeletedModelView.of(voice) for voice in found]
    return DeletedModelPageView(models=models, total=total, limit=limit, offset=offset)


@router.post("/{modelId}/undelete", summary="Bring a deleted voice back", responses=showing(404, 409))
def undelete(
    model_id: Annotated[UUID, Path(alias="modelId")], caller: Writer, services: Wired, response: Response
) -> VoiceModelView:
    """With all its files; it is not active, and shared with nobody. It counts as a use of the voice."""
    return show(services, services.lifecycle.undelete(caller, model_id), response)
