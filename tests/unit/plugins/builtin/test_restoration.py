from __future__ import annotations

import numpy as np
import pytest

from voicewright.plugins.builtin import restoration
from voicewright.plugins.builtin.analysis import CEPSTRA, FRAME_SIZE, ORDER
from voicewright.plugins.builtin.context import PLACES, SILENT


@pytest.fixture
def frames():
    return np.random.default_rng(0).normal(0.5, 0.5, (300, FRAME_SIZE)).astype(np.float32)


def test_variance_is_stretched_towards_the_speakers(frames):
    stretched = restoration.stretch_variance(frames, np.ones(ORDER, np.float32))
    before, after = frames[:, 1:ORDER].std(0), stretched[:, 1:ORDER].std(0)
    assert (after > before).all()
    assert (after <= 1.01).all()
    np.testing.assert_allclose(stretched.mean(0), frames.mean(0), atol=1e-4)


def test_level_and_what_is_no_cepstrum_are_not_stretched(frames):
    stretched = restoration.stretch_variance(frames, np.ones(ORDER, np.float32))
    np.testing.assert_array_equal(stretched[:, 0], frames[:, 0])
    np.testing.assert_array_equal(stretched[:, ORDER:], frames[:, ORDER:])


def test_variance_that_is_there_is_not_taken_away(frames):
    calm = np.full(ORDER, 0.01, np.float32)
    np.testing.assert_allclose(restoration.stretch_variance(frames, calm), frames, atol=1e-6)


def test_sharpening_strengthens_quick_movements_and_leaves_slow_ones():
    time = np.arange(400)
    slow, quick = np.sin(2 * np.pi * time / 200), np.sin(2 * np.pi * time / 8)
    frames = np.zeros((400, FRAME_SIZE), np.float32)
    frames[:, 3], frames[:, 4] = slow, quick
    sharp = restoration.sharpen(frames)
    assert sharp[:, 3].std() == pytest.approx(frames[:, 3].std(), rel=0.05)
    assert sharp[:, 4].std() > 1.2 * frames[:, 4].std()
    np.testing.assert_array_equal(sharp[:, CEPSTRA.stop :], frames[:, CEPSTRA.stop :])


def test_pauses_are_lowered_with_soft_edges(frames):
    places = np.zeros((300, PLACES), np.float32)
    places[100:200, SILENT] = 1
    change = restoration.deepen_pauses(frames, places)[:, 0] - frames[:, 0]
    assert (change[110:190] < -1).all()
    assert np.abs(change[:90]).max() == pytest.approx(0, abs=1e-5)
    assert np.abs(np.diff(change)).max() < 1


def test_deviations_are_means_over_recordings():
    calm, wild = np.zeros((50, FRAME_SIZE), np.float32), np.zeros((50, FRAME_SIZE), np.float32)
    wild[::2] = 2.0
    np.testing.assert_allclose(restoration.deviations([calm, wild]), np.full(ORDER, 0.5))
