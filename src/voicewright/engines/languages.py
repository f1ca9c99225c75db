"""Which of an engine's languages is meant: codes are written in many ways (`en_US`, `EN-us`, `en`)."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


def match_language(wanted: str, offered: Sequence[str]) -> str | None:
    """Return the offered code that serves `wanted`, or None.

    The order of RFC 4647 (lookup): the code itself, then ever shorter ones (`de-at-x` → `de-at` → `de`).
    Where that finds nothing, the first regional form of the same language is better than a refusal
    (`en` → `en-us`).
    """
    code = wanted.strip().replace("_", "-").lower()
    parts = code.split("-")
    for length in range(len(parts), 0, -1):
        shorter = "-".join(parts[:length])
        if shorter in offered:
            return shorter
    return next((each for each in offered if each.split("-")[0] == parts[0]), None)
