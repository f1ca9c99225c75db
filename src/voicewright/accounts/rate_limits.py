"""How often something may be done: windows counted in PostgreSQL, so that all processes count together.

The `limits` library does the arithmetic over a storage of ours. A window begins with the first hit and lasts
its time by the server's clock; a hit is one atomic upsert in a transaction of its own, so that it counts
whatever becomes of the request.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from limits import RateLimitItem, RateLimitItemPerSecond
from limits.storage import Storage
from limits.strategies import FixedWindowRateLimiter
from sqlalchemy import case, delete, func, select
from sqlalchemy.dialects.postgresql import insert

from voicewright.accounts.errors import RateLimited
from voicewright.accounts.models import RateLimitWindow
from voicewright.errors import AppError

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement
    from sqlalchemy.orm import Session

    from voicewright.db.server import Database

_NOW: Final = func.statement_timestamp()


@dataclass(frozen=True, slots=True)
class Allowance:
    """What a window still allows.

    Attributes:
        limit: how many in one window.
        remaining: how many of them are left.
        reset_s: seconds until the window ends.
    """

    limit: int
    remaining: int
    reset_s: int


class RateLimits:
    """Counts against limits; safe for threads and processes."""

    def __init__(self, database: Database) -> None:
        self._storage = PostgresStorage(database)
        self._limiter = FixedWindowRateLimiter(self._storage)

    def hit(self, limit: RateLimitItem, who: str, *, what: str) -> Allowance:
        """Count one more, or refuse it; answers what is left.

        Args:
            limit: how many in which time, see `per_window`.
            who: whom it is counted for.
            what: what they do too often, for the message: "attempts to sign in".

        Raises:
            RateLimited: with the seconds until the window ends.
        """
        hits, left_s = self._storage.count(limit.key_for(who), limit.get_expiry())
        reset_s = max(1, math.ceil(left_s))
        if hits > limit.amount:
            raise RateLimited(
                f"Too many {what}. Try again in {in_words(reset_s)}.",
                limit=limit.amount,
                retry_after_s=reset_s,
            )
        return Allowance(limit.amount, limit.amount - hits, reset_s)

    def forget(self, limit: RateLimitItem, who: str) -> None:
        """Begin again at nothing."""
        self._limiter.clear(limit, who)

    def sweep(self, session: Session) -> int:
        """Remove the windows that have ended; returns how many."""
        ended = delete(RateLimitWindow).where(_is_over()).returning(RateLimitWindow.key)
        return len(session.scalars(ended).all())


def per_window(name: str, amount: int, window_s: int) -> RateLimitItem:
    """So many in a window of so many seconds; the name keeps limits apart that count the same people."""
    return RateLimitItemPerSecond(amount, window_s, namespace=name)


def in_words(wait_s: int) -> str:
    """A time to wait as people say it, never too short: "45 seconds", "14 minutes", "24 hours"."""
    for unit, length_s in (("hours", 3600), ("minutes", 60)):
        if wait_s > 2 * length_s:
            return f"{math.ceil(wait_s / length_s)} {unit}"
    return "1 second" if wait_s == 1 else f"{wait_s} seconds"


class PostgresStorage(Storage):
    """The counters of `limits` in the table `rate_limit_windows`."""

    STORAGE_SCHEME = None

    def __init__(self, database: Database) -> None:
        super().__init__()
        self._database = database

    @property
    def base_exceptions(self) -> type[Exception]:
        """What goes wrong here comes out as it is: `db.errors` say what to do."""
        return AppError

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        """Count, in a new window where the last one is over; returns the count."""
        return self.count(key, expiry, amount)[0]

    def count(self, key: str, expiry: int, amount: int = 1) -> tuple[int, float]:
        """As `incr`; returns also the seconds until the window ends."""
        new = insert(RateLimitWindow).values(
            key=key, hits=amount, expires_at=_NOW + func.make_interval(0, 0, 0, 0, 0, 0, expiry)
        )
        over = _is_over()
        counted = new.on_conflict_do_update(
            index_elements=[RateLimitWindow.key],
            set_={
                "hits": case((over, new.excluded.hits), else_=RateLimitWindow.hits + new.excluded.hits),
                "expires_at": case((over, new.excluded.expires_at), else_=RateLimitWindow.expires_at),
            },
        ).returning(RateLimitWindow.hits, func.extract("epoch", RateLimitWindow.expires_at - _NOW))
        with self._database.session() as session:
            hits, left_s = session.execute(counted).one()
            return hits, float(left_s)

    def get(self, key: str) -> int:
        """The count of the window, 0 where none goes on."""
        with self._database.session() as session:
            window = select(RateLimitWindow.hits).where(RateLimitWindow.key == key, ~_is_over())
            return session.scalar(window) or 0

    def get_expiry(self, key: str) -> float:
        """When the window ends, in seconds since 1970."""
        with self._database.session() as session:
            ends = session.scalar(select(RateLimitWindow.expires_at).where(RateLimitWindow.key == key))
            return time.time() if ends is None else ends.timestamp()

    def check(self) -> bool:
        """Whether the table can be reached."""
        with self._database.session() as session:
            session.execute(select(RateLimitWindow.key).limit(1))
        return True

    def reset(self) -> int:
        """Forget every window; returns how many."""
        with self._database.session() as session:
            return len(session.scalars(delete(RateLimitWindow).returning(RateLimitWindow.key)).all())

    def clear(self, key: str) -> None:
        """Forget one window."""
        with self._database.session() as session:
            session.execute(delete(RateLimitWindow).where(RateLimitWindow.key == key))


def _is_over() -> ColumnElement[bool]:
    return RateLimitWindow.expires_at <= _NOW
