"""The watermark in what is spoken: marks blocks as they come, in a process of its own."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Literal, Self

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import numpy as np
    from numpy.typing import NDArray

    from voicewright.settings import Settings

Policy = Literal["auto", "required", "off"]


class Marker:
    """Marks speech; safe for threads, and one stream never hears of another.

    Args:
        policy: `auto` marks where it can, `required` refuses to speak otherwise, `off` never marks.
    """

    def __init__(self, policy: Policy = "auto") -> None:
        self.policy = policy

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """As the settings say."""
        return cls(settings.watermark)

    @property
    def available(self) -> bool:
        """Whether speech can be marked here."""
        return False

    @property
    def marks(self) -> bool:
        """Whether speech is marked here: it can be, and the setting does not forbid it."""
        return self.available and self.policy != "off"

    def require(self) -> None:
        """Look before anything is spoken whether it may be.

        Raises:
            WatermarkUnavailable: the setting is `required`, and nothing can be marked here.
        """

    def mark(
        self,
        blocks: Iterable[NDArray[np.float32]],
        rate_hz: int,
        *,
        cancel: threading.Event | None = None,
    ) -> Iterator[NDArray[np.float32]]:
        """Give the same speech, marked, as it comes: as many samples as went in, without a delay in them.

        Close the iterator to end early; `blocks` is then closed too, if it can be.

        Args:
            blocks: mono, float32 (n,) in +-1; asked for in a thread of its own, a few ahead.
            rate_hz: of the blocks.
            cancel: set by another thread to stop.

        Raises:
            WatermarkUnavailable: the setting is `required`, and the marking failed.
            Exception: whatever `blocks` raises.
        """
        yield from blocks

    def close(self) -> None:
        """End the process."""
