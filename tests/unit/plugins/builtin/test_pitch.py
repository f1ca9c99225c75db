from __future__ import annotations

import numpy as np
import pytest

from voicewright.plugins.builtin import pitch


@pytest.mark.parametrize("f0_hz", [70.0, 95.0, 120.0, 180.0, 250.0, 400.0])
def test_steady_voice_is_tracked_within_one_percent(pulses, rate_hz, f0_hz):
    wave = pulses(f0_hz, 1.0)
    track = pitch.track_f0(wave, rate_hz, pitch.speaker_range_hz([wave], rate_hz))
    inner = track[20:-20]
    assert (inner > 0).mean() > 0.98
    assert np.abs(inner[inner > 0] / f0_hz - 1).max() < 0.01


@pytest.mark.parametrize("f0_hz", [70.0, 120.0, 250.0, 400.0])
def test_voice_under_formants_and_noise_keeps_its_octave(vowel, rate_hz, f0_hz):
    wave = vowel(f0_hz, 1.0)
    wave = wave + np.random.default_rng(0).normal(0, 0.01, len(wave)).astype(np.float32)
    inner = pitch.track_f0(wave, rate_hz, pitch.WIDEST_RANGE_HZ)[20:-20]
    assert np.mean(np.abs(inner / f0_hz - 1) < 0.03) > 0.97


def test_gliding_voice_is_followed(pulses, rate_hz):
    glide = np.linspace(110, 200, rate_hz)
    track = pitch.track_f0(pulses(glide, 1.0), rate_hz, (80.0, 400.0))
    expected = np.interp(np.arange(len(track)) * pitch.HOP_S, np.arange(rate_hz) / rate_hz, glide)
    assert np.abs(track[20:-20] / expected[20:-20] - 1).max() < 0.02


def test_silence_is_unvoiced(rate_hz):
    assert not pitch.track_f0(np.zeros(rate_hz, np.float32), rate_hz, pitch.WIDEST_RANGE_HZ).any()


def test_noise_is_hardly_ever_voiced(rate_hz):
    noise = np.random.default_rng(0).normal(0, 0.1, rate_hz).astype(np.float32)
    assert (pitch.track_f0(noise, rate_hz, pitch.WIDEST_RANGE_HZ) > 0).mean() < 0.1


def test_voice_between_silences_begins_and_ends_where_it_does(pulses, rate_hz):
    wave = np.concatenate([np.zeros(rate_hz // 2), pulses(150.0, 0.5), np.zeros(rate_hz // 2)])
    voiced = np.flatnonzero(pitch.track_f0(wave.astype(np.float32), rate_hz, (80.0, 400.0)) > 0)
    assert voiced[0] == pytest.approx(100, abs=5)
    assert voiced[-1] == pytest.approx(200, abs=5)


def test_range_encloses_the_voice_and_excludes_far_octaves(pulses, rate_hz):
    low, high = pitch.speaker_range_hz([pulses(100.0, 1.0), pulses(130.0, 1.0)], rate_hz)
    assert 55 < low < 90
    assert 160 < high < 300


@pytest.mark.parametrize("waves", [[], [np.zeros(22_050, np.float32)]])
def test_range_without_a_voice_is_the_widest(rate_hz, waves):
    assert pitch.speaker_range_hz(waves, rate_hz) == pitch.WIDEST_RANGE_HZ


@pytest.mark.parametrize("samples", [0, 1, 109, 110, 111, 1000, 22_050])
def test_every_length_has_its_frames(rate_hz, samples):
    wave = np.random.default_rng(samples).normal(0, 0.1, samples).astype(np.float32)
    track = pitch.track_f0(wave, rate_hz, pitch.WIDEST_RANGE_HZ)
    assert len(track) == pitch.frame_count(samples, rate_hz) == len(pitch.centres_of(samples, rate_hz))
    assert track.dtype == np.float32
