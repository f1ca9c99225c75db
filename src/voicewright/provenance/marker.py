"""The watermark in what is spoken: marks blocks as they come, in a process of its own.

The process is asked about one stretch at a time, with the tenth of a second before it, and remembers nothing:
streams can't be mixed, and one that was killed is replaced by the next question. What it answers is only what
to add; the speech itself is never resampled, and nothing above 2 kHz changes.
"""

from __future__ import annotations

import base64
import logging
import time
from collections.abc import Generator
from contextlib import suppress
from typing import TYPE_CHECKING, Final, Literal, Self

import numpy as np

from voicewright.engines.host.process import HostProcess
from voicewright.errors import AppError
from voicewright.provenance.errors import WatermarkUnavailable
from voicewright.provenance.tally import Tally
from voicewright.provenance.watermark.embedding import CONTEXT_S, fade_length
from voicewright.provenance.watermark.spectra import LEAST_RATE_HZ
from voicewright.provenance.watermark.weights import find_weights

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from numpy.typing import NDArray

    from voicewright.settings import Settings

_LOG = logging.getLogger(__name__)

Policy = Literal["auto", "required", "off"]

SERVICE: Final = "voicewright.provenance.watermark.service:WatermarkService"
ENVIRONMENT: Final = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
"""One thread marks a hundred times as fast as people listen; more would take processors from the engines."""
_FIRST_S: Final = 0.1
"""Of the first block, so that sound leaves soon."""
_LEAST_S: Final = 0.1
_MOST_S: Final = 1.0
_ANSWER_S: Final = 10.0
"""A mark takes milliseconds: whoever has waited so long, waits in vain."""
_PAUSE_S: Final = 30.0
"""After a failure to mark, before it is tried in another stream."""


class Marker:
    """Marks speech; safe for threads, and one stream never hears of another.

    Args:
        policy: `auto` marks where it can, `required` refuses to speak otherwise, `off` never marks.
    """

    def __init__(self, policy: Policy = "auto") -> None:
        self.policy = policy
        self._host = HostProcess(SERVICE, name="The process that marks speech", env=ENVIRONMENT)
        self._installed = policy != "off" and find_weights() is not None
        self._failed_s: float | None = None
        """When marking failed last, by the monotonic clock."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """As the settings say."""
        return cls(settings.watermark)

    @property
    def available(self) -> bool:
        """Whether speech is marked here: the packages are there, and the setting does not forbid it."""
        return self._installed

    @property
    def pid(self) -> int | None:
        """Of the process that marks; None where there is none."""
        return self._host.pid

    def require(self) -> None:
        """Look before anything is spoken whether it may be.

        Raises:
            WatermarkUnavailable: the setting is `required`, and nothing can be marked here.
        """
        if self.policy == "required" and not self._installed:
            raise WatermarkUnavailable(
                "Nothing is spoken here without a watermark (VOICEWRIGHT_WATERMARK=required), and the "
                "package 'resemble-perth' is not installed. Install it, or set VOICEWRIGHT_WATERMARK=auto."
            )

    def warm(self) -> None:
        """Start the process now instead of with the first speech; what goes wrong is told then."""
        if self.available:
            with suppress(AppError):
                self._host.start()

    def mark(
        self,
        blocks: Iterable[NDArray[np.float32]],
        rate_hz: int,
        tally: Tally | None = None,
        *,
        has_more: Callable[[], bool] = lambda: True,
    ) -> Iterator[NDArray[np.float32]]:
        """Give the same speech, marked, as it comes: as many samples as went in, without a delay in them.

        Close the iterator to end early; `blocks` is closed with it, if it can be.

        Args:
            blocks: mono, float32 (n,) in +-1; where they are made meanwhile, in another thread.
            rate_hz: of the blocks; speech of less than 8 kHz is not marked.
            tally: counts what was marked, before it is given.
            has_more: whether the next block, or the end, is there already: what waits is marked together.

        Raises:
            WatermarkUnavailable: the setting is `required`, and the speech can't be marked.
            Exception: whatever `blocks` raises.
        """
        self.require()
        if not self.available or self._is_pausing():
            yield from blocks
            return
        if rate_hz < LEAST_RATE_HZ:
            self._give_up(f"speech of {rate_hz} Hz holds no watermark")
            yield from blocks
            return
        stream = _Stream(self, rate_hz, Tally() if tally is None else tally)
        try:
            for piece in _pieces(blocks, rate_hz, has_more):
                yield stream.mark(piece)
        finally:
            if isinstance(blocks, Generator):
                blocks.close()

    def close(self) -> None:
        """End the process."""
        self._host.close()

    def residual(self, samples: NDArray[np.float32], start: int, rate_hz: int) -> NDArray[np.float32] | None:
        """What to add from a place on, and how it goes on; None: nothing can be marked now.

        Raises:
            WatermarkUnavailable: and the setting is `required`.
        """
        params = {
            "samples": base64.b64encode(samples.astype("<f4", copy=False).tobytes()).decode("ascii"),
            "start": start,
            "rate_hz": rate_hz,
        }
        for last in (False, True):
            try:
                answer = self._host.call("residual", params, timeout_s=_ANSWER_S)
            except AppError as error:
                _LOG.warning("a stretch of speech could not be marked: %s", error.message)
                if last:
                    self._failed_s = time.monotonic()
                    self._give_up(error.message)
            else:
                self._failed_s = None
                return np.frombuffer(base64.b64decode(answer["residual"]), dtype="<f4")
        return None

    def _is_pausing(self) -> bool:
        """Whether marking has just failed; under `required` every speech tries."""
        failed_s = self._failed_s
        return self.policy == "auto" and failed_s is not None and time.monotonic() - failed_s < _PAUSE_S

    def _give_up(self, reason: str) -> None:
        if self.policy == "required":
            raise WatermarkUnavailable(
                f"Nothing is spoken here without a watermark (VOICEWRIGHT_WATERMARK=required): {reason}"
            )
        _LOG.warning("speech leaves without a watermark: %s", reason)


class _Stream:
    """One speech on its way through the marker: what came last of it, and how its mark would have gone on."""

    def __init__(self, marker: Marker, rate_hz: int, tally: Tally) -> None:
        self._marker = marker
        self._rate_hz = rate_hz
        self._tally = tally
        self._context = np.zeros(0, np.float32)
        length = fade_length(rate_hz)
        self._tail = np.zeros(length, np.float32)
        self._rise = np.linspace(0.0, 1.0, length, endpoint=False, dtype=np.float32)
        self._is_first = True
        self._gave_up = False

    def mark(self, piece: NDArray[np.float32]) -> NDArray[np.float32]:
        """The same piece, marked."""
        if self._gave_up:
            self._tally.bare += len(piece)
            return piece
        known = np.concatenate([self._context, piece])
        start = len(self._context)
        self._context = known[-round(CONTEXT_S * self._rate_hz) :]
        answer = self._marker.residual(known, start, self._rate_hz)
        if answer is not None:
            self._tally.marked += len(piece)
        else:
            self._gave_up = True
            self._tally.bare += len(piece)
            answer = np.zeros(len(piece) + len(self._tail), np.float32)  # the mark fades out
        residual = answer[: len(piece)].copy()
        if not self._is_first:
            count = min(len(self._tail), len(piece))
            rise = self._rise[:count]
            residual[:count] = residual[:count] * rise + self._tail[:count] * (1 - rise)
        self._is_first = False
        self._tail = answer[len(piece) :]
        return np.asarray(np.clip(piece + residual, -1.0, 1.0), dtype=np.float32)


def _pieces(
    blocks: Iterable[NDArray[np.float32]], rate_hz: int, has_more: Callable[[], bool]
) -> Iterator[NDArray[np.float32]]:
    """Cut and join blocks to what is best marked at once: not too little, and soon."""
    most = round(_FIRST_S * rate_hz)
    held: list[NDArray[np.float32]] = []
    failure: Exception | None = None
    try:
        for block in blocks:
            if not len(block):
                continue
            held.append(np.asarray(block, dtype=np.float32))
            length = sum(map(len, held))
            if length < _LEAST_S * rate_hz or (length < most and has_more()):
                continue
            joined = np.concatenate(held) if len(held) > 1 else held[0]
            held.clear()
            while len(joined):
                yield joined[:most]
                joined, most = joined[most:], round(_MOST_S * rate_hz)
    except Exception as error:  # noqa: BLE001 - raised again, after what came before it
        failure = error
    if held:
        yield np.concatenate(held)
    if failure is not None:
        raise failure
