"""Where one speech looks its pieces up, and what it keeps for the next time."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Final

from voicewright.speech.cache import piece_key

if TYPE_CHECKING:
    import uuid
    from collections.abc import Iterable

    from voicewright.engines.port import SynthesisRequest
    from voicewright.speech.afterwards import Afterwards
    from voicewright.speech.hooks import PieceCache, SpokenPiece
    from voicewright.voices.models import VoiceModel

_MOST_HELD_BYTES: Final = 4 << 20
"""A minute and a half of sound."""


class CacheShelf:
    """The cache, for one speech of one user with one voice.

    What is kept is held until the speech has ended, as sealing it takes what the speech needs; of a long one
    the first part goes before.

    Args:
        cache: of everybody.
        later: keeps pieces when there is time.
        user_id: who speaks.
        voice: that speaks.
        engine_version: of its engine.
    """

    def __init__(
        self,
        cache: PieceCache,
        later: Afterwards,
        *,
        user_id: uuid.UUID,
        voice: VoiceModel,
        engine_version: str,
    ) -> None:
        self._cache = cache
        self._later = later
        self._user_id = user_id
        self._voice = voice
        self._engine_version = engine_version
        self._kept: frozenset[str] = frozenset()
        self._lock = threading.Lock()
        self._held: list[tuple[str, SpokenPiece]] = []
        self._held_bytes = 0
        self._ended = False

    def expect(self, requests: Iterable[SynthesisRequest]) -> None:
        """Ask for all pieces at once; what was not kept by now is not asked for again."""
        self._kept = self._cache.among(self._user_id, [self._key(request) for request in requests])

    def get(self, request: SynthesisRequest) -> SpokenPiece | None:
        """What was kept of a piece."""
        key = self._key(request)
        return self._cache.get(self._user_id, key) if key in self._kept else None

    def put(self, request: SynthesisRequest, piece: SpokenPiece) -> None:
        """Keep a piece; returns at once."""
        with self._lock:
            self._held.append((self._key(request), piece))
            self._held_bytes += len(piece.pcm)
            full = self._ended or self._held_bytes > _MOST_HELD_BYTES
        if full:
            self._send()

    def end(self) -> None:
        """The speech has ended: what is held is kept when there is time."""
        self._ended = True
        self._send()

    def _send(self) -> None:
        with self._lock:
            held, self._held, self._held_bytes = self._held, [], 0
        if held:
            self._later.submit(lambda: self._keep(held))

    def _keep(self, held: list[tuple[str, SpokenPiece]]) -> None:
        for key, piece in held:
            self._cache.put(self._user_id, self._voice.id, key, piece)

    def _key(self, request: SynthesisRequest) -> str:
        return piece_key(self._voice, self._engine_version, request)
