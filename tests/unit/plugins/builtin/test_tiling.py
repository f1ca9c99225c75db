from __future__ import annotations

import numpy as np
import pytest

from voicewright.plugins.builtin.analysis import CEPSTRA, FRAME_SIZE, NOISE, VOICED
from voicewright.plugins.builtin.context import Context
from voicewright.plugins.builtin.tiling import BANK_FRAMES, FrameBank


def _speech(frames: int, seed: int) -> np.ndarray:
    """A smooth random walk of normalised frames, all voiced."""
    rng = np.random.default_rng(seed)
    walk = rng.normal(size=(frames + 20, FRAME_SIZE))
    smooth = np.stack([np.convolve(column, np.hanning(21), "valid") for column in walk.T], axis=1)[:frames]
    smooth = (smooth / smooth.std(0)).astype(np.float32)
    smooth[:, VOICED] = 1.0
    return smooth


def _part(context: Context, start: int, stop: int) -> Context:
    return Context(context.phones[start:stop], context.places[start:stop], context.guide[start:stop])


@pytest.fixture(scope="module")
def bank(random_context):
    contexts = [random_context(600, 5, seed) for seed in (1, 2)]
    real = [_speech(600, seed) for seed in (3, 4)]
    return FrameBank.collect(contexts, real, real), contexts, real


def test_what_was_really_said_is_found_again(bank):
    frames, contexts, real = bank
    wanted = real[1][100:260].copy()
    wanted[:, NOISE] = 0.0  # not looked at by the search: what comes back is the bank's own
    tiled = frames.tile(wanted, _part(contexts[1], 100, 260))
    np.testing.assert_allclose(tiled[:, NOISE], real[1][100:260, NOISE], atol=0.03)
    np.testing.assert_allclose(tiled[:, CEPSTRA], real[1][100:260, CEPSTRA], atol=0.03)


def test_pitch_and_voicing_stay_the_predicted_ones(bank):
    frames, contexts, real = bank
    wanted = real[0][50:150] + 0.3
    tiled = frames.tile(wanted, _part(contexts[0], 50, 150))
    np.testing.assert_array_equal(tiled[:, NOISE.stop :], wanted[:, NOISE.stop :])


def test_result_lies_between_prediction_and_real_frames(bank):
    frames, contexts, real = bank
    dull = real[0][50:150] * 0.3
    tiled = frames.tile(dull, _part(contexts[0], 50, 150))
    assert dull[:, CEPSTRA].std() < tiled[:, CEPSTRA].std() < real[0][:, CEPSTRA].std()


def test_phone_that_the_bank_lacks_is_met_by_any_frames(bank, random_context):
    frames, _, real = bank
    context = random_context(60, 5, 9)
    context.phones[:] = 77
    assert np.isfinite(frames.tile(real[0][:60], context)).all()


def test_one_frame_is_enough(bank):
    frames, contexts, real = bank
    assert frames.tile(real[0][:1], _part(contexts[0], 0, 1)).shape == (1, FRAME_SIZE)


def test_bank_follows_within_recordings_only(bank):
    follows = bank[0].follows
    assert not follows[599]
    assert not follows[1199]
    assert follows.sum() == 1198


def test_bank_takes_whole_recordings_until_it_is_full(random_context):
    length = BANK_FRAMES // 2 + 10
    context, real = random_context(length, 5, 1), np.zeros((length, FRAME_SIZE), np.float32)
    assert len(FrameBank.collect([context] * 4, [real] * 4, [real] * 4).real) == 2 * length


def test_values_out_of_a_bytes_range_are_clipped(random_context):
    loud = np.full((10, FRAME_SIZE), 99.0, np.float32)
    assert FrameBank.collect([random_context(10, 5, 1)], [loud], [loud]).real.max() == 127
