"""Reads an iterator ahead in a thread, so that whoever makes its items and whoever uses them work at once."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from queue import Empty, Queue
from typing import Final, Generic, Self, TypeVar

Item = TypeVar("Item")

_AHEAD: Final = 8
_PATIENCE_S: Final = 2.0
"""For how long the end waits for an item that is still being made; its maker ends a little later."""


class _End:
    """Of the items; with the error that ended them, if one did."""

    def __init__(self, error: BaseException | None = None) -> None:
        self.error = error


class Ahead(Generic[Item]):
    """Items, made in a thread of their own; a context manager, to be iterated once inside.

    Args:
        items: closed in that thread when the block is left, if it can be.
        most: how many may wait.
    """

    def __init__(self, items: Iterable[Item], most: int = _AHEAD) -> None:
        self._items = items
        self._queue: Queue[Item | _End] = Queue(most)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._work, name="read-ahead", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        while True:  # make room, so that whoever puts sees the end
            try:
                self._queue.get_nowait()
            except Empty:
                break
        self._thread.join(_PATIENCE_S)

    def __iter__(self) -> Iterator[Item]:
        """The items.

        Raises:
            BaseException: whatever making them raised, after those that were made before.
        """
        while True:
            item = self._queue.get()
            if not isinstance(item, _End):
                yield item
            elif item.error is None:
                return
            else:
                raise item.error

    def has_more(self) -> bool:
        """Whether the next item, or the end, is there already."""
        return not self._queue.empty()

    def _work(self) -> None:
        end = _End()
        try:
            try:
                for item in self._items:
                    self._queue.put(item)
                    if self._stop.is_set():
                        break
            finally:
                close = getattr(self._items, "close", None)
                if close is not None:
                    close()
        except BaseException as error:  # noqa: BLE001 - it is told in the other thread
            end = _End(error)
        if not self._stop.is_set():
            self._queue.put(end)
