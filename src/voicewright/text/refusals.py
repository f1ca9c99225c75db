"""Refuses markup, with the place in the document that it is about."""

from __future__ import annotations

from collections.abc import Callable
from typing import NoReturn

from voicewright.text.errors import SsmlInvalid, SsmlUnsupported


class Refusals:
    """Says no.

    Args:
        place: gives line and column of what is being read, from 1.
    """

    def __init__(self, place: Callable[[], tuple[int, int]]) -> None:
        self._place = place

    def invalid(self, what: str) -> NoReturn:
        """Refuse what makes no sense.

        Raises:
            SsmlInvalid: always.
        """
        raise SsmlInvalid(f"The SSML can't be read: {what} ({self._where}).")

    def unsupported(self, what: str, offered: str) -> NoReturn:
        """Refuse what makes sense and is not spoken here.

        Raises:
            SsmlUnsupported: always.
        """
        raise SsmlUnsupported(f"The SSML has {what} ({self._where}), which is not spoken here. {offered}.")

    @property
    def _where(self) -> str:
        line, column = self._place()
        return f"line {line}, column {column}"
