"""How much is spoken at once: so many speeches, so many of one user, and a few that wait for a short time.

Whoever does not fit is told so at once: a queue that grows makes everybody wait, and then nobody listens any
more. Whoever waits is served fairly: those who have least going on first, of equal ones whoever came first.
"""

from __future__ import annotations

import math
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from voicewright.engines.errors import Cancelled
from voicewright.speech.errors import SpeechOverloaded

_TICK_S: Final = 0.05


@dataclass(frozen=True, slots=True)
class Room:
    """How many speeches there may be."""

    at_once: int
    of_one_user: int
    """Of `at_once`, for each user; as many again may wait."""
    waiting: int
    wait_s: float
    """The longest that one waits."""


@dataclass(slots=True, eq=False)
class _Waiting:
    user_id: uuid.UUID
    admitted: threading.Event = field(default_factory=threading.Event)


class Place:
    """A place among the speeches, until it is left."""

    def __init__(self, leave: Callable[[], None]) -> None:
        self._leave = leave
        self._lock = threading.Lock()
        self._left = False

    def leave(self) -> None:
        """Make room for the next; once is enough."""
        with self._lock:
            if self._left:
                return
            self._left = True
        self._leave()


class Admission:
    """Lets speeches in; safe for threads."""

    def __init__(self, room: Room) -> None:
        self._room = room
        self._lock = threading.Lock()
        self._going_on: Counter[uuid.UUID] = Counter()
        self._queue: list[_Waiting] = []

    @property
    def going_on(self) -> int:
        """Speeches that have a place."""
        return self._going_on.total()

    @property
    def waiting(self) -> int:
        """Speeches that wait for one."""
        return len(self._queue)

    def enter(self, user_id: uuid.UUID, cancel: threading.Event | None = None) -> Place:
        """Take a place; wait for one where there is none, for a short time.

        Raises:
            SpeechOverloaded: there is none, nor room to wait; or it was waited for in vain.
            Cancelled: `cancel` was set.
        """
        waiting = _Waiting(user_id)
        with self._lock:
            if not self._queue and self._fits(user_id):
                return self._admit(user_id)
            theirs = sum(each.user_id == user_id for each in self._queue)
            if len(self._queue) >= self._room.waiting or theirs >= self._room.of_one_user:
                raise self._overloaded()
            self._queue.append(waiting)
            self._let_in()
        until_s = time.monotonic() + self._room.wait_s
        while not waiting.admitted.wait(min(_TICK_S, max(0.0, until_s - time.monotonic()))):
            gone = cancel is not None and cancel.is_set()
            if (gone or time.monotonic() >= until_s) and self._give_up(waiting):
                if gone:
                    raise Cancelled("The speech was not waited for any more.")
                raise self._overloaded()
        return Place(lambda: self._left(user_id))

    def _give_up(self, waiting: _Waiting) -> bool:
        """Leave the queue; False: a place came in the meantime."""
        with self._lock:
            if waiting in self._queue:
                self._queue.remove(waiting)
                return True
        return False

    def _admit(self, user_id: uuid.UUID) -> Place:
        self._going_on[user_id] += 1
        return Place(lambda: self._left(user_id))

    def _fits(self, user_id: uuid.UUID) -> bool:
        room = self._room
        return self._going_on.total() < room.at_once and self._going_on[user_id] < room.of_one_user

    def _left(self, user_id: uuid.UUID) -> None:
        with self._lock:
            self._going_on[user_id] -= 1
            if not self._going_on[user_id]:
                del self._going_on[user_id]
            self._let_in()

    def _let_in(self) -> None:
        """Give free places to those who wait, whose users have least going on first; with the lock."""
        while fitting := [each for each in self._queue if self._fits(each.user_id)]:
            chosen = min(fitting, key=lambda each: self._going_on[each.user_id])
            self._queue.remove(chosen)
            self._going_on[chosen.user_id] += 1
            chosen.admitted.set()

    def _overloaded(self) -> SpeechOverloaded:
        return SpeechOverloaded(retry_after_s=max(1, math.ceil(self._room.wait_s)))
