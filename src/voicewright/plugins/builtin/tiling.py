"""Real frames of the speaker chosen along a predicted trajectory.

A network's prediction is an average, and averages sound dull. So each predicted frame is met by a frame that
the speaker really said in the same phone: by dynamic programming over target and join costs, as in unit
selection (A. Hunt and A. Black, 1996), at the grain of frames (trajectory tiling; Y. Qian et al., 2013).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final

import numpy as np

from voicewright.plugins.builtin.analysis import CEPSTRA, LOG_F0, NOISE, VOICED
from voicewright.plugins.builtin.context import CENTRE, POSITION, Context
from voicewright.plugins.builtin.distances import distances

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float32]
    Ints = NDArray[np.int64]

CANDIDATES: Final = 40
BANK_FRAMES: Final = 48_000
"""Four minutes: more of them make the artefact larger and the search slower, and hardly better."""
_COMPARED: Final = 25
"""Cepstra that distances look at."""
_WEIGHTS = np.concatenate([np.full(8, 1.0), np.full(_COMPARED - 8, 0.7)]).astype(np.float32)
_REAL, _PREDICTED = 0.7, 0.3
"""Distance to the real frame, and to what the network predicts there: both sides equally averaged."""
_CONTEXT, _PLACE, _PITCH, _VOICING = 1.2, 1.0, 0.6, 3.0
_WARP_COST, _JOIN_COST, _JOIN_DISTANCE = 0.3, 0.5, 0.7
_STEP = 1.0 / 25.0
"""A byte holds a normalised value between -5.1 and 5.1."""
_BLEND = 0.5
_SMOOTHED = 3
_FEW = 3
_FAR_AWAY = 1e3


@dataclass(frozen=True)
class FrameBank:
    """The speaker's own frames with their contexts, in bytes."""

    real: NDArray[np.int8]
    """(frames, FRAME_SIZE), normalised and quantised."""
    predicted: NDArray[np.int8]
    """(frames, 25) the network's cepstra for the same frames."""
    phones: NDArray[np.int16]
    """(frames, 3) ids of the phone before, the phone, the phone after."""
    position: NDArray[np.uint8]
    """(frames,) how much of the phone has passed, 0..255."""
    follows: NDArray[np.bool_]
    """(frames,) whether the next row is the next frame of the same recording."""

    @classmethod
    def collect(
        cls, contexts: Sequence[Context], real: Sequence[Floats], predicted: Sequence[Floats]
    ) -> FrameBank:
        """Keep the frames of the first recordings up to `BANK_FRAMES`; all inputs are normalised."""
        kept = 0
        total = 0
        for frames in real:
            total += len(frames)
            kept += 1
            if total >= BANK_FRAMES:
                break
        follows = [np.arange(len(frames)) < len(frames) - 1 for frames in real[:kept]]
        around = slice(CENTRE - 1, CENTRE + 2)
        return cls(
            _quantise(np.concatenate(real[:kept])),
            _quantise(np.concatenate([p[:, :_COMPARED] for p in predicted[:kept]])),
            np.concatenate([c.phones[:, around] for c in contexts[:kept]]).astype(np.int16),
            np.concatenate([c.places[:, POSITION] * 255 for c in contexts[:kept]]).astype(np.uint8),
            np.concatenate(follows),
        )

    def tile(self, frames: Floats, context: Context, more: Floats | None = None) -> Floats:
        """Blend the predicted frames, (frames, FRAME_SIZE) normalised, with real ones.

        Args:
            frames: the predicted ones.
            context: theirs.
            more: (frames of the bank,) what taking each costs beside what it costs anyway.
        """
        return self._tiler.tile(frames, context, more)

    def __len__(self) -> int:
        """How many frames there are."""
        return len(self.real)

    @cached_property
    def _tiler(self) -> _Tiler:
        return _Tiler(self)


class _Tiler:
    """The search over one bank; widened once from bytes and kept."""

    def __init__(self, bank: FrameBank) -> None:
        self._real = bank.real.astype(np.float32) * _STEP
        self._compared = self._real[:, :_COMPARED] * _WEIGHTS
        self._predicted = bank.predicted.astype(np.float32) * _STEP * _WEIGHTS
        self._phones = bank.phones.astype(np.int64)
        self._position = bank.position.astype(np.float32) / 255
        self._follows = bank.follows
        self._rows_of = {int(p): np.flatnonzero(bank.phones[:, 1] == p) for p in np.unique(bank.phones[:, 1])}

    def tile(self, frames: Floats, context: Context, more: Floats | None) -> Floats:
        rows, costs = self._candidates(frames, context)
        path = self._best_path(rows, costs if more is None else costs + more[rows])
        chosen = _smooth_joins(self._real[path], path)
        result = frames.copy()
        result[:, CEPSTRA] += _BLEND * (chosen[:, CEPSTRA] - frames[:, CEPSTRA])
        result[:, NOISE] = chosen[:, NOISE]
        return result

    def _candidates(self, frames: Floats, context: Context) -> tuple[Ints, Floats]:
        """The bank rows that fit each frame best, and their costs, both (frames, CANDIDATES)."""
        rows = np.zeros((len(frames), CANDIDATES), np.int64)
        costs = np.full((len(frames), CANDIDATES), _FAR_AWAY, np.float32)
        wanted = frames[:, :_COMPARED] * _WEIGHTS
        centre = context.phones[:, CENTRE]
        for phone in np.unique(centre):
            at = np.flatnonzero(centre == phone)
            pool = self._rows_of.get(int(phone))
            if pool is None or len(pool) < _FEW:
                pool = np.arange(len(self._real))
            cost = self._target_costs(wanted[at], frames[at], context, at, pool)
            count = min(CANDIDATES, len(pool))
            best = np.argpartition(cost, count - 1, axis=1)[:, :count]
            rows[at, :count] = pool[best]
            costs[at, :count] = np.take_along_axis(cost, best, axis=1)
        return rows, costs

    def _target_costs(self, wanted: Floats, frames: Floats, context: Context, at: Ints, pool: Ints) -> Floats:
        position = context.places[at, POSITION][:, None]
        before = self._phones[pool, 0][None] != context.phones[at, CENTRE - 1][:, None]
        after = self._phones[pool, 2][None] != context.phones[at, CENTRE + 1][:, None]
        voicing = (self._real[pool, VOICED] > 0.5)[None] != (frames[:, VOICED] > 0)[:, None]  # noqa: PLR2004 - half
        costs: Floats = (
            _REAL * distances(wanted, self._compared[pool])
            + _PREDICTED * distances(wanted, self._predicted[pool])
            + _CONTEXT * (before * (1 - position) + after * position)
            + _PLACE * np.abs(self._position[pool][None] - position)
            + _PITCH * np.abs(self._real[pool, LOG_F0][None] - frames[:, LOG_F0][:, None])
            + _VOICING * voicing
        ).astype(np.float32)
        return costs

    def _best_path(self, rows: Ints, costs: Floats) -> Ints:
        """The cheapest sequence of candidates: target costs and the costs of joins."""
        length, count = rows.shape
        following = np.where(self._follows[rows], np.minimum(rows + 1, len(self._real) - 1), rows)
        score = costs[0].copy()
        back = np.zeros((length, count), np.int64)
        lanes = np.arange(count)
        for frame in range(1, length):
            before, now = rows[frame - 1], rows[frame]
            join = _JOIN_COST + _JOIN_DISTANCE * distances(
                self._compared[following[frame - 1]], self._compared[now]
            )
            step = now[None] - before[:, None]
            natural = self._follows[before][:, None]
            join[(step == 0) | ((step == 2) & natural)] = _WARP_COST  # noqa: PLR2004 - one frame skipped
            join[(step == 1) & natural] = 0.0
            total = score[:, None] + join
            best = total.argmin(0)
            back[frame] = best
            score = total[best, lanes] + costs[frame]
        path = np.zeros(length, np.int64)
        lane = int(score.argmin())
        for frame in range(length - 1, -1, -1):
            path[frame] = rows[frame, lane]
            lane = int(back[frame, lane])
        return path


def _quantise(values: Floats) -> NDArray[np.int8]:
    return np.clip(np.round(values / _STEP), -127, 127).astype(np.int8)


def _smooth_joins(frames: Floats, path: Ints) -> Floats:
    """A moving average over five frames near places where the path jumps."""
    jump = ~np.isin(np.diff(path), (0, 1, 2))
    near = np.zeros(len(frames), bool)
    for place in np.flatnonzero(jump) + 1:
        near[max(0, place - _SMOOTHED) : place + _SMOOTHED] = True
    padded = np.pad(frames, ((2, 2), (0, 0)), mode="edge")
    average = sum(padded[shift : shift + len(frames)] for shift in range(5)) / 5
    return np.where(near[:, None], average, frames).astype(np.float32)
