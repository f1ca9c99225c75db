"""What a command has done for good so far: said with whatever ends it early."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from voicewright.cli.failures import Failure


@dataclass(frozen=True, slots=True)
class Standing:
    """What holds if the command ends now."""

    when_stopped: str = ""
    """In words, where the user stops it."""
    when_failed: str = ""
    """In words, where something goes wrong."""
    facts: Mapping[str, object] = field(default_factory=dict)
    """The same for programs: these go into the object of the error."""
    is_pause: bool = False
    """Whether the user who stops it only pauses it."""

    def tell(self, failure: Failure, *, stopped: bool) -> Failure:
        """Add it to what the user is told about the end."""
        if stopped and self.is_pause:
            return replace(failure, message=self.when_stopped, facts=self.facts, label="paused")
        words = self.when_stopped if stopped else self.when_failed
        return replace(failure, message=f"{failure.message} {words}".rstrip(), facts=self.facts)
