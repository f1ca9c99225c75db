"""Looking for words in texts, where some characters mean something to the database."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement
    from sqlalchemy.orm import InstrumentedAttribute

_ESCAPE: Final = "\\"


def contains(column: InstrumentedAttribute[Any] | ColumnElement[str], word: str) -> ColumnElement[bool]:
    """The rows whose text has these characters as they are, in any spelling of capitals."""
    for special in (_ESCAPE, "%", "_"):
        word = word.replace(special, _ESCAPE + special)
    return column.ilike(f"%{word}%", escape=_ESCAPE)
