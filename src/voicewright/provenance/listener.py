"""Asks a process of its own whether a sound carries the watermark, and puts its answers together."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from voicewright.engines.host.process import HostProcess
from voicewright.errors import AppError
from voicewright.provenance.marker import ENVIRONMENT, SERVICE
from voicewright.provenance.sounds import RATE_HZ
from voicewright.provenance.watermark.weights import find_weights

if TYPE_CHECKING:
    from collections.abc import Sequence

    from voicewright.provenance.sounds import Sound

_LOG = logging.getLogger(__name__)

WatermarkState = Literal["found", "not_found", "unknown"]

FOUND: Final = 0.7
"""From here on a window is marked. Speech that nobody marked stays below 0.5, in windows of 3 s."""
_DOUBTFUL: Final = 0.55
_ANSWER_S: Final = 300.0
_DOUBTS: Final = {
    "silent": "the sound is silent",
    "tone": "there are tones instead of speech",
    "steady": "there is a steady sound instead of speech",
    "short": "there is less than half a second of sound",
}


@dataclass(frozen=True, slots=True)
class Passage:
    """A stretch of a sound."""

    start_s: float
    end_s: float


@dataclass(frozen=True, slots=True)
class Watermark:
    """What was heard of the watermark."""

    state: WatermarkState
    confidence: float | None = None
    """About 0 to 1, of the window that has most of it; None: it can't be told."""
    passages: tuple[Passage, ...] = ()
    """Where it is, to about a second and a half."""
    heard_s: float = 0.0
    """Of so much sound it could be told; of long files only parts are listened to."""
    reason: str | None = None
    """Why it can't be told, in words."""


class WatermarkListener:
    """Listens for the mark; safe for threads, one sound at a time. Close it at the end."""

    def __init__(self) -> None:
        self._host = HostProcess(SERVICE, name="The process that listens for watermarks", env=ENVIRONMENT)

    def close(self) -> None:
        """End the process."""
        self._host.close()

    def listen(self, sound: Sound) -> Watermark:
        """Say whether and where a sound is marked; what goes wrong is the reason why that is unknown."""
        if find_weights() is None:
            return Watermark("unknown", reason="the package 'resemble-perth' is not installed here")
        try:
            params = {"path": str(sound.path), "rate_hz": RATE_HZ}
            answer = self._host.call("hear", params, timeout_s=_ANSWER_S)
        except AppError as error:
            _LOG.warning("a file could not be listened to: %s", error.message)
            return Watermark("unknown", reason="the process that listens failed; try again")
        return _summed_up(answer["windows"])


def _summed_up(windows: Sequence[tuple[float, float, float | None, str | None]]) -> Watermark:
    told = [(start_s, end_s, sure) for start_s, end_s, sure, _ in windows if sure is not None]
    if not told:
        doubts = [doubt for *_, doubt in windows if doubt is not None]
        commonest = max(doubts, key=doubts.count, default="silent")
        return Watermark("unknown", reason=_DOUBTS[commonest])
    heard = _joined([(start_s, end_s) for start_s, end_s, _ in told])
    heard_s = round(sum(one.end_s - one.start_s for one in heard), 1)
    most = round(max(sure for *_, sure in told), 3)
    if most >= FOUND:
        passages = _joined([(start_s, end_s) for start_s, end_s, sure in told if sure >= FOUND])
        return Watermark("found", most, tuple(passages), heard_s)
    if most >= _DOUBTFUL:
        reason = "there are traces as of a mark that was damaged, and such as other sounds may have"
        return Watermark("unknown", most, heard_s=heard_s, reason=reason)
    return Watermark("not_found", most, heard_s=heard_s)


def _joined(stretches: Sequence[tuple[float, float]]) -> list[Passage]:
    """Stretches that overlap or touch, as one; they come in order."""
    joined: list[Passage] = []
    for start_s, end_s in stretches:
        if joined and start_s <= joined[-1].end_s:
            joined[-1] = Passage(joined[-1].start_s, max(joined[-1].end_s, round(end_s, 2)))
        else:
            joined.append(Passage(round(start_s, 2), round(end_s, 2)))
    return joined
