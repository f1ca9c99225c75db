"""What somebody wants to be told of by mail."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert

from voicewright.notifications.models import NotificationChoice
from voicewright.notifications.notices import UNASKED, Notice

if TYPE_CHECKING:
    import uuid
    from collections.abc import Mapping

    from sqlalchemy import ColumnElement
    from sqlalchemy.orm import InstrumentedAttribute, Session

    from voicewright.db.server import Database


class NotificationChoices:
    """The choices of everybody; safe for threads and processes.

    Args:
        database: open.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def of(self, user_id: uuid.UUID) -> dict[Notice, bool]:
        """What somebody gets by mail."""
        with self._database.session() as session:
            return _of(session, user_id)

    def change(self, user_id: uuid.UUID, wanted: Mapping[Notice, bool]) -> dict[Notice, bool]:
        """Change some of it; answers what holds then."""
        with self._database.session() as session:
            # in one order: two changes at once never wait for each other
            for notice, by_mail in sorted(wanted.items()):
                values = {"by_mail": by_mail, "changed_at": func.now()}
                new = insert(NotificationChoice).values(user_id=user_id, notice=notice, **values)
                key = [NotificationChoice.user_id, NotificationChoice.notice]
                session.execute(new.on_conflict_do_update(index_elements=key, set_=values))
            return _of(session, user_id)


def wants(notice: Notice, user_id: InstrumentedAttribute[uuid.UUID]) -> ColumnElement[bool]:
    """The condition that the account in a column gets such news by mail."""
    mine = (NotificationChoice.user_id == user_id) & (NotificationChoice.notice == notice)
    chosen = select(NotificationChoice.by_mail).where(mine).scalar_subquery()
    return func.coalesce(chosen, notice in UNASKED)


def _of(session: Session, user_id: uuid.UUID) -> dict[Notice, bool]:
    rows = select(NotificationChoice).where(NotificationChoice.user_id == user_id)
    chosen = {row.notice: row.by_mail for row in session.scalars(rows)}
    return {notice: chosen.get(notice, notice in UNASKED) for notice in Notice}
