"""What the panel itself refuses."""

from __future__ import annotations

from typing import ClassVar, Final

from voicewright.errors import AppError, ErrorKind

_SHOWN: Final = 100


class PageNotFound(AppError):
    """The panel has no page at this address."""

    code: ClassVar[str] = "PAGE_NOT_FOUND"
    kind: ClassVar[ErrorKind] = ErrorKind.NOT_FOUND

    @classmethod
    def at(cls, path: str) -> PageNotFound:
        """Of an address below the prefix of a proxy, in words for who followed it."""
        return cls(f"There is no page at {path[:_SHOWN]}. It may have moved; the menu leads to all of them.")
