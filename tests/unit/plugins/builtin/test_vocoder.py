from __future__ import annotations

import itertools

import numpy as np
import pytest

from voicewright.plugins.builtin import pitch, spectrum, vocoder
from voicewright.plugins.builtin.analysis import SAMPLE_RATE_HZ as RATE_HZ

FRAMES = 201


def _parameters(vowel, f0_hz: float):
    """F0, log envelope and noise share of a synthetic vowel."""
    wave = vowel(f0_hz, 1.0)
    f0 = np.full(FRAMES, f0_hz, np.float32)
    envelope = spectrum.envelope(wave, f0, RATE_HZ)
    return f0, np.log(envelope), np.full((FRAMES, spectrum.BINS), 0.01, np.float32)


@pytest.mark.parametrize("f0_hz", [80.0, 140.0, 300.0])
def test_copy_of_a_vowel_keeps_its_pitch_and_its_envelope(vowel, f0_hz):
    f0, log_power, noise = _parameters(vowel, f0_hz)
    copy = vocoder.synthesize(f0, log_power, noise, RATE_HZ, seed=0)
    track = pitch.track_f0(copy, RATE_HZ, (60.0, 400.0))[20:-20]
    assert np.abs(track / f0_hz - 1).max() < 0.01
    again = np.log(spectrum.envelope(copy, f0[: len(track) + 40], RATE_HZ))
    difference_db = 10 / np.log(10) * (again - log_power[: len(again)])[20:-20, 5:230]
    assert np.abs(difference_db.mean()) < 1.0
    assert difference_db.std() < 2.0


def test_noise_keeps_its_level():
    log_power = np.full((FRAMES, spectrum.BINS), np.log(0.01), np.float32)
    wave = vocoder.synthesize(np.zeros(FRAMES, np.float32), log_power, np.ones_like(log_power), RATE_HZ, 0)
    assert len(wave) == int((FRAMES - 1) * pitch.HOP_S * RATE_HZ)
    assert wave[2000:-2000].std() == pytest.approx(0.1, rel=0.1)


@pytest.mark.parametrize(("first", "block"), [(1, 1), (7, 10), (40, 200), (500, 500)])
def test_stream_is_the_whole_in_pieces(vowel, first, block):
    f0, log_power, noise = _parameters(vowel, 140.0)
    f0[60:110] = 0
    noise[60:110] = 1
    whole = vocoder.synthesize(f0, log_power, noise, RATE_HZ, seed=3)
    pieces = list(
        vocoder.stream(
            f0,
            lambda at: (log_power[at], noise[at]),
            RATE_HZ,
            3,
            block_frames=block,
            first_block_frames=first,
        )
    )
    np.testing.assert_allclose(np.concatenate(pieces), whole, atol=1e-5)


def test_seed_decides_the_noise():
    log_power = np.zeros((20, spectrum.BINS), np.float32)
    waves = [
        vocoder.synthesize(np.zeros(20, np.float32), log_power, np.ones_like(log_power), RATE_HZ, seed)
        for seed in (0, 0, 1)
    ]
    np.testing.assert_array_equal(waves[0], waves[1])
    assert not np.allclose(waves[0], waves[2])


def test_pulses_lie_a_period_apart():
    times, periods = vocoder.pulse_times(np.full(FRAMES, 100.0, np.float32), RATE_HZ)
    np.testing.assert_allclose(np.diff(times), RATE_HZ / 100.0, rtol=1e-3)
    np.testing.assert_allclose(periods, RATE_HZ / 100.0)


def test_unvoiced_frames_have_no_pulses():
    f0 = np.full(FRAMES, 100.0, np.float32)
    f0[50:100] = 0
    times, _ = vocoder.pulse_times(f0, RATE_HZ)
    hop = pitch.HOP_S * RATE_HZ
    assert not ((times > 50 * hop) & (times < 99 * hop)).any()
    assert vocoder.pulse_times(np.zeros(FRAMES, np.float32), RATE_HZ)[0].size == 0


def test_minimum_phase_has_the_magnitude_and_starts_at_once():
    hz = np.arange(spectrum.BINS) * RATE_HZ / spectrum.FFT_SIZE
    log_power = np.log(0.01 + np.exp(-(((hz - 700) / 400) ** 2)))[None].astype(np.float32)
    response = vocoder.minimum_phase(log_power)
    np.testing.assert_allclose(np.log(np.abs(response) ** 2), log_power, atol=1e-3)
    impulse = np.fft.irfft(response[0])
    early = (impulse[:128] ** 2).sum()
    assert early > 0.95 * (impulse**2).sum()


def test_two_frames_are_enough():
    for frames in (1, 2, 3):
        log_power = np.zeros((frames, spectrum.BINS), np.float32)
        wave = vocoder.synthesize(
            np.full(frames, 100.0, np.float32), log_power, np.full_like(log_power, 0.5), RATE_HZ, 0
        )
        assert len(wave) == int((frames - 1) * pitch.HOP_S * RATE_HZ)


def test_pieces_come_before_the_end_is_known(vowel):
    f0, log_power, noise = _parameters(vowel, 140.0)
    asked: list[int] = []

    def envelope_of(at: slice):
        asked.append(at.stop)
        return log_power[at], noise[at]

    stream = vocoder.stream(f0, envelope_of, RATE_HZ, 0, block_frames=50, first_block_frames=20)
    next(itertools.islice(stream, 0, None))
    assert asked == [20]
