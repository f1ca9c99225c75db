"""Pages of long lists: where a list has become shorter, its last page is shown, and not an empty one."""

from __future__ import annotations


class BeyondTheEnd(Exception):
    """A list has no such page any more.

    Args:
        last: the offset of its last page.
    """

    def __init__(self, last: int) -> None:
        super().__init__(last)
        self.last = last


def check_offset(offset: int, limit: int, total: int) -> None:
    """Whether a page of a list has anything on it; the first one may be empty.

    Args:
        offset: of its first entry.
        limit: how many entries a page has.
        total: how many the list has.

    Raises:
        BeyondTheEnd: it has not; a route of the panel leads to the last page then.
    """
    if offset and offset >= total:
        raise BeyondTheEnd(max(total - 1, 0) // limit * limit)
