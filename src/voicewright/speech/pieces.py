"""Speaks the pieces of one speech: from the cache, or by an engine, and again where that goes wrong."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Generator, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Final, Protocol

from voicewright.engines.errors import EngineContractBroken, ProviderError
from voicewright.engines.port import AudioChunk
from voicewright.errors import AppError
from voicewright.speech.hooks import SpokenPiece
from voicewright.speech.speaking import PieceCheck
from voicewright.speech.stream import request_of

if TYPE_CHECKING:
    import threading

    from voicewright.engines.port import SynthesisRequest
    from voicewright.speech.listening import PieceListener
    from voicewright.speech.speaking import CheckVerdict, SpeechFigures
    from voicewright.speech.stream import Speaker
    from voicewright.text.script import Piece

_ENDLESS_S: Final = 20.0
_ENDLESS_PER_LETTER_S: Final = 1.5
"""No text takes longer at speed 1: an engine that goes on has lost its way."""
_SEED_STEP: Final = 7919
_BYTES_PER_SAMPLE: Final = 2
_DOLLARS: Final = "dollars"


class PieceShelf(Protocol):
    """Where the pieces of one speech are looked up and kept."""

    def expect(self, requests: Iterable[SynthesisRequest]) -> None:
        """These will be looked up."""

    def get(self, request: SynthesisRequest) -> SpokenPiece | None:
        """What was kept of a piece."""

    def put(self, request: SynthesisRequest, piece: SpokenPiece) -> None:
        """Keep a piece; returns at once."""


class Pieces:
    """Speaks pieces; called with the number of each and the piece.

    Args:
        speaker: the engine.
        manner: of the whole.
        sample_rate_hz: of the engine.
        figures: of the speech; they are kept up to date.
        price_usd: what the engine's provider asks for a character.
        shelf: of what was spoken before; None: nothing is looked up or kept.
        listener: hears whether the words were said; None: nobody listens.
        stop: set by another thread to stop.
    """

    def __init__(
        self,
        speaker: Speaker,
        manner: SynthesisRequest,
        *,
        sample_rate_hz: int,
        figures: SpeechFigures,
        price_usd: float = 0.0,
        shelf: PieceShelf | None,
        listener: PieceListener | None,
        stop: threading.Event,
    ) -> None:
        self._speaker = speaker
        self._manner = manner
        self._rate_hz = sample_rate_hz
        self._figures = figures
        self._price_usd = price_usd
        self._shelf = shelf
        self._listener = listener
        self._stop = stop

    def expect(self, pieces: Iterable[Piece]) -> None:
        """Look at once for all pieces that may have been spoken before."""
        if self._shelf is not None:
            self._shelf.expect(request_of(piece, self._manner) for piece in pieces)

    def __call__(self, place: int, piece: Piece) -> Generator[AudioChunk, None, None]:
        """Speak a piece; errors as the engine's."""
        request = request_of(piece, self._manner)
        kept = self._shelf.get(request) if self._shelf is not None else None
        if kept is not None and kept.sample_rate_hz == self._rate_hz:
            self._figures.cached_pieces += 1
            yield AudioChunk(kept.pcm, kept.sample_rate_hz, kept.words)
            return
        if self._listener is not None and self._listener.holds_back:
            yield from self._heard_first(self._listener, place, request)
            return
        chunks = []
        for chunk in self._spoken(request):
            chunks.append(chunk)
            yield chunk
        if self._listener is not None:
            self._listener.hear_later(place, request, chunks, when_good=lambda: self._keep(request, chunks))
        else:
            self._keep(request, chunks)

    def _heard_first(
        self, listener: PieceListener, place: int, request: SynthesisRequest
    ) -> Sequence[AudioChunk]:
        """Speak it whole, and again with another seed until the listener is content; the best is taken."""
        best: list[AudioChunk] = []
        best_score, reason = float("-inf"), ""
        for attempt in range(1, listener.attempts + 1):
            seed = request.seed + (attempt - 1) * _SEED_STEP
            chunks = self._whole(replace(request, seed=seed))
            if best and _pcm(chunks) == _pcm(best):
                break  # an engine that rolls no dice says it the same way every time
            asked_s = time.perf_counter()
            verdict = listener.hear(request, chunks)
            self._figures.listening_s += time.perf_counter() - asked_s
            if verdict.good:
                said: CheckVerdict = "good" if attempt == 1 else "repaired"
                if verdict.skipped:  # its length alone was looked at, or nothing: rather this than a bad one
                    said = "repaired" if reason and verdict.score else "skipped"
                listener.note(PieceCheck(place, said, attempt, reason or verdict.reason))
                self._keep(request, chunks)
                return chunks
            reason = reason or verdict.reason
            if verdict.score > best_score:
                best, best_score = chunks, verdict.score
            if attempt < listener.attempts:
                self._figures.retried_pieces += 1
        listener.note(PieceCheck(place, "poor", attempt, reason))
        return best

    def _spoken(self, request: SynthesisRequest) -> Iterator[AudioChunk]:
        """Have the engine speak; once more where it broke before the first sound of the piece."""
        begun = False
        try:
            for chunk in self._bounded(request):
                begun = begun or bool(chunk.pcm)
                yield chunk
        except AppError as error:
            if begun or not self._worth_another(error):
                raise
        else:
            return
        self._figures.retried_pieces += 1
        yield from self._bounded(request)

    def _whole(self, request: SynthesisRequest) -> list[AudioChunk]:
        """As `_spoken`, where nothing leaves before the end, so that it may break anywhere."""
        try:
            return list(self._bounded(request))
        except AppError as error:
            if not self._worth_another(error):
                raise
        self._figures.retried_pieces += 1
        return list(self._bounded(request))

    def _worth_another(self, error: AppError) -> bool:
        return error.retryable and not self._stop.is_set()

    def _bounded(self, request: SynthesisRequest) -> Iterator[AudioChunk]:
        longest_s = (_ENDLESS_S + _ENDLESS_PER_LETTER_S * len(request.text)) / request.speed
        left = int(longest_s * self._rate_hz)
        price_usd = self._price_usd * len(request.text)
        self._figures.cost_usd += price_usd
        with contextlib.closing(self._speaker.synthesize(request, cancel=self._stop)) as chunks:
            for chunk in self._refunded(chunks, price_usd):
                left -= len(chunk.pcm) // _BYTES_PER_SAMPLE
                if left < 0:
                    raise EngineContractBroken(
                        f"The engine spoke for more than {longest_s:.0f} s on {len(request.text)} letters "
                        "and was stopped. Try another text or retrain the voice."
                    )
                yield chunk

    def _refunded(self, chunks: Iterator[AudioChunk], price_usd: float) -> Iterator[AudioChunk]:
        """Ask what the provider itself counted, and nothing for what it refused before it said anything."""
        usage, said = self._figures.provider_usage, False
        before_usd = usage.get(_DOLLARS, 0.0)
        try:
            for chunk in chunks:
                said = True
                yield chunk
        except ProviderError:
            if not said:
                self._figures.cost_usd -= price_usd
            raise
        finally:
            counted_usd = usage.get(_DOLLARS, 0.0) - before_usd
            if said and counted_usd > 0:
                self._figures.cost_usd += counted_usd - price_usd

    def _keep(self, request: SynthesisRequest, chunks: Sequence[AudioChunk]) -> None:
        pcm = _pcm(chunks)
        if self._shelf is not None and pcm:
            words = tuple(word for chunk in chunks for word in chunk.words)
            self._shelf.put(request, SpokenPiece(pcm, self._rate_hz, words))


def _pcm(chunks: Sequence[AudioChunk]) -> bytes:
    return b"".join(chunk.pcm for chunk in chunks)
