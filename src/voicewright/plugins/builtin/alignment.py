"""Which phone is said when: the guide's phones laid over a recording.

First dynamic time warping of the guide's rendering onto the recording, then Viterbi training of three-state
monophone hidden Markov models with diagonal Gaussians, smoothed towards the phone and the global mean
(maximum a posteriori; J.-L. Gauvain and C.-H. Lee, 1994). No dictionary and no language model, so that it
works in every language that espeak-ng has.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from scipy import fft as scipy_fft

from voicewright.plugins.builtin.pitch import centres_of, frames_at
from voicewright.plugins.builtin.warping import warp

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from voicewright.plugins.builtin.espeak import Rendering

    Floats = NDArray[np.float32]

_State: TypeAlias = tuple[str, int, int]
"""(phone, sub-state, index of the sound, -1 for silence)."""

SILENCE = "sil"
STATES_PER_PHONE = 3
PASSES = 6
MAP_TAU = 10.0
VARIANCE_FLOOR = 0.05
LIKELIHOOD_SCALE = 0.3
STAY_PROBABILITY = 0.8
_MEL_BANDS = 40
_COEFFICIENTS = 13
_QUIET_PERCENTILE = 8.0
_NEVER = np.float32(-1e18)
_MOST_CELLS = 12_000_000
"""Frames times states of the utterances whose paths are searched at once: a byte for each is kept."""
_LEAP = 2


@dataclass(frozen=True, slots=True)
class Segment:
    """A run of 5 ms frames in which one phone, or silence, is said."""

    name: str
    start: int
    end: int
    """Exclusive."""
    sound: int
    """Index into the rendering's sounds, -1 for silence."""
    word: int

    @property
    def frames(self) -> int:
        """Its length."""
        return self.end - self.start


@dataclass(frozen=True, slots=True)
class Alignment:
    """The segments of one recording, from its first frame to its last."""

    segments: tuple[Segment, ...]
    score: float
    """Mean log likelihood of a frame: low where the words are not what was said."""


@dataclass(slots=True)
class _Utterance:
    features: Floats
    states: list[_State]
    labels: NDArray[np.int64]
    rendering: Rendering
    score: float = 0.0


def align(
    utterances: Sequence[tuple[Floats, Rendering]], sample_rate_hz: int, tick: Callable[[float], None]
) -> list[Alignment]:
    """Align recordings with the renderings of their texts, all of one speaker at once.

    Args:
        utterances: pairs of (samples,) recording and the guide's rendering of what is said in it; gone
            through once.
        sample_rate_hz: of the recordings.
        tick: called with the share of the work done.
    """
    items = []
    for number, (wave, rendering) in enumerate(utterances):
        items.append(_prepare(wave, rendering, sample_rate_hz))
        tick(0.4 * (number + 1) / len(utterances))
    batches = _batches(items)
    for turn in range(PASSES):
        models = _estimate(items)
        for number, batch in enumerate(batches):
            _relabel(batch, models)
            tick(0.4 + 0.6 * (turn + (number + 1) / len(batches)) / PASSES)
    return [_segments(item) for item in items]


def mel_cepstra(wave: Floats, sample_rate_hz: int) -> Floats:
    """(frames, 13) mel-frequency cepstra every 5 ms over windows of 20 ms (Davis and Mermelstein, 1980)."""
    half = int(0.010 * sample_rate_hz)
    window = np.hanning(2 * half + 3)[1:-1].astype(np.float32)
    frames = frames_at(wave, centres_of(len(wave), sample_rate_hz), half) * window
    spectrum = scipy_fft.rfft(frames, 512, axis=1)
    power = spectrum.real**2 + spectrum.imag**2
    energies = power @ _mel_matrix(sample_rate_hz)
    floor = max(float(energies.max(initial=0.0)) * 1e-7, 1e-10)
    cepstra = scipy_fft.dct(10 * np.log10(np.maximum(energies, floor)), axis=1, norm="ortho")
    result: Floats = cepstra[:, :_COEFFICIENTS]
    return result


@cache
def _mel_matrix(rate: int) -> Floats:
    top = 1127.0 * np.log1p(8000.0 / 700.0)
    edges = 700.0 * np.expm1(np.linspace(0.0, top, _MEL_BANDS + 2) / 1127.0)
    bins = np.arange(257) * rate / 512
    up = (bins[:, None] - edges[:-2]) / np.diff(edges)[:-1]
    down = (edges[2:] - bins[:, None]) / np.diff(edges)[1:]
    return np.maximum(0.0, np.minimum(up, down)).astype(np.float32)


def _features(cepstra: Floats) -> Floats:
    """Cepstra and their slopes over 45 ms, each with mean 0 and variance 1 in the utterance."""
    span = 4
    padded = np.pad(cepstra, ((span, span), (0, 0)), mode="edge")
    weights = np.arange(-span, span + 1, dtype=np.float32)
    slopes = sum(
        w * padded[span + k : len(padded) - span + k]
        for k, w in zip(range(-span, span + 1), weights, strict=True)
    )
    joined = np.concatenate([cepstra, slopes / (weights**2).sum()], axis=1)
    result: Floats = ((joined - joined.mean(0)) / (joined.std(0) + 1e-6)).astype(np.float32)
    return result


def _prepare(wave: Floats, rendering: Rendering, rate: int) -> _Utterance:
    cepstra = mel_cepstra(wave, rate)
    features = _features(cepstra)
    guide = _features(mel_cepstra(rendering.wave, rate))
    states = _states(rendering)
    labels = np.full(len(features), -1, np.int64)
    if len(guide) > 1 and len(features) > 1:
        to_recording = _warp(guide[::2], features[::2])
        for state, (_, sub, sound) in enumerate(states):
            if sound < 0:
                continue
            phone = rendering.sounds[sound]
            start, end = to_recording(phone.start_s), to_recording(phone.end_s)
            low = int(start + (end - start) * sub / STATES_PER_PHONE)
            high = int(start + (end - start) * (sub + 1) / STATES_PER_PHONE)
            labels[low : max(high, low + 1)] = state
    labels[cepstra[:, 0] < np.percentile(cepstra[:, 0], _QUIET_PERCENTILE)] = 0
    return _Utterance(features, states, labels, rendering)


def _states(rendering: Rendering) -> list[_State]:
    """Three states to a phone, one optional silence between words and at both ends."""
    states: list[_State] = [(SILENCE, 0, -1)]
    sounds = rendering.sounds
    for index, phone in enumerate(sounds):
        if index and phone.word != sounds[index - 1].word:
            states.append((SILENCE, 0, -1))
        states += [(phone.name, sub, index) for sub in range(STATES_PER_PHONE)]
    return [*states, (SILENCE, 0, -1)]


def _warp(guide: Floats, recording: Floats) -> Callable[[float], float]:
    """Dynamic time warping at 10 ms; the result maps a guide time (s) to a recording frame (5 ms)."""
    frames = np.arange(len(guide))
    mapped = np.interp(frames, *warp(guide, recording))

    def to_recording(time_s: float) -> float:
        return float(np.interp(time_s / 0.01, frames, mapped)) * 2

    return to_recording


@dataclass(frozen=True, slots=True)
class _Models:
    """One diagonal Gaussian for each state of each phone that was heard, and last one for all the others."""

    ids: dict[tuple[str, int], int]
    """Row of each (phone, sub-state) in `means`."""
    means: NDArray[np.float64]
    """(models, features)"""
    variances: NDArray[np.float64]
    """(models, features)"""

    def ids_of(self, states: Sequence[_State]) -> NDArray[np.int64]:
        """(states,) the row for each state."""
        rest = len(self.means) - 1
        return np.array([self.ids.get((name, sub), rest) for name, sub, _ in states], np.int64)

    def log_likelihoods(self, features: Floats) -> Floats:
        """(frames, features) to (frames, models)."""
        precision = 1.0 / self.variances
        # one product: the terms in x squared, in x, and those without x
        weights = np.concatenate([-0.5 * precision, self.means * precision], axis=1).astype(np.float32)
        constant = -0.5 * ((self.means**2 * precision) - np.log(precision)).sum(1)
        result: Floats = np.concatenate([features**2, features], axis=1) @ weights.T
        result += constant.astype(np.float32)
        return result


def _estimate(items: Sequence[_Utterance]) -> _Models:
    """Means and variances of every state, smoothed towards its phone's and everything's."""
    ids: dict[tuple[str, int], int] = {}
    for item in items:
        for name, sub, _ in item.states:
            ids.setdefault((name, sub), len(ids))
    size = items[0].features.shape[1]
    count, first, second = np.zeros((len(ids), 1)), np.zeros((len(ids), size)), np.zeros((len(ids), size))
    for item in items:
        known = item.labels >= 0
        rows = np.array([ids[name, sub] for name, sub, _ in item.states])[item.labels[known]]
        order = np.argsort(rows, kind="stable")
        heard, starts, lengths = np.unique(rows[order], return_index=True, return_counts=True)
        x = item.features[known][order].astype(np.float64)
        count[heard, 0] += lengths
        first[heard] += np.add.reduceat(x, starts)
        second[heard] += np.add.reduceat(x**2, starts)
    total = count.sum()
    mean = first.sum(0) / total
    variance = second.sum(0) / total - mean**2
    siblings = np.array([[ids.get((name, sub), -1) for sub in range(STATES_PER_PHONE)] for name, _ in ids])
    exists = (siblings >= 0)[:, :, None]
    of_phone = (count[siblings] * exists).sum(1), (first[siblings] * exists).sum(1)
    phone_mean = (of_phone[1] + MAP_TAU * mean) / (of_phone[0] + MAP_TAU)
    own_mean = (first + MAP_TAU * phone_mean) / (count + MAP_TAU)
    own_variance = (second + MAP_TAU * (variance + phone_mean**2)) / (count + MAP_TAU) - own_mean**2
    # a state that no frame was given to is as good as unheard
    own_mean[count[:, 0] == 0], own_variance[count[:, 0] == 0] = mean, variance
    return _Models(
        ids,
        np.concatenate([own_mean, mean[None]]),
        np.maximum(np.concatenate([own_variance, variance[None]]), VARIANCE_FLOOR),
    )


def _batches(items: Sequence[_Utterance]) -> list[list[_Utterance]]:
    """Utterances of like length together, few enough of them for the tables of a search."""
    batches: list[list[_Utterance]] = []
    for item in sorted(items, key=lambda each: len(each.features)):
        cells = len(item.features) * len(item.states)
        if not batches or cells * (len(batches[-1]) + 1) > _MOST_CELLS:
            batches.append([])
        batches[-1].append(item)
    return batches


def _relabel(items: Sequence[_Utterance], models: _Models) -> None:
    """Label some utterances anew, padded to the same size so that each frame is one vector operation."""
    frames = np.array([len(item.features) for item in items])
    counts = np.array([len(item.states) for item in items])
    heard = np.zeros((frames.max(), len(items), len(models.means)), np.float32)
    which = np.zeros((len(items), counts.max()), np.int64)
    optional = np.zeros((len(items), counts.max()), bool)
    for index, item in enumerate(items):
        heard[: frames[index], index] = models.log_likelihoods(item.features)
        which[index, : counts[index]] = models.ids_of(item.states)
        optional[index, : counts[index]] = [sound < 0 for _, _, sound in item.states]
    paths = _viterbi(heard, which, optional, frames=frames, counts=counts)
    for index, item in enumerate(items):
        item.labels = paths[: frames[index], index]
        chosen = heard[np.arange(frames[index]), index, which[index, item.labels]]
        item.score = float(chosen.mean())


def _viterbi(
    heard: Floats,
    which: NDArray[np.int64],
    optional: NDArray[np.bool_],
    *,
    frames: NDArray[np.int64],
    counts: NDArray[np.int64],
) -> NDArray[np.int64]:
    """The best left-to-right paths, in which `optional` states may be skipped.

    Args:
        heard: (most frames, utterances, models) log likelihoods.
        which: (utterances, most states) the model of each state.
        optional: (utterances, most states).
        frames: (utterances,) how many frames each has.
        counts: (utterances,) how many states each has.

    Returns:
        (most frames, utterances) state indices.
    """
    stay, advance = np.float32(np.log(STAY_PROBABILITY)), np.float32(np.log(1 - STAY_PROBABILITY))
    scale = np.float32(LIKELIHOOD_SCALE)
    lanes = np.arange(len(frames))
    flat = which + (lanes * heard.shape[2])[:, None]
    score = np.full(which.shape, _NEVER, np.float32)
    now = heard[0].take(flat) * scale
    score[:, 0] = now[:, 0]
    score[:, 1:2] = np.where(optional[:, :1], now[:, 1:2], _NEVER)
    skip = np.where(optional[:, 1:-1], advance, _NEVER)
    back = np.zeros((len(heard), *score.shape), np.int8)
    last = score.copy()
    best, by_one, by_two = np.empty_like(score), np.empty_like(score), np.empty_like(score)
    by_one[:, :1] = by_two[:, :2] = _NEVER
    for frame in range(1, len(heard)):
        np.add(score[:, :-1], advance, out=by_one[:, 1:])
        np.add(score[:, :-2], skip, out=by_two[:, 2:])
        np.add(score, stay, out=best)
        # one bit says that the state came from the one before, the other that it leapt over that
        moved = by_one > best
        np.maximum(best, by_one, out=best)
        leapt = by_two > best
        np.maximum(best, by_two, out=best)
        np.left_shift(leapt.view(np.int8), 1, out=back[frame])
        back[frame] |= moved.view(np.int8)
        heard[frame].take(flat, out=now)
        now *= scale
        np.add(best, now, out=score)
        np.maximum(score, _NEVER, out=score)
        ending = frames == frame + 1
        if ending.any():
            last[ending] = score[ending]
    state = counts - 1
    earlier = np.maximum(counts - 2, 0)
    state = np.where(optional[lanes, state] & (last[lanes, earlier] > last[lanes, state]), earlier, state)
    path = np.zeros((len(heard), len(frames)), np.int64)
    for frame in range(len(heard) - 1, -1, -1):
        path[frame] = state
        steps = np.minimum(back[frame, lanes, state], _LEAP)
        state = np.where(frame < frames, state - steps, state)
    return path


def _segments(item: _Utterance) -> Alignment:
    keys = np.array([-1 - s if item.states[s][2] < 0 else item.states[s][2] for s in range(len(item.states))])
    along = keys[item.labels]
    cuts = np.flatnonzero(np.diff(along)) + 1
    sounds = item.rendering.sounds
    segments = []
    for start, end in zip([0, *cuts], [*cuts, len(along)], strict=True):
        name, _, sound = item.states[item.labels[start]]
        segments.append(Segment(name, int(start), int(end), sound, sounds[sound].word if sound >= 0 else -1))
    return Alignment(tuple(segments), item.score)
