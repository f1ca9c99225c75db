"""Raises alerts and resolves them, each once, however many workers look."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final

from sqlalchemy import func, select

from voicewright.monitoring.figures import large_users, read_figures
from voicewright.monitoring.models import Alert
from voicewright.monitoring.policies import STORAGE_SHARE_OVER, Alarm, Limits, find_alarms
from voicewright.notifications.notices import Notice

if TYPE_CHECKING:
    import uuid
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy.orm import Session

    from voicewright.db.server import Database
    from voicewright.notifications.outbox import Outbox
    from voicewright.settings import Settings

_LOCK: Final = 0x76776174_63686572
"""The advisory lock of whoever looks: "vwat", "cher"."""
_MOST_USERS: Final = 1000
_SHOWN: Final = 20

_LOG = logging.getLogger(__name__)


class Watch:
    """Looks at the figures now and then; safe for threads and processes.

    Args:
        database: open.
        settings: with the limits.
        outbox: tells the administrators.
    """

    def __init__(self, database: Database, settings: Settings, outbox: Outbox) -> None:
        self._database = database
        self._limits = Limits.of(settings)
        self._outbox = outbox

    def look(self) -> None:
        """Raise what is so now, resolve what is over, and tell of both; where another looks, nothing.

        Raises:
            DatabaseUnavailable, DatabaseRefused, DatabaseFull: nothing was told.
        """
        told: list[str] = []
        with self._database.session() as session:
            if not session.scalar(select(func.pg_try_advisory_xact_lock(_LOCK))):
                return
            told = self._settle(session)
            if told:
                self._outbox.tell_administrators(session, Notice.ALERTS, _subject(told), _body(told))
        for line in told:
            _LOG.warning("%s", line)

    def _settle(self, session: Session) -> list[str]:
        figures = read_figures(session)
        open_alerts = {
            (alert.kind, alert.subject): alert
            for alert in session.scalars(select(Alert).where(Alert.resolved_at.is_(None)))
        }
        alarms = find_alarms(figures, self._large_users(session), self._limits, open_alerts.keys())
        lines = []
        for alarm in alarms:
            alert = open_alerts.pop(alarm.key, None)
            is_worse = alert is not None and alert.severity == "warning" and alarm.severity == "critical"
            if alert is None:
                session.add(_raised(alarm, figures.now))
            else:
                alert.message, alert.details, alert.severity = alarm.message, alarm.details, alarm.severity
            if alert is None or is_worse:
                lines.append(f"Alert ({alarm.kind}, {alarm.severity}): {alarm.message}")
        for alert in open_alerts.values():
            alert.resolved_at = figures.now
            lines.append(f"Resolved ({alert.kind}): {alert.message}")
        return lines

    def _large_users(self, session: Session) -> Sequence[tuple[uuid.UUID, int]]:
        quota = self._limits.user_quota_bytes
        if quota is None:
            return []
        return large_users(session, over_bytes=quota * STORAGE_SHARE_OVER, limit=_MOST_USERS)


def list_alerts(
    session: Session, *, is_open: bool | None, limit: int, offset: int
) -> tuple[Sequence[Alert], int]:
    """Alerts, the newest first, and how many there are; `is_open` None: those that are over as well."""
    query = select(Alert)
    if is_open is not None:
        query = query.where(Alert.resolved_at.is_(None) if is_open else Alert.resolved_at.is_not(None))
    total = session.scalar(select(func.count()).select_from(query.subquery())) or 0
    newest = query.order_by(Alert.raised_at.desc(), Alert.id.desc())
    return session.scalars(newest.limit(limit).offset(offset)).all(), total


def _raised(alarm: Alarm, now: datetime) -> Alert:
    return Alert(
        kind=alarm.kind,
        subject=alarm.subject,
        severity=alarm.severity,
        message=alarm.message,
        details=alarm.details,
        raised_at=now,
        resolved_at=None,
    )


def _subject(lines: list[str]) -> str:
    more = f" and {len(lines) - 1} more" if len(lines) > 1 else ""
    return f"Voicewright: {lines[0].partition(':')[0]}{more}"


def _body(lines: list[str]) -> str:
    shown = "\n\n".join(lines[:_SHOWN])
    more = f"\n\nAnd {len(lines) - _SHOWN} more." if len(lines) > _SHOWN else ""
    return f"{shown}{more}\n\nGET /admin/alerts lists them all.\n"
