"""What was sent and has no answer so far, for the attempt after one that was killed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from pathlib import Path

_NOTE: Final = "openai-sent.json"
"""Among the checkpoints."""


class Sent(NamedTuple):
    """Of one attempt."""

    label: str
    """What it is called there."""
    voice: bool
    """The sample was sent as well, and not the consent alone."""


class SentNote:
    """The note of a training.

    Args:
        folder: of its checkpoints; None: it has none, and is not gone on with.
    """

    def __init__(self, folder: Path | None) -> None:
        self._file = None if folder is None else folder / _NOTE

    def read(self) -> Sent | None:
        """What an attempt before this one has left unanswered."""
        if self._file is None:
            return None
        try:
            note = json.loads(self._file.read_text("utf-8"))
        except (OSError, ValueError):
            return None
        match note:
            case {"label": str(label), "voice": bool(voice)}:
                return Sent(label, voice)
        return None

    def write(self, sent: Sent) -> None:
        """Note what is sent next."""
        if self._file is not None:
            aside = self._file.with_name(f"{_NOTE}.part")
            aside.write_text(json.dumps(sent._asdict()), "utf-8")
            aside.replace(self._file)

    def clear(self) -> None:
        """What came of it is known."""
        if self._file is not None:
            self._file.unlink(missing_ok=True)
