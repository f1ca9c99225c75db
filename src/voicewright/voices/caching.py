"""Answers that are kept for a while in PostgreSQL, and never told once a write has made them wrong.

Everything that an answer is about (an owner, a voice) has a mark, a random value that each write replaces in
its own transaction (`changed`). An answer is kept together with the mark that was read *before* it was
computed, and is found only as long as its subject has that very mark:

- a lookup that begins after a write was committed sees the new mark, and so no older answer;
- an answer that was computed before a write and is stored after it has the old mark, and is never found;
- a mark never comes a second time, so that nothing old can become valid again.

That holds for any number of processes, because nothing is kept outside the database. A transaction calls
`changed` once, after its other statements and before `audit.trail.note`: until its end others who change the
same subjects wait. Marks and answers are in unlogged tables: a crash of the server empties all of them.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import Column, MetaData, Table, Text, Uuid, and_, delete, func, select
from sqlalchemy.dialects.postgresql import JSONB, TIMESTAMP, insert

from voicewright.db.base import Base

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

Answer = dict[str, Any]
"""What is kept, as JSON."""

_NOW: Final = func.statement_timestamp()
_MARKS: Final = Table(
    "voice_marks",
    Base.metadata,
    Column("subject_id", Uuid, primary_key=True),
    Column("mark", Uuid, nullable=False),
    prefixes=["UNLOGGED"],
)


def cache_table(name: str, metadata: MetaData = Base.metadata) -> Table:
    """A table for answers."""
    return Table(
        name,
        metadata,
        Column("key", Text, primary_key=True),
        Column("subject_id", Uuid, nullable=False),
        Column("mark", Uuid, nullable=False),
        Column("value", JSONB, nullable=False),
        Column("expires_at", TIMESTAMP(timezone=True), nullable=False),
        prefixes=["UNLOGGED"],
    )


def changed(session: Session, *subjects: uuid.UUID) -> None:
    """From the commit of this transaction on, no answer about these owners or voices is told any more."""
    # in one order everywhere, so that two writers never wait for each other
    new = insert(_MARKS).values([{"subject_id": one, "mark": uuid.uuid4()} for one in sorted(set(subjects))])
    session.execute(
        new.on_conflict_do_update(index_elements=[_MARKS.c.subject_id], set_={"mark": new.excluded.mark})
    )


@dataclass(frozen=True, slots=True)
class Cache:
    """Answers of one kind.

    Attributes:
        table: where they are kept.
        kept_for: how long an answer may be told that nothing has made wrong.
    """

    table: Table
    kept_for: timedelta

    def answers(
        self,
        session: Session,
        wanted: Mapping[uuid.UUID, str],
        compute: Callable[[Collection[uuid.UUID]], Mapping[uuid.UUID, Answer]],
    ) -> dict[uuid.UUID, Answer]:
        """The answers about some subjects: those that are kept, and the others computed and kept.

        Args:
            session: as the writers' session, at the isolation level READ COMMITTED.
            wanted: for each subject the key of the answer.
            compute: answers for the subjects that it is given.
        """
        marks, found = self._look_up(session, wanted)
        missing = [subject for subject in wanted if subject not in found]
        if not missing:
            return found
        computed = compute(missing)  # after the marks were read: the module says why
        marked = [one for one in missing if one in marks and one in computed]
        self._keep(session, {wanted[one]: (one, marks[one], computed[one]) for one in marked})
        _mark(session, [one for one in missing if one not in marks])
        return found | dict(computed)

    def sweep(self, session: Session) -> int:
        """Remove what has expired; returns how much."""
        expired = delete(self.table).where(self.table.c.expires_at <= _NOW).returning(self.table.c.key)
        return len(session.scalars(expired).all())

    def _look_up(
        self, session: Session, wanted: Mapping[uuid.UUID, str]
    ) -> tuple[dict[uuid.UUID, uuid.UUID], dict[uuid.UUID, Answer]]:
        """The marks of the subjects, and the answers that are still true, both as of one moment."""
        kept = self.table.c
        still_true = and_(
            kept.key.in_(wanted.values()),
            kept.subject_id == _MARKS.c.subject_id,
            kept.mark == _MARKS.c.mark,
            kept.expires_at > _NOW,
        )
        rows = session.execute(
            select(_MARKS.c.subject_id, _MARKS.c.mark, kept.value)
            .select_from(_MARKS.outerjoin(self.table, still_true))
            .where(_MARKS.c.subject_id.in_(wanted))
        ).all()
        return (
            {subject: mark for subject, mark, _ in rows},
            {subject: value for subject, _, value in rows if value is not None},
        )

    def _keep(self, session: Session, answers: Mapping[str, tuple[uuid.UUID, uuid.UUID, Answer]]) -> None:
        if not answers:
            return
        rows = [
            {
                "key": key,
                "subject_id": subject,
                "mark": mark,
                "value": value,
                "expires_at": _NOW + self.kept_for,
            }
            for key, (subject, mark, value) in sorted(answers.items())
        ]
        new = insert(self.table).values(rows)
        replaced = {name: new.excluded[name] for name in ("subject_id", "mark", "value", "expires_at")}
        session.execute(new.on_conflict_do_update(index_elements=[self.table.c.key], set_=replaced))


STATISTICS: Final = Cache(cache_table("cache_voice_stats"), timedelta(minutes=5))
"""About a voice: `voice_stats:{modelId}`. A use or a rating makes it wrong."""
ANALYTICS: Final = Cache(cache_table("cache_voice_analytics"), timedelta(minutes=15))
"""About an owner: `voice_analytics:{userId}`. A use of their voices or any change of those makes it wrong."""
CACHES: Final = (STATISTICS, ANALYTICS)


def sweep_caches(session: Session) -> int:
    """Remove every answer that has expired; returns how many."""
    return sum(cache.sweep(session) for cache in CACHES)


def forget(session: Session, *subjects: uuid.UUID) -> None:
    """Remove all that is kept about owners or voices that are gone."""
    for cache in CACHES:
        about = cache.table.c.subject_id.in_(subjects)
        # locked in the order in which readers and writers lock them, so that nobody waits in a circle
        session.execute(select(cache.table.c.key).where(about).order_by(cache.table.c.key).with_for_update())
        session.execute(delete(cache.table).where(about))
    changed(session, *subjects)
    session.execute(delete(_MARKS).where(_MARKS.c.subject_id.in_(subjects)))


def _mark(session: Session, subjects: Collection[uuid.UUID]) -> None:
    """Give marks to subjects that never changed: the next answer about them is kept.

    Not before this one was computed, as writers wait for the end of a transaction that makes a mark.
    """
    if subjects:
        new = insert(_MARKS).values([{"subject_id": one, "mark": uuid.uuid4()} for one in sorted(subjects)])
        session.execute(new.on_conflict_do_nothing())
