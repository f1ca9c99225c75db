from __future__ import annotations

import numpy as np
import pytest
from scipy import signal

from voicewright.plugins.builtin import spectrum


def _decibels(ratio):
    return 10 * np.log10(ratio)


def test_white_noise_of_variance_one_has_an_envelope_of_one(rate_hz):
    noise = np.random.default_rng(0).normal(size=rate_hz).astype(np.float32)
    envelope = spectrum.envelope(noise, np.zeros(201, np.float32), rate_hz)
    assert envelope.shape == (201, spectrum.BINS)
    # below the assumed pitch of unvoiced frames the slope is folded down, as CheapTrick does
    assert np.abs(_decibels(envelope[5:-5, 40:-5].mean(0))).max() < 1.5


def test_filtered_noise_has_the_envelope_of_the_filter(rate_hz):
    noise = np.random.default_rng(0).normal(size=2 * rate_hz)
    taps = signal.firwin2(101, [0, 0.1, 0.25, 0.6, 1], [1, 1, 0.2, 0.5, 0.1])
    wave = signal.lfilter(taps, 1, noise).astype(np.float32)
    got = spectrum.envelope(wave, np.zeros(401, np.float32), rate_hz)[10:-10].mean(0)
    wanted = np.abs(signal.freqz(taps, worN=spectrum.BINS, include_nyquist=True)[1]) ** 2
    assert np.abs(_decibels(got / wanted))[5:-5].mean() < 1.5


@pytest.mark.parametrize("f0_hz", [70.0, 120.0, 300.0])
def test_pulses_have_an_envelope_without_harmonics(pulses, rate_hz, f0_hz):
    wave = pulses(f0_hz, 0.5)
    envelope = spectrum.envelope(wave, np.full(101, f0_hz, np.float32), rate_hz)[30:-30]
    flat = _decibels(envelope[:, 20:220])  # 430 Hz to 4.7 kHz, where all harmonics are equal
    assert flat.std() < 0.6


def test_silence_has_a_finite_envelope(rate_hz):
    envelope = spectrum.envelope(np.zeros(2205, np.float32), np.zeros(21, np.float32), rate_hz)
    assert np.isfinite(np.log(envelope)).all()


def test_envelope_does_not_depend_on_how_many_frames_are_worked_on_together(vowel, rate_hz, monkeypatch):
    wave = vowel(120.0, 0.5)
    f0 = np.where(np.arange(101) % 30 < 20, 120.0, 0.0).astype(np.float32)
    whole = spectrum.envelope(wave, f0, rate_hz)
    monkeypatch.setattr(spectrum, "AT_ONCE", 7)
    np.testing.assert_allclose(np.log(spectrum.envelope(wave, f0, rate_hz)), np.log(whole), atol=1e-3)


@pytest.mark.parametrize(("order", "most_db"), [(20, 6.0), (30, 4.0), (40, 3.0), (80, 1.5)])
def test_code_brings_back_an_envelope_the_better_the_longer_it_is(vowel, rate_hz, order, most_db):
    power = spectrum.envelope(vowel(150.0, 0.3), np.full(61, 150.0, np.float32), rate_hz)
    code = spectrum.CepstralCode(order, rate_hz)
    error_db = 10 / np.log(10) * (code.decode_log(code.encode(power)) - np.log(power))
    assert np.sqrt((error_db[10:-10, 2:300] ** 2).mean()) < most_db


def test_what_was_coded_once_is_coded_again_without_loss(rate_hz):
    code = spectrum.CepstralCode(40, rate_hz)
    cepstra = (np.random.default_rng(0).normal(size=(20, 40)) / (1 + np.arange(40))).astype(np.float32)
    again = code.encode(np.exp(code.decode_log(cepstra)))
    assert np.abs(again - cepstra).max() < 0.1 * np.abs(cepstra).max()


def test_first_coefficient_is_the_level(rate_hz):
    code = spectrum.CepstralCode(40, rate_hz)
    power = np.ones((1, spectrum.BINS), np.float32)
    louder = code.encode(power * 100) - code.encode(power)
    assert louder[0, 0] == pytest.approx(np.log(100), rel=1e-3)
    assert np.abs(louder[0, 1:]).max() < 1e-3
