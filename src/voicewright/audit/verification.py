"""Walks the chains of the audit trail and names every place where one is broken.

All of it is read in one snapshot of the database, in the order of the owners, event by event: the memory that
it takes does not grow with the trail.
"""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from itertools import groupby
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Final, Self

from sqlalchemy import select

from voicewright.audit.canonical import NOTHING_BEFORE, hash_of
from voicewright.audit.errors import AuditHeadsInvalid
from voicewright.audit.models import AuditEvent, AuditHead

if TYPE_CHECKING:
    from sqlalchemy import ScalarResult, Select
    from sqlalchemy.orm import Session

_AT_ONCE: Final = 500
"""Rows that are fetched together."""


@dataclass(frozen=True, slots=True)
class Head:
    """The end of a chain, as it is or as it was when somebody wrote it down."""

    owner_id: uuid.UUID
    sequence: int
    hash: bytes

    def line(self) -> str:
        """As a line of a file, the same for the same head."""
        content = {"owner_id": str(self.owner_id), "sequence": self.sequence, "hash": self.hash.hex()}
        return json.dumps(content) + "\n"

    @classmethod
    def of_line(cls, line: str) -> Self:
        """Read it again.

        Raises:
            AuditHeadsInvalid: it is no such line.
        """
        try:
            content = json.loads(line)
            return cls(
                uuid.UUID(content["owner_id"]), int(content["sequence"]), bytes.fromhex(content["hash"])
            )
        except (ValueError, TypeError, KeyError, AttributeError):
            raise AuditHeadsInvalid(
                f"This is no line of a file of heads: {line[:80]!r}. Give the file that "
                "`voicewright audit verify --save-heads` wrote."
            ) from None


@dataclass(frozen=True, slots=True)
class Break:
    """A place where a chain is not as it was written.

    Attributes:
        owner_id: whose chain.
        sequence: of the event.
        kind: `changed_row`, `missing_row`, `broken_link`, `wrong_head`, `cut_tail`, `beyond_head`,
            `missing_head`, or `not_as_before` against heads that were kept elsewhere.
        message: one sentence.
    """

    owner_id: uuid.UUID
    sequence: int
    kind: str
    message: str


@dataclass(slots=True)
class Walk:
    """One walk over all chains, or that of one owner; go through `breaks()` once, then look at the rest.

    Args:
        session: in a transaction that has read nothing yet.
        owner_id: whose chain; None: all.
        since: heads that were kept elsewhere, in the order of their owners.

    Attributes:
        chains: walked so far.
        events: the same.
    """

    session: Session
    owner_id: uuid.UUID | None = None
    since: Iterable[Head] = ()
    chains: int = 0
    events: int = 0
    _digest: Any = field(default_factory=hashlib.sha256)

    @property
    def digest(self) -> str:
        """SHA-256 of the lines of the heads that were walked: of the file that they are saved to."""
        found: str = self._digest.hexdigest()
        return found

    def breaks(self, keep: Callable[[str], object] = lambda _line: None) -> Iterator[Break]:
        """Every break, in the order of the owners.

        Args:
            keep: is given the line of each head.

        Raises:
            AuditHeadsInvalid: the heads to compare with are out of order.
        """
        self.session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
        with (
            closing(self._rows(select(AuditEvent), AuditEvent.owner_id, AuditEvent.sequence)) as all_events,
            closing(self._rows(select(AuditHead), AuditHead.owner_id)) as all_heads,
        ):
            earlier = (head for head in self._in_order() if self.owner_id in {None, head.owner_id})
            streams = map(_grouped, (all_events, all_heads, earlier))
            for owner_id, events, head, before in _together(*streams):
                self.chains += 1
                end = next(head, None)
                if end is not None:
                    line = Head(owner_id, end.sequence, end.hash).line()
                    self._digest.update(line.encode())
                    keep(line)
                yield from self._chain(owner_id, events, end, {one.sequence: one.hash for one in before})

    def _chain(
        self,
        owner_id: uuid.UUID,
        events: Iterable[AuditEvent],
        head: AuditHead | None,
        before: dict[int, bytes],
    ) -> Iterator[Break]:
        sequence, last = 0, NOTHING_BEFORE
        for found in events:
            self.events += 1
            at = found.sequence
            if at != sequence + 1:
                which = (
                    f"event {at - 1} is" if at == sequence + 2 else f"events {sequence + 1} to {at - 1} are"
                )
                yield Break(owner_id, at - 1, "missing_row", f"{which} missing.")
            elif found.previous_hash != last:
                yield Break(owner_id, at, "broken_link", f"event {at} does not follow from the one before.")
            if hash_of(found) != found.hash:
                yield Break(owner_id, at, "changed_row", f"event {at} was changed after it was written.")
            if before.pop(at, found.hash) != found.hash:
                yield Break(owner_id, at, "not_as_before", f"event {at} is another one than it was then.")
            sequence, last = at, found.hash
        yield from _end(owner_id, sequence, last, head)
        for at in before:
            yield Break(owner_id, at, "not_as_before", f"event {at} was there then, and is gone.")

    def _rows(self, query: Select[Any], owner: Any, *order: Any) -> ScalarResult[Any]:
        if self.owner_id is not None:
            query = query.where(owner == self.owner_id)
        ordered = query.order_by(owner, *order).execution_options(yield_per=_AT_ONCE)
        return self.session.scalars(ordered)

    def _in_order(self) -> Iterator[Head]:
        last: Head | None = None
        for head in self.since:
            if last is not None and head.owner_id <= last.owner_id:
                raise AuditHeadsInvalid("The heads are not in the order in which they were saved.")
            yield head
            last = head


@dataclass(frozen=True, slots=True)
class Verified:
    """What a walk over all chains found.

    Attributes:
        chains: how many there are.
        events: in all of them.
        digest: SHA-256 of the lines of their heads.
        broken: in how many places.
        breaks: the first of these.
    """

    chains: int
    events: int
    digest: str
    broken: int
    breaks: list[Break]


def verify_chains(session: Session, *, most_breaks: int) -> Verified:
    """Walk all chains.

    Args:
        session: in a transaction that has read nothing yet.
        most_breaks: so many are named at most.
    """
    walk, breaks, broken = Walk(session), [], 0
    for broken, one in enumerate(walk.breaks(), 1):
        if broken <= most_breaks:
            breaks.append(one)
    return Verified(walk.chains, walk.events, walk.digest, broken, breaks)


def _end(owner_id: uuid.UUID, sequence: int, last: bytes, head: AuditHead | None) -> Iterator[Break]:
    if head is None:
        if sequence:
            yield Break(owner_id, sequence, "missing_head", "the head of the chain is missing.")
    elif head.sequence > sequence:
        lost = f"the chain ends with event {sequence}, and was {head.sequence} long."
        yield Break(owner_id, sequence + 1, "cut_tail", lost)
    elif head.sequence < sequence:
        more = f"the chain goes on to event {sequence} after its head, {head.sequence}."
        yield Break(owner_id, head.sequence + 1, "beyond_head", more)
    elif head.hash != last:
        yield Break(
            owner_id, sequence, "wrong_head", f"the head is not that of event {sequence}, the last one."
        )


Groups = Iterator[tuple[uuid.UUID, Iterator[Any]]]


def _grouped(rows: Iterable[Any]) -> Groups:
    return groupby(rows, key=attrgetter("owner_id"))


def _together(*streams: Groups) -> Iterator[tuple[Any, ...]]:
    """Go through streams that are in the order of the owners, one owner at a time."""
    waiting = [next(stream, None) for stream in streams]
    while any(one is not None for one in waiting):
        owner_id = min(one[0] for one in waiting if one is not None)
        here = [one is not None and one[0] == owner_id for one in waiting]
        yield (
            owner_id,
            *(
                one[1] if one is not None and is_here else iter(())
                for one, is_here in zip(waiting, here, strict=True)
            ),
        )
        waiting = [
            next(stream, None) if is_here else one
            for stream, one, is_here in zip(streams, waiting, here, strict=True)
        ]
