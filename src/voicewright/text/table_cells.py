"""Texts of other people in tables that are opened with a spreadsheet."""

from __future__ import annotations

import re
from typing import Final

_FORMULA: Final = re.compile(r"[\s\x00-\x20\ufeff\u200b]*[=+\-@＝＋－＠]|[\t\r\n]")  # noqa: RUF001 - full width


def plain_cell(text: str) -> str:
    """A text that no spreadsheet takes for a formula: an apostrophe stands before what looks like one."""
    return f"'{text}" if _FORMULA.match(text) else text
