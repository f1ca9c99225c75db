"""An engine that steps back: its process gets the processor only where nobody else wants it."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from voicewright.engines.client import EngineClient

if TYPE_CHECKING:
    import threading

    from voicewright.engines.host.events import OnEvent

_NICENESS: Final = 10
"""Gets about a tenth of a processor that another process of ordinary priority wants as well."""


class ModestEngine(EngineClient):
    """For work that nobody waits for, beside work that somebody listens to; otherwise as its base."""

    def start(self, on_event: OnEvent | None = None, cancel: threading.Event | None = None) -> None:
        """Start the host, and lower its priority where the system knows such a thing."""
        super().start(on_event, cancel)
        if self.pid is not None and hasattr(os, "setpriority"):
            with suppress(OSError):  # it has ended already
                # the group, as each thread has a priority of its own; a host is alone in its group
                os.setpriority(os.PRIO_PGRP, self.pid, _NICENESS)
