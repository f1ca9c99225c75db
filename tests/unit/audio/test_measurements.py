from __future__ import annotations

import numpy as np
import pytest

from voicewright.audio.activity import Track
from voicewright.audio.measurements import MAX_SNR_DB, bandwidth_hz, signal_to_noise_db
from voicewright.audio.resample import resample


def speech_between_pauses(speech_power, noise_power, steps=50):
    mask = np.zeros(3 * steps, bool)
    mask[steps : 2 * steps] = True
    power = np.where(mask, speech_power + noise_power, noise_power).astype(np.float32)
    return Track(mask.astype(np.float32), power), mask


@pytest.mark.parametrize("snr_db", [0, 10, 30, 60])
def test_the_ratio_of_speech_to_background_is_found(snr_db):
    track, mask = speech_between_pauses(1e-2, 1e-2 * 10 ** (-snr_db / 10))
    assert signal_to_noise_db(track, mask) == pytest.approx(snr_db, abs=0.2)


def test_digital_silence_is_the_best_there_is():
    track, mask = speech_between_pauses(1e-2, 0)
    assert signal_to_noise_db(track, mask) == MAX_SNR_DB


def test_without_speech_there_is_no_ratio():
    track, mask = speech_between_pauses(1e-2, 1e-4)
    assert signal_to_noise_db(track, np.zeros_like(mask)) is None


def test_without_pauses_the_quietest_steps_stand_for_the_background():
    power = np.tile(np.array([1e-2, 1e-2, 1e-2, 1e-5], np.float32), 20)
    found = signal_to_noise_db(Track(power, power), np.ones(80, bool))
    assert found == pytest.approx(28.7, abs=0.5)


def test_leading_zeros_of_an_encoder_are_no_background():
    power = np.array([0, 0, 0, 1e-4, 1e-4] + [1e-2] * 40, np.float32)
    mask = power > 1e-3
    assert signal_to_noise_db(Track(power, power), mask) == pytest.approx(20, abs=0.2)


@pytest.mark.parametrize(
    ("low_rate", "low", "high"), [(8_000, 3_400, 4_100), (11_025, 4_900, 5_600), (16_000, 7_200, 8_100)]
)
@pytest.mark.parametrize("hiss", [0.0, 3e-4])
def test_an_upsampled_recording_is_told(noise, low_rate, low, high, hiss):
    # Bursts, as sibilants are; the hiss came with the second recording and covers the whole range.
    sound = noise(5) * (np.sin(2 * np.pi * 2 * np.arange(5 * 22_050) / 22_050) > 0.3)
    upsampled = resample(resample(sound.astype(np.float32), 22_050, low_rate), low_rate, 22_050)
    found = bandwidth_hz(upsampled + noise(5, level=1.0)[: len(upsampled)] * np.float32(hiss), 22_050)
    assert low <= found <= high


def test_full_range_sound_is_full_range(noise, sine):
    bursts = noise(3) * (np.sin(2 * np.pi * 3 * np.arange(3 * 22_050) / 22_050) > 0)
    assert bandwidth_hz(bursts.astype(np.float32), 22_050) > 10_500
    assert bandwidth_hz(sine(440, 0.01), 22_050) == 11_025
    assert bandwidth_hz(np.zeros(22_050, np.float32), 22_050) == 11_025


def test_sound_that_falls_gently_is_not_narrow(noise):
    spectrum = np.fft.rfft(noise(4))
    frequencies = np.fft.rfftfreq(4 * 22_050, 1 / 22_050)
    # 12 dB per octave above 500 Hz, as voices do.
    falling = np.fft.irfft(spectrum / (1 + (frequencies / 500) ** 2)).astype(np.float32)
    falling *= np.sin(2 * np.pi * 3 * np.arange(len(falling)) / 22_050) > 0
    assert bandwidth_hz(falling, 22_050) > 10_500
