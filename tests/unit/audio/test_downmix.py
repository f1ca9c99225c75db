from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicewright.audio.downmix import Downmixer, plan_mix


def test_equal_channels_are_averaged(sine):
    tone = sine(300, 1)
    stereo = np.stack([tone, tone], axis=1)
    assert plan_mix(stereo).apply(stereo) == pytest.approx(tone, abs=1e-6)


def test_channels_in_opposite_phase_do_not_cancel(voice):
    sound = voice(1)
    stereo = np.stack([sound, -sound], axis=1)
    mix = plan_mix(stereo)
    assert np.abs(mix.apply(stereo)) == pytest.approx(np.abs(sound), abs=1e-6)
    assert mix.note is not None
    assert "opposite phase" in mix.note


@pytest.mark.parametrize("dead", [0, 1])
def test_a_dead_channel_is_left_out(voice, noise, dead):
    sound = voice(1)
    stereo = np.stack([sound, sound], axis=1)
    stereo[:, dead] = noise(1, level=1e-4)
    mix = plan_mix(stereo)
    assert mix.apply(stereo) == pytest.approx(sound, abs=1e-6)
    assert mix.note == "only 1 of 2 channels carry the voice"


def test_surround_keeps_the_channels_with_sound(voice):
    surround = np.zeros((22_050, 6), np.float32)
    surround[:, 2] = voice(1)
    assert plan_mix(surround).weights.tolist() == [0, 0, 1, 0, 0, 0]


def test_silence_is_no_ground_for_a_decision(voice):
    rate = 1000
    sound = np.concatenate((np.zeros(30_000, np.float32), voice(30, rate)))
    stereo = np.stack([sound, -sound], axis=1)
    mixed = np.concatenate(list(Downmixer(rate, 2).stream(np.array_split(stereo, 60))))
    assert len(mixed) == len(sound)
    assert np.abs(mixed[45_000:]).max() > 0.1


@given(st.integers(1, 5), st.integers(1, 9))
def test_streaming_loses_no_sample(channels, pieces):
    sound = np.random.default_rng(0).normal(0, 0.1, (50_000, channels)).astype(np.float32)
    mixer = Downmixer(1000, channels)
    parts = list(mixer.stream(np.array_split(sound, pieces)))
    assert sum(map(len, parts)) == len(sound)
    assert mixer.mix is not None
    assert np.abs(mixer.mix.weights).sum() == pytest.approx(1)
