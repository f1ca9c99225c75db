"""The cleanup: old, poor voices that nobody uses are deleted, by one run at a time over all machines.

What is deleted can be brought back until its retention has passed (`voices.lifecycle`).
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from sqlalchemy import func, select
from sqlalchemy.orm import defer

from voicewright.accounts.policies import require_admin, require_own_id
from voicewright.db.advisory import take_lock
from voicewright.notifications.telling import Tell, tell_nobody
from voicewright.voices.acts import note_reading
from voicewright.voices.cleanup.errors import CleanupRunning, CleanupRunNotFound
from voicewright.voices.cleanup.models import CleanupRun
from voicewright.voices.cleanup.notices import CleanupNotices
from voicewright.voices.cleanup.policies import CleanupRules
from voicewright.voices.cleanup.run import MOST_TOLD, Cleanup
from voicewright.voices.cleanup.search import eligible, in_order, last_uses
from voicewright.voices.models import VoiceModel

if TYPE_CHECKING:
    from voicewright.accounts.caller import Caller
    from voicewright.db.server import Database
    from voicewright.settings import Settings
    from voicewright.voices.service import VoiceService

MOST_AT_ONCE: Final = MOST_TOLD
"""Voices that an administrator's run takes at most: all are told in its answer."""
AT_ONCE: Final = 1000
EXPIRING_WITHIN: Final = timedelta(days=30)
"""How far ahead owners are shown what is going to be eligible."""

_LOCK: Final = 0x766F6963_636C6E75
"""The key of the advisory lock: "voic", "clnu"."""


@dataclass(frozen=True, slots=True)
class Expiring:
    """A voice that is going to be eligible unless somebody uses or activates it."""

    voice: VoiceModel
    due_at: datetime
    """From when on it is eligible."""
    reasons: list[str]


class CleanupService:
    """The cleanup of the voices of all owners.

    Every method raises the errors of `db.errors` when the database is away.

    Args:
        database: open.
        settings: the figures of the rules.
        voices: deletes them, and puts their files away.
        tell: writes a mail to an account, in the caller's transaction.
    """

    def __init__(
        self,
        database: Database,
        settings: Settings,
        voices: VoiceService,
        *,
        tell: Tell = tell_nobody,
    ) -> None:
        self._database = database
        self._voices = voices
        self._rules = CleanupRules.of(settings)
        self._every = timedelta(hours=settings.cleanup_every_hours)
        notice = timedelta(days=settings.cleanup_notice_days)
        self._notices = CleanupNotices(database, self._rules, notice, tell)

    def run(self, caller: Caller, *, dry_run: bool = False, limit: int = AT_ONCE) -> CleanupRun:
        """Clean up the worst of what is eligible, and answer with the report.

        Args:
            caller: an administrator.
            dry_run: only tell what would go.
            limit: how many voices at most.

        Raises:
            CleanupRunning: another run is not done yet.
        """
        with self._alone():
            found = eligible(self._rules, datetime.now(UTC))
            cleanup = Cleanup(self._database, self._voices, self._rules, found, caller)
            return cleanup.run(dry_run=dry_run, limit=limit)

    def run_if_due(self) -> int:
        """What the schedule asks for: clean up, if no scheduled run has ended well for so many hours.

        It takes only voices whose owner was told long enough before (`voices.cleanup.notices`); answers how
        many it took.
        """
        if not self._every:
            return 0
        try:
            with self._alone():
                if not self._is_due():
                    return 0
                now = datetime.now(UTC)
                self._notices.send(now)
                found = eligible(self._rules, now) & self._notices.were_sent_before(now)
                cleanup = Cleanup(self._database, self._voices, self._rules, found, None)
                return cleanup.run(dry_run=False, limit=None).cleaned
        except CleanupRunning:
            return 0

    def runs(self, caller: Caller, *, limit: int, offset: int) -> tuple[list[CleanupRun], int]:
        """The runs without their reports, the last one first, and how many there are; for administrators."""
        with self._database.session() as session:
            total = session.scalar(select(func.count()).select_from(CleanupRun)) or 0
            last_first = (CleanupRun.started_at.desc(), CleanupRun.id)
            page = select(CleanupRun).order_by(*last_first).limit(limit).offset(offset)
            found = list(session.scalars(page.options(defer(CleanupRun.report, raiseload=True))))
            note_reading(session, caller, "list", caller.user_id, what="cleanup_runs")
        return found, total

    def get_run(self, caller: Caller, run_id: uuid.UUID) -> CleanupRun:
        """One run with its report; for administrators.

        Raises:
            CleanupRunNotFound: there is none.
        """
        with self._database.session() as session:
            run = session.get(CleanupRun, run_id)
            if run is None:
                raise CleanupRunNotFound(f"There is no run {run_id} of the cleanup.")
            note_reading(session, caller, "read", caller.user_id, what="cleanup_run", run=str(run_id))
        return run

    def expiring(
        self, caller: Caller, owner_id: uuid.UUID | None, *, limit: int, offset: int
    ) -> tuple[list[Expiring], int]:
        """The voices of an owner that are eligible within 30 days, the worst first, and how many there are.

        Of all owners, for an administrator, where `owner_id` is None.

        Raises:
            NotAllowed: they are somebody else's.
        """
        if owner_id is None:
            require_admin(caller)
        else:
            require_own_id(caller, owner_id)
        soon = datetime.now(UTC) + EXPIRING_WITHIN
        with self._database.session() as session:
            theirs = eligible(self._rules, soon)
            if owner_id is not None:
                theirs &= VoiceModel.owner_id == owner_id
            total = session.scalar(select(func.count()).select_from(VoiceModel).where(theirs)) or 0
            page = in_order(select(VoiceModel).where(theirs)).limit(limit).offset(offset)
            voices = list(session.scalars(page))
            used = last_uses(session, [voice.id for voice in voices])
            note_reading(session, caller, "list", owner_id or caller.user_id, what="expiring")
        found = []
        for voice in voices:
            due_at = self._rules.due_at(voice, used.get(voice.id))
            if due_at is not None:
                reasons = self._rules.reasons(voice, used.get(voice.id))
                found.append(Expiring(voice, due_at, reasons))
        return found, total

    def due_of(self, voices: Collection[VoiceModel]) -> dict[uuid.UUID, datetime]:
        """When the cleanup may take some voices that somebody has read already, by their ids.

        Those that are not eligible within 30 days are left out.
        """
        ids = [voice.id for voice in voices]
        soon = datetime.now(UTC) + EXPIRING_WITHIN
        with self._database.session() as session:
            query = select(VoiceModel.id).where(VoiceModel.id.in_(ids), eligible(self._rules, soon))
            expiring = set(session.scalars(query))
            used = last_uses(session, expiring)
        due = {one.id: self._rules.due_at(one, used.get(one.id)) for one in voices if one.id in expiring}
        return {model_id: at for model_id, at in due.items() if at is not None}

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Hold the lock of the cleanup, over all machines.

        Raises:
            CleanupRunning: somebody else holds it.
        """
        with self._database.session() as guard:
            if not take_lock(guard, _LOCK, wait_s=0.0):
                raise CleanupRunning("A cleanup is running. Ask again when it has ended.")
            yield

    def _is_due(self) -> bool:
        ended_well = select(CleanupRun.id).where(
            CleanupRun.started_by.is_(None),
            CleanupRun.finished_at > func.now() - self._every,
            CleanupRun.error.is_(None),
        )
        with self._database.session() as session:
            return session.scalar(ended_well.limit(1)) is None
