"""Which phone is said when: the guide's phones laid over a recording.

First dynamic time warping of the guide's rendering onto the recording, then Viterbi training of three-state
monophone hidden Markov models with diagonal Gaussians, smoothed towards the phone and the global mean
(maximum a posteriori; J.-L. Gauvain and C.-H. Lee, 1994). No dictionary and no language model, so that it
works in every language that espeak-ng has.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import fft as scipy_fft

from voicewright.plugins.builtin.espeak import Rendering
from voicewright.plugins.builtin.pitch import centres_of, frames_at

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

SILENCE = "sil"
STATES_PER_PHONE = 3
PASSES = 6
MAP_TAU = 10.0
VARIANCE_FLOOR = 0.05
LIKELIHOOD_SCALE = 0.3
STAY_PROBABILITY = 0.8
DTW_BAND = 0.25
"""How far the warping may stray from the diagonal, as a share of the length."""
_MEL_BANDS = 40
_COEFFICIENTS = 13
_QUIET_PERCENTILE = 8.0
_NEVER = np.float32(-1e18)
_TOGETHER = 8
"""Utterances whose paths are searched at once."""


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
    states: list[tuple[str, int, int]]
    """(phone, sub-state, index of the sound)."""
    labels: NDArray[np.int64]
    rendering: Rendering
    score: float = 0.0


def align(
    utterances: Sequence[tuple[Floats, Rendering]], sample_rate_hz: int, tick: Callable[[float], None]
) -> list[Alignment]:
    """Align recordings with the renderings of their texts, all of one speaker at once.

    Args:
        utterances: pairs of (samples,) recording and the guide's rendering of what is said in it.
        sample_rate_hz: of the recordings.
        tick: called with the share of the work done.
    """
    items = []
    for number, (wave, rendering) in enumerate(utterances):
        items.append(_prepare(wave, rendering, sample_rate_hz))
        tick(0.4 * (number + 1) / len(utterances))
    for turn in range(PASSES):
        models, rest = _estimate(items)
        for start in range(0, len(items), _TOGETHER):
            _relabel(items[start : start + _TOGETHER], models, rest)
            done = min(1.0, (start + _TOGETHER) / len(items))
            tick(0.4 + 0.6 * (turn + done) / PASSES)
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
    result: Floats = scipy_fft.dct(10 * np.log10(np.maximum(energies, floor)), axis=1, norm="ortho")
    return result[:, :_COEFFICIENTS]


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
    return ((joined - joined.mean(0)) / (joined.std(0) + 1e-6)).astype(np.float32)


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


def _states(rendering: Rendering) -> list[tuple[str, int, int]]:
    """Three states to a phone, one optional silence between words and at both ends."""
    states = [(SILENCE, 0, -1)]
    sounds = rendering.sounds
    for index, phone in enumerate(sounds):
        if index and phone.word != sounds[index - 1].word:
            states.append((SILENCE, 0, -1))
        states += [(phone.name, sub, index) for sub in range(STATES_PER_PHONE)]
    return [*states, (SILENCE, 0, -1)]


def _warp(guide: Floats, recording: Floats) -> Callable[[float], float]:
    """Dynamic time warping at 10 ms; the result maps a guide time (s) to a recording frame (5 ms)."""
    path = _dtw(guide, recording)
    frames = np.arange(len(guide))
    mapped = np.interp(frames, path[:, 0], path[:, 1])

    def to_recording(time_s: float) -> float:
        return float(np.interp(time_s / 0.01, frames, mapped)) * 2

    return to_recording


def _dtw(a: Floats, b: Floats) -> NDArray[np.int64]:
    """The cheapest path through the distances of two sequences, as (steps, 2) indices.

    Anti-diagonal by anti-diagonal, so that each step is one vector operation.
    """
    rows, columns = len(a), len(b)
    distance = np.sqrt(np.maximum((a**2).sum(1)[:, None] + (b**2).sum(1)[None] - 2 * a @ b.T, 0.0))
    slope = (columns - 1) / max(rows - 1, 1)
    off = np.abs(np.arange(columns)[None] - np.arange(rows)[:, None] * slope)
    distance[off > DTW_BAND * max(rows, columns) + 2] = 1e6
    total = np.full((rows + 1, columns + 1), np.inf, np.float64)
    total[0, 0] = 0.0
    move = np.zeros((rows, columns), np.int8)
    for diagonal in range(rows + columns - 1):
        i = np.arange(max(0, diagonal - columns + 1), min(rows, diagonal + 1))
        j = diagonal - i
        options = np.stack([total[i, j], total[i, j + 1], total[i + 1, j]])
        best = options.argmin(0)
        total[i + 1, j + 1] = options[best, np.arange(len(i))] + distance[i, j]
        move[i, j] = best
    i, j = rows - 1, columns - 1
    path = [(i, j)]
    while i or j:
        step = move[i, j]
        i, j = i - int(step != 2), j - int(step != 1)
        path.append((i, j))
    return np.array(path[::-1])


_Models = dict[tuple[str, int], tuple["Floats", "Floats"]]


def _estimate(items: list[_Utterance]) -> tuple[_Models, tuple[Floats, Floats]]:
    """Means and variances of every state, smoothed towards its phone's and everything's."""
    sums: dict[tuple[str, int], tuple[float, NDArray[np.float64], NDArray[np.float64]]] = {}
    for item in items:
        for state in np.unique(item.labels[item.labels >= 0]):
            rows = item.features[item.labels == state].astype(np.float64)
            name, sub, _ = item.states[state]
            count, first, second = sums.get((name, sub), (0.0, np.zeros(1), np.zeros(1)))
            sums[name, sub] = (count + len(rows), first + rows.sum(0), second + (rows**2).sum(0))
    total = sum(s[0] for s in sums.values())
    mean = sum(s[1] for s in sums.values()) / total
    variance = sum(s[2] for s in sums.values()) / total - mean**2
    models: _Models = {}
    for (name, sub), (count, first, second) in sums.items():
        of_phone = [sums[name, k] for k in range(STATES_PER_PHONE) if (name, k) in sums]
        phone_mean = (sum(s[1] for s in of_phone) + MAP_TAU * mean) / (sum(s[0] for s in of_phone) + MAP_TAU)
        own_mean = (first + MAP_TAU * phone_mean) / (count + MAP_TAU)
        own_variance = (second + MAP_TAU * (variance + phone_mean**2)) / (count + MAP_TAU) - own_mean**2
        models[name, sub] = (own_mean, np.maximum(own_variance, VARIANCE_FLOOR))
    return models, (mean, np.maximum(variance, VARIANCE_FLOOR))


def _relabel(items: Sequence[_Utterance], models: _Models, rest: tuple[Floats, Floats]) -> None:
    """Label some utterances anew, padded to the same size so that each frame is one vector operation."""
    frames = np.array([len(item.features) for item in items])
    counts = np.array([len(item.states) for item in items])
    likelihood = np.zeros((len(items), frames.max(), counts.max()), np.float32)
    optional = np.zeros((len(items), counts.max()), bool)
    for index, item in enumerate(items):
        likelihood[index, : frames[index], : counts[index]] = _likelihood(item, models, rest)
        optional[index, : counts[index]] = [sound < 0 for _, _, sound in item.states]
    paths = _viterbi(likelihood * LIKELIHOOD_SCALE, optional, frames, counts)
    for index, item in enumerate(items):
        item.labels = paths[index, : frames[index]]
        chosen = likelihood[index, np.arange(frames[index]), item.labels]
        item.score = float(chosen.mean())


def _likelihood(item: _Utterance, models: _Models, rest: tuple[Floats, Floats]) -> Floats:
    """(frames, states) log likelihoods under diagonal Gaussians."""
    chosen = [models.get((name, sub), rest) for name, sub, _ in item.states]
    mean = np.stack([m for m, _ in chosen])
    precision = 1.0 / np.stack([v for _, v in chosen])
    x = item.features.astype(np.float64)
    result = -0.5 * (
        x**2 @ precision.T
        - 2 * x @ (mean * precision).T
        + (mean**2 * precision).sum(1)[None]
        - np.log(precision).sum(1)[None]
    )
    return result.astype(np.float32)


def _viterbi(
    likelihood: Floats,
    optional: NDArray[np.bool_],
    frames: NDArray[np.int64],
    counts: NDArray[np.int64],
) -> NDArray[np.int64]:
    """The best left-to-right paths, in which `optional` states may be skipped.

    Args:
        likelihood: (utterances, most frames, most states), scaled.
        optional: (utterances, most states).
        frames: (utterances,) how many frames each has.
        counts: (utterances,) how many states each has.

    Returns:
        (utterances, most frames) state indices.
    """
    stay, advance = np.float32(np.log(STAY_PROBABILITY)), np.float32(np.log(1 - STAY_PROBABILITY))
    lanes = np.arange(len(frames))
    most_frames, most_states = likelihood.shape[1:]
    score = np.full((len(frames), most_states), _NEVER, np.float32)
    score[:, 0] = likelihood[:, 0, 0]
    if most_states > 1:
        score[:, 1] = np.where(optional[:, 0], likelihood[:, 0, 1], _NEVER)
    skip = np.full(score.shape, _NEVER, np.float32)
    skip[:, 2:] = np.where(optional[:, 1:-1], advance, _NEVER)
    back = np.zeros((most_frames, *score.shape), np.int8)
    last = np.zeros(score.shape, np.float32)
    by_one = np.full(score.shape, _NEVER, np.float32)
    by_two = np.full(score.shape, _NEVER, np.float32)
    for frame in range(1, most_frames):
        by_one[:, 1:] = score[:, :-1] + advance
        by_two[:, 2:] = score[:, :-2] + skip[:, 2:]
        best = score + stay
        moved = by_one > best
        np.maximum(best, by_one, out=best)
        leapt = by_two > best
        np.maximum(best, by_two, out=best)
        back[frame] = moved
        back[frame][leapt] = 2
        score = np.maximum(best + likelihood[:, frame], _NEVER)
        ending = frames == frame + 1
        last[ending] = score[ending]
    state = counts - 1
    earlier = np.maximum(counts - 2, 0)
    state = np.where(optional[lanes, state] & (last[lanes, earlier] > last[lanes, state]), earlier, state)
    path = np.zeros((len(frames), most_frames), np.int64)
    for frame in range(most_frames - 1, -1, -1):
        path[:, frame] = state
        state = np.where(frame < frames, state - back[frame, lanes, state], state)
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
