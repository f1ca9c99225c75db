from __future__ import annotations

import numpy as np
import pytest
from scipy import signal

from voicewright.plugins.builtin import equaliser

RATE_HZ = 22_050


@pytest.fixture(scope="module")
def recordings():
    """Noise that has nothing below 150 Hz, as a clean recording of a high voice."""
    rng = np.random.default_rng(0)
    taps = signal.firwin(2001, 150.0, pass_zero=False, fs=RATE_HZ)
    return [signal.lfilter(taps, 1, rng.normal(0, 0.1, 3 * RATE_HZ)).astype(np.float32) for _ in range(3)]


def distance_db(waves, recordings, bins):
    spectra = [equaliser.long_term_spectrum(some)[bins] for some in (waves, recordings)]
    return np.abs(10 * np.log10(spectra[0] / spectra[1])).mean()


def test_the_long_term_spectrum_comes_nearer(recordings):
    shape = signal.firwin2(101, [0, 0.1, 0.3, 0.6, 1], [1, 0.6, 1, 0.5, 0.8])
    spoken = [signal.lfilter(shape, 1, wave).astype(np.float32) for wave in recordings]
    taps = equaliser.fit_equaliser(recordings, spoken)
    assert taps.shape == (equaliser.TAPS,)
    np.testing.assert_allclose(taps, taps[::-1], atol=1e-9)
    equalised = [signal.fftconvolve(wave, taps).astype(np.float32) for wave in spoken]
    heard = slice(40, -40)
    assert distance_db(equalised, recordings, heard) < 0.3 * distance_db(spoken, recordings, heard)


def test_what_leaks_below_a_clean_voice_is_cut(recordings):
    rng = np.random.default_rng(1)
    leaking = [(wave + rng.normal(0, 0.1, len(wave))).astype(np.float32) for wave in recordings]
    hz, response = signal.freqz(equaliser.fit_equaliser(recordings, leaking), worN=4096, fs=RATE_HZ)
    assert np.abs(response[hz < 80]).max() < 0.1
    assert np.abs(response[(hz > 300) & (hz < 10_000)]).min() > 0.5


def test_a_recording_that_rumbles_keeps_its_rumble(recordings):
    hz, response = signal.freqz(equaliser.fit_equaliser(recordings, recordings), worN=4096, fs=RATE_HZ)
    np.testing.assert_allclose(np.abs(response[(hz > 20) & (hz < 10_000)]), 1.0, atol=0.05)


def test_nothing_has_a_flat_spectrum_and_short_waves_count():
    assert (equaliser.long_term_spectrum([]) == 1).all()
    assert (equaliser.long_term_spectrum([np.zeros(10, np.float32)]) == 1).all()
    assert equaliser.long_term_spectrum([np.ones(10, np.float32)]).sum() == pytest.approx(1.0, abs=1e-4)
