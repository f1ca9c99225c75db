"""What this process has spoken since it began, for its metrics."""

from __future__ import annotations

import bisect
import threading
from collections import Counter
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from voicewright.provenance.tally import Marked
    from voicewright.speech.speaking import Speech

FIRST_AUDIO_S: Final = (0.05, 0.1, 0.2, 0.3, 0.5, 1.0, 2.0, 5.0, 10.0)
REAL_TIME_FACTOR: Final = (0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0)

End = Literal["completed", "failed", "cancelled", "refused"]


class Distribution:
    """How often which values came, by upper bounds; not safe for threads by itself."""

    def __init__(self, bounds: Sequence[float]) -> None:
        self.bounds = tuple(bounds)
        self.total = 0.0
        self._counts = [0] * (len(self.bounds) + 1)

    def add(self, value: float) -> None:
        """Count a value."""
        self._counts[bisect.bisect_left(self.bounds, value)] += 1
        self.total += value

    def up_to(self) -> list[tuple[str, float]]:
        """For each bound, how many were not above it; the last is infinite."""
        found, count = [], 0
        for bound, more in zip((*map(str, self.bounds), "+Inf"), self._counts, strict=True):
            count += more
            found.append((bound, float(count)))
        return found


class Meter:
    """Counts; safe for threads."""

    def __init__(self) -> None:
        self.ends: Counter[End] = Counter({"completed": 0, "failed": 0, "cancelled": 0, "refused": 0})
        self.pieces: Counter[str] = Counter({"spoken": 0, "cached": 0, "retried": 0})
        self.checks: Counter[str] = Counter({"good": 0, "repaired": 0, "poor": 0, "skipped": 0})
        self.provider_usage: dict[tuple[str, str], float] = {}
        """By engine and unit."""
        self.watermarks: Counter[Marked] = Counter({"perth": 0, "partial": 0, "none": 0})
        self.first_audio_s = Distribution(FIRST_AUDIO_S)
        self.real_time_factor = Distribution(REAL_TIME_FACTOR)
        self._lock = threading.Lock()

    def note_end(self, speech: Speech) -> None:
        """Count a speech that has ended."""
        figures = speech.figures
        with self._lock:
            self.ends[speech.outcome or "cancelled"] += 1
            self.pieces["spoken"] += figures.spoken_pieces - figures.cached_pieces
            self.pieces["cached"] += figures.cached_pieces
            self.pieces["retried"] += figures.retried_pieces
            for unit, amount in figures.provider_usage.items():
                counted = speech.voice.engine, unit
                self.provider_usage[counted] = self.provider_usage.get(counted, 0.0) + amount
            if figures.watermark is not None:
                self.watermarks[figures.watermark] += 1
            if figures.first_audio_s is not None:
                self.first_audio_s.add(figures.first_audio_s)
            if figures.synthesis_s and figures.spoken_pieces > figures.cached_pieces:
                self.real_time_factor.add(figures.real_time_factor)

    def note_refusal(self) -> None:
        """Count a speech that found no place."""
        with self._lock:
            self.ends["refused"] += 1

    def note_check(self, verdict: str) -> None:
        """Count a piece that was listened to, or was not."""
        with self._lock:
            self.checks[verdict] += 1
