"""One run of the cleanup, voice by voice.

Each voice is deleted in a transaction of its own, together with its place in the counts of the run and its
record in the audit trail: a run that is killed has done what it has counted, and the next one goes on with
the rest.
"""

from __future__ import annotations

import logging
import uuid
from datetime import UTC, datetime
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import func, select, update

from voicewright.audit.acts import Act
from voicewright.audit.trail import note
from voicewright.db.errors import DatabaseUnavailable
from voicewright.errors import AppError
from voicewright.voices.activation import mark_deleted
from voicewright.voices.acts import note_reading
from voicewright.voices.caching import changed
from voicewright.voices.cleanup.models import CleanupRun
from voicewright.voices.cleanup.search import in_order, last_uses
from voicewright.voices.models import VoiceModel
from voicewright.voices.owner_lock import lock_owner

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import ColumnElement
    from sqlalchemy.orm import Session

    from voicewright.accounts.caller import Caller
    from voicewright.db.server import Database
    from voicewright.voices.cleanup.policies import CleanupRules
    from voicewright.voices.service import VoiceService

MOST_TOLD: Final = 10_000
"""Voices that the report of a run names: it is one row."""
_BATCH: Final = 50
_CUT_OFF: Final = "The run was cut off."

_LOG = logging.getLogger(__name__)


class Cleanup:
    """What one run does; its caller sees to it that no other one runs.

    Args:
        database: open.
        voices: has the files.
        rules: for the reasons that are told.
        found: which voices may go; asked again for each at the last moment.
        caller: the administrator who asks; None: the schedule.
    """

    def __init__(
        self,
        database: Database,
        voices: VoiceService,
        rules: CleanupRules,
        found: ColumnElement[bool],
        caller: Caller | None,
    ) -> None:
        self._database = database
        self._voices = voices
        self._rules = rules
        self._found = found
        self._caller = caller
        self._report: list[dict[str, Any]] = []

    def run(self, *, dry_run: bool, limit: int | None) -> CleanupRun:
        """Take the worst, as many as the limit allows, and answer with the report.

        Args:
            dry_run: only tell what would go.
            limit: how many voices at most; None: all that there are.

        Raises:
            DatabaseUnavailable: in the middle; what is counted is done.
        """
        run = self._begin(dry_run=dry_run)
        try:
            for voice in self._candidates(limit):
                told = self._look_at(voice) if dry_run else self._clean(run.id, voice)
                if told is not None and len(self._report) < MOST_TOLD:
                    self._report.append(told)
        except BaseException as error:
            self._end(run, error.message if isinstance(error, AppError) else _CUT_OFF)
            raise
        self._end(run, None)
        counts = (run.id, run.eligible, run.cleaned, run.failed)
        _LOG.info("cleanup %s: %d eligible, %d cleaned, %d failed", *counts)
        return run

    def _begin(self, *, dry_run: bool) -> CleanupRun:
        with self._database.session() as session:
            unfinished = update(CleanupRun).where(
                CleanupRun.finished_at.is_(None)
            )  # nobody else holds the lock
            session.execute(unfinished.values(finished_at=func.now(), error=_CUT_OFF))
            run = CleanupRun(
                id=uuid.uuid4(),
                started_by=None if self._caller is None else self._caller.user_id,
                dry_run=dry_run,
                started_at=datetime.now(UTC),
                eligible=session.scalar(select(func.count()).select_from(VoiceModel).where(self._found)) or 0,
            )
            session.add(run)
            return run

    def _candidates(self, limit: int | None) -> Iterator[VoiceModel]:
        return self._all() if limit is None else islice(self._all(), limit)

    def _all(self) -> Iterator[VoiceModel]:
        after: VoiceModel | None = None
        while True:
            with self._database.session() as session:
                page = in_order(select(VoiceModel).where(self._found), after).limit(_BATCH)
                voices = list(session.scalars(page))
            yield from voices
            if len(voices) < _BATCH:
                return
            after = voices[-1]

    def _look_at(self, voice: VoiceModel) -> dict[str, Any]:
        with self._database.session() as session:
            return self._told(session, voice, "eligible")

    def _clean(self, run_id: uuid.UUID, voice: VoiceModel) -> dict[str, Any] | None:
        """Delete a voice; None: it was used, activated or deleted meanwhile."""
        try:
            with self._database.session() as session:
                lock_owner(session, voice.owner_id)
                still = select(VoiceModel).where(VoiceModel.id == voice.id, self._found)
                held = session.scalar(still.with_for_update(of=VoiceModel, key_share=True))
                if held is None:
                    return None
                told = self._told(session, held, "cleaned")
                mark_deleted(session, held, keep_for=self._voices.keep_deleted_for)
                self._count(session, run_id, cleaned=1, freed_bytes=held.stored_bytes)
                session.flush()
                changed(session, held.owner_id, held.id)
                note(session, self._act(held, run=str(run_id), reasons=told["reasons"]))
        except DatabaseUnavailable:
            raise
        except Exception as error:  # noqa: BLE001 - one voice keeps no other from it
            _LOG.exception("the cleanup can't delete the voice %s", voice.id)
            return self._note_failure(run_id, voice, error)
        self._voices.of(held.owner_id).put_away(held)
        return told

    def _note_failure(self, run_id: uuid.UUID, voice: VoiceModel, error: Exception) -> dict[str, Any]:
        """One voice that can't be deleted keeps no other from it."""
        code = error.code if isinstance(error, AppError) else AppError.code
        with self._database.session() as session:
            told = self._told(session, voice, "failed") | {"code": code}
            self._count(session, run_id, failed=1)
            note(session, self._act(voice, code, run=str(run_id)))
        return told

    def _told(self, session: Session, voice: VoiceModel, outcome: str) -> dict[str, Any]:
        used = last_uses(session, [voice.id])
        return {
            "id": str(voice.id),
            "userId": str(voice.owner_id),
            "outcome": outcome,
            "bytes": voice.stored_bytes,
            "reasons": self._rules.reasons(voice, used.get(voice.id)),
            "code": None,
        }

    @staticmethod
    def _count(
        session: Session, run_id: uuid.UUID, *, cleaned: int = 0, failed: int = 0, freed_bytes: int = 0
    ) -> None:
        session.execute(
            update(CleanupRun)
            .where(CleanupRun.id == run_id)
            .values(
                cleaned=CleanupRun.cleaned + cleaned,
                failed=CleanupRun.failed + failed,
                bytes=CleanupRun.bytes + freed_bytes,
            )
        )

    def _end(self, run: CleanupRun, error: str | None) -> None:
        """Close the books of a run; where that can't be done, the next run does it."""
        try:
            with self._database.session() as session:
                known = session.get_one(CleanupRun, run.id)
                known.report, known.finished_at, known.error = self._report, datetime.now(UTC), error
                session.flush()
                run.cleaned, run.failed, run.bytes = known.cleaned, known.failed, known.bytes
                run.report, run.finished_at = known.report, known.finished_at
                if run.dry_run and error is None:
                    self._note_looking(session, run)
        except AppError as away:
            if error is None:
                raise
            _LOG.warning("the end of cleanup %s is written down later: %s", run.id, away.message)

    def _note_looking(self, session: Session, run: CleanupRun) -> None:
        """What was only looked at is in the chain of whoever looked; what is cleaned up, in its owner's."""
        if self._caller is not None:
            counts = {"eligible": run.eligible, "told": len(self._report)}
            mine = self._caller.user_id
            note_reading(session, self._caller, "cleanup", mine, dry_run=True, run=str(run.id), counts=counts)

    def _act(self, voice: VoiceModel, code: str | None = None, **details: Any) -> Act:
        return Act(
            "voice_model.cleanup",
            voice.owner_id,
            None if self._caller is None else self._caller.user_id,
            model_id=voice.id,
            api_key_id=None if self._caller is None else self._caller.api_key_id,
            result="done" if code is None else "failed",
            code=code,
            details=details,
        )
