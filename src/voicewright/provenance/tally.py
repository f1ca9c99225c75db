"""How much of a sound was marked: what headers, the history and the metrics say of the watermark."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Collection

Marked = Literal["perth", "partial", "none"]
"""All of it, with the mark of Perth; not all of it; nothing."""


@dataclass(slots=True)
class Tally:
    """Of one sound on its way out; whoever marks it counts."""

    marked: int = 0
    """Samples."""
    bare: int = 0
    """Samples that should have been marked, and could not be."""

    @property
    def watermark(self) -> Marked:
        """So far."""
        if not self.marked:
            return "none"
        return "partial" if self.bare else "perth"


def altogether(parts: Collection[str | None]) -> str | None:
    """Of a sound that was joined from others; None: of one of them it is not known."""
    if not parts or None in parts:
        return None
    first, *others = set(parts)
    return "partial" if others else first
