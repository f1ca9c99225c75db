"""Whether a speech may go on, asked for each of its pieces and again while its sound waits for the listener.

What was made ahead was allowed when it was made. A share that is taken back ends a speech at once, so what
waits then is thrown away: in contrast to an engine that fails, the good sound of which may still be heard.
"""

from __future__ import annotations

import contextlib
import time
from typing import TYPE_CHECKING, Final

from voicewright.errors import AppError

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator
    from concurrent.futures import Future

    import numpy as np
    from numpy.typing import NDArray

    from voicewright.engines.port import AudioChunk

FRESH_S: Final = 1.0
"""For so long an answer is good for what was allowed before; so is the choice of the voice."""


class Permission:
    """The permit of one speech; once it was refused, nothing more of the speech leaves.

    Args:
        ask: begins to ask; what the answer raises ends the speech.
        chosen_s: when the voice was chosen, which is as good as an answer.
        clock: seconds, as `chosen_s`.
    """

    def __init__(
        self,
        ask: Callable[[], Future[None]],
        *,
        chosen_s: float,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self._ask = ask
        self._as_of_s = chosen_s
        self._clock = clock
        self._refusal: AppError | None = None

    def of_piece(self, place: int, chunks: Generator[AudioChunk, None, None]) -> Iterator[AudioChunk]:
        """A piece; nothing of it leaves before it is known that it may; the engine works meanwhile."""
        if not place and self._is_fresh():
            return chunks
        return self._held_back(chunks, self._ask(), self._clock())

    def of_sound(self, blocks: Iterator[NDArray[np.float32]]) -> Iterator[NDArray[np.float32]]:
        """The sound on its way out, as long as it may leave.

        Raises:
            AppError: what the permit raised; what waits is dropped.
        """
        for block in blocks:
            if self._refusal is None and not self._is_fresh():
                self._hear(self._ask(), self._clock())
            if self._refusal is not None:
                raise self._refusal
            yield block

    def _held_back(
        self, chunks: Generator[AudioChunk, None, None], answer: Future[None], asked_s: float
    ) -> Iterator[AudioChunk]:
        with contextlib.closing(chunks):
            for chunk in chunks:
                self._hear(answer, asked_s)
                yield chunk
        self._hear(answer, asked_s)

    def _hear(self, answer: Future[None], asked_s: float) -> None:
        try:
            answer.result()
        except AppError as error:
            self._refusal = error
            raise
        self._as_of_s = max(self._as_of_s, asked_s)

    def _is_fresh(self) -> bool:
        return self._clock() - self._as_of_s < FRESH_S
