from __future__ import annotations

import numpy as np

from voicewright.plugins.builtin.aperiodicity import BANDS, FLOOR, aperiodicity, band_weights


def test_bands_share_each_bin_among_them(rate_hz):
    np.testing.assert_allclose(band_weights(rate_hz).sum(0), 1, atol=1e-6)


def test_pulses_are_tonal(pulses, rate_hz):
    noise = aperiodicity(pulses(120.0, 0.5), np.full(101, 120.0, np.float32), rate_hz)
    assert noise.shape == (101, BANDS)
    assert noise[30:-30, :4].max() < 0.05
    assert noise.min() >= FLOOR


def test_noise_is_noise_whatever_the_pitch_track_says(rate_hz):
    wave = np.random.default_rng(0).normal(0, 0.1, rate_hz).astype(np.float32)
    noise = aperiodicity(wave, np.full(201, 120.0, np.float32), rate_hz)
    assert np.median(noise) > 0.6
    assert noise.max() <= 1


def test_pulses_in_noise_lie_between(pulses, rate_hz):
    clean = pulses(120.0, 0.5)
    noisy = clean + np.random.default_rng(0).normal(0, clean.std(), len(clean)).astype(np.float32)
    f0 = np.full(101, 120.0, np.float32)
    middle = np.median(aperiodicity(noisy, f0, rate_hz)[30:-30, :4])
    assert np.median(aperiodicity(clean, f0, rate_hz)[30:-30, :4]) < middle < 0.9


def test_unvoiced_frames_are_all_noise(pulses, rate_hz):
    f0 = np.full(101, 120.0, np.float32)
    f0[40:60] = 0
    noise = aperiodicity(pulses(120.0, 0.5), f0, rate_hz)
    assert (noise[40:60] == 1).all()
