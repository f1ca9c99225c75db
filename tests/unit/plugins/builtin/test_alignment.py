from __future__ import annotations

import itertools

import numpy as np
import pytest

from voicewright.plugins.builtin import alignment, warping
from voicewright.plugins.builtin.espeak import Guide

TEXTS = (
    "The boat went slowly past the old stone bridge.",
    "She had your dark suit in greasy wash water all year.",
    "Seven green apples, please, and a pound of butter!",
)


def _warped(wave: np.ndarray, rate_hz: int, pause_s: float) -> tuple[np.ndarray, np.ndarray]:
    """The wave said unevenly slower, after a pause, and where each of its samples comes to lie."""
    time = np.arange(len(wave))
    speed = 1.15 + 0.15 * np.sin(2 * np.pi * time / rate_hz / 1.3)
    new = np.cumsum(speed) + pause_s * rate_hz
    said = np.interp(np.arange(int(new[-1])), new, wave, left=0.0)
    noise = np.random.default_rng(0).normal(0, 1e-3, len(said))
    return (said + noise).astype(np.float32), new


@pytest.fixture(scope="module")
def aligned(rate_hz):
    renderings = [Guide.shared().render(text, "en-us") for text in TEXTS]
    said = [_warped(r.wave, rate_hz, 0.3) for r in renderings]
    ticks: list[float] = []
    pairs = [(wave, r) for (wave, _), r in zip(said, renderings, strict=True)]
    return renderings, said, alignment.align(pairs, rate_hz, ticks.append), ticks


def test_phones_are_found_in_a_time_warped_rendering(aligned, rate_hz):
    errors_s = []
    for rendering, (_, places), found in zip(*aligned[:3], strict=True):
        for segment in found.segments:
            if segment.sound >= 0:
                phone = rendering.sounds[segment.sound]
                expected_s = places[min(int(phone.start_s * rate_hz), len(places) - 1)] / rate_hz
                errors_s.append(abs(segment.start * 0.005 - expected_s))
    assert np.median(errors_s) < 0.02
    assert np.percentile(errors_s, 90) < 0.06


def test_segments_cover_the_recording_in_order(aligned):
    for rendering, (wave, _), found in zip(*aligned[:3], strict=True):
        segments = found.segments
        assert segments[0].start == 0
        assert all(a.end == b.start for a, b in itertools.pairwise(segments))
        assert segments[-1].end == int(len(wave) / 110.25) + 1
        said = [s.sound for s in segments if s.sound >= 0]
        assert said == list(range(len(rendering.sounds)))
        assert all(
            s.word == rendering.sounds[s.sound].word and s.name == rendering.sounds[s.sound].name
            for s in segments
            if s.sound >= 0
        )


def test_silence_before_the_first_word_is_silence(aligned):
    for found in aligned[2]:
        assert found.segments[0].name == alignment.SILENCE
        assert found.segments[0].frames > 40


def test_progress_grows_to_one(aligned):
    ticks = aligned[3]
    assert ticks == sorted(ticks)
    assert ticks[-1] == pytest.approx(1.0)


def test_other_words_have_a_lower_score(rate_hz):
    right = [Guide.shared().render(text, "en-us") for text in TEXTS]
    other = Guide.shared().render("Nobody knows whether it ever rained on that long afternoon.", "en-us")
    pairs = [(r.wave, r) for r in right]
    good = alignment.align(pairs, rate_hz, lambda _: None)
    bad = alignment.align([*pairs[:2], (right[2].wave, other)], rate_hz, lambda _: None)
    assert bad[2].score < good[2].score - 1.0


def test_stopping_is_possible_within_the_work(rate_hz):
    rendering = Guide.shared().render(TEXTS[0], "en-us")

    def stop(done: float) -> None:
        if done > 0.5:
            raise InterruptedError

    with pytest.raises(InterruptedError):
        alignment.align([(rendering.wave, rendering)], rate_hz, stop)


@pytest.mark.parametrize("seconds", [0.02, 0.1, 0.5])
def test_recording_too_short_for_its_text_is_aligned_somehow(rate_hz, seconds):
    rendering = Guide.shared().render(TEXTS[0], "en-us")
    wave = rendering.wave[: int(seconds * rate_hz)]
    found = alignment.align([(wave, rendering), (rendering.wave, rendering)], rate_hz, lambda _: None)
    assert found[0].segments[-1].end == int(len(wave) / 110.25) + 1


@pytest.mark.parametrize("shape", [(1, 1), (2, 9), (30, 30), (25, 60), (60, 25), (300, 280)])
def test_warping_takes_the_cheapest_path(shape):
    rng = np.random.default_rng(sum(shape))
    a = np.cumsum(rng.normal(size=(shape[0], 5)), axis=0).astype(np.float32)
    b = np.cumsum(rng.normal(size=(shape[1], 5)), axis=0).astype(np.float32)
    first, second = warping.warp(a, b)
    i, j = first.astype(int), second.astype(int)
    assert (i[0], j[0]) == (0, 0)
    assert (i[-1], j[-1]) == (shape[0] - 1, shape[1] - 1)
    steps = set(zip(np.diff(i).tolist(), np.diff(j).tolist(), strict=True))
    assert steps <= {(0, 1), (1, 0), (1, 1)}
    distance = np.linalg.norm(a[:, None] - b[None], axis=2)
    assert distance[i, j].sum() == pytest.approx(_cheapest(distance), rel=1e-4)


def _cheapest(distance: np.ndarray) -> float:
    """By the recursion as textbooks have it, in the same band."""
    rows, columns = distance.shape
    slope = (columns - 1) / max(rows - 1, 1)
    reach = int(np.ceil(warping.BAND * max(rows, columns))) + 2
    total = np.full((rows + 1, columns + 1), np.inf)
    total[0, 0] = 0
    for i in range(rows):
        width = min(columns, 2 * reach + 1)
        left = int(np.clip(round(i * slope) - reach, 0, columns - width))
        for j in range(left, left + width):
            total[i + 1, j + 1] = distance[i, j] + min(total[i, j], total[i, j + 1], total[i + 1, j])
    return float(total[-1, -1])


def test_paths_searched_together_are_those_searched_alone():
    rng = np.random.default_rng(0)
    frames, counts = np.array([40, 25, 60]), np.array([9, 7, 12])
    heard = rng.normal(0, 4, (60, 3, 6)).astype(np.float32)
    which = rng.integers(0, 6, (3, 12))
    optional = np.zeros((3, 12), bool)
    optional[:, [0, 4]] = True
    for lane in range(3):
        optional[lane, counts[lane] - 1] = True
    together = alignment._viterbi(heard, which, optional, frames=frames, counts=counts)
    for lane in range(3):
        length, states = frames[lane], counts[lane]
        alone = alignment._viterbi(
            heard[:length, lane : lane + 1],
            which[lane : lane + 1, :states],
            optional[lane : lane + 1, :states],
            frames=frames[lane : lane + 1],
            counts=counts[lane : lane + 1],
        )
        np.testing.assert_array_equal(together[:length, lane], alone[:, 0])
        steps = np.diff(alone[:, 0])
        assert set(steps.tolist()) <= {0, 1, 2}
        leapt = alone[:-1, 0][steps == 2] + 1
        assert optional[lane, leapt].all()
        assert alone[-1, 0] >= states - 2
