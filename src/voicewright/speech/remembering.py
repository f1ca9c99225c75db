"""Has what leaves known again: its fingerprint is entered when a speech has ended, whole or not."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from voicewright.errors import AppError
from voicewright.speech.claims import claim_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np
    from numpy.typing import NDArray

    from voicewright.db.server import Database
    from voicewright.provenance.service import ProvenanceService
    from voicewright.speech.speaking import Speech

_LOG = logging.getLogger(__name__)


class SpeechMemory:
    """Remembers what left; safe for threads (`speech.hooks.Memory`)."""

    def __init__(self, database: Database, provenance: ProvenanceService) -> None:
        self._database = database
        self._provenance = provenance

    def follow(
        self, speech: Speech, blocks: Iterator[NDArray[np.float32]], rate_hz: int
    ) -> Iterator[NDArray[np.float32]]:
        """The same blocks, heard as they leave."""
        fingerprinter = self._provenance.fingerprinter(rate_hz)

        def remember(ended: Speech) -> None:
            try:
                with self._database.session() as session:
                    self._provenance.remember(session, claim_of(ended), fingerprinter)
            except AppError as error:
                _LOG.warning("the speech %s won't be known again: %s", ended.id, error.message)

        speech.on_end(remember)
        for block in blocks:
            fingerprinter.feed(block)
            yield block
