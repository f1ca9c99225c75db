from __future__ import annotations

import numpy as np
import pytest
import soundfile as sf
from hypothesis import given, settings
from hypothesis import strategies as st

from voicewright.audio.stretching import Stretcher, stretch, stretch_pcm

SPEEDS = (0.25, 0.5, 0.8, 1.25, 2.0, 4.0)


def _pitches_hz(sound, rate_hz):
    """Of each voiced window: the first strong peak of its autocorrelation."""
    size = round(0.06 * rate_hz)
    frames = sound[: len(sound) // size * size].reshape(-1, size).astype(float)
    frames = frames[frames.std(1) > 0.3 * sound.std()]
    spectrum = np.fft.rfft(frames - frames.mean(1, keepdims=True), 2 * size, axis=1)
    likeness = np.fft.irfft(np.abs(spectrum) ** 2, axis=1)[:, :size] / np.arange(size, 0, -1)
    likeness /= likeness[:, :1]
    low, high = rate_hz // 400, rate_hz // 60
    best = likeness[:, low:high].max(1)
    lags = (likeness[:, low:high] >= 0.9 * best[:, None]).argmax(1) + low
    return rate_hz / lags[best > 0.6]


@pytest.mark.parametrize("speed", SPEEDS)
def test_the_length_changes_by_the_speed_and_the_pitch_stays(sine, speed):
    tone = sine(200, 2.0, 24_000)
    made = stretch(tone, 24_000, speed)
    assert len(made) == round(len(tone) / speed)
    inner = made[2000:-8000].astype(float)  # where the tone stops, it is compared with silence
    time = np.arange(len(inner)) / 24_000
    fit = np.stack([np.sin(2 * np.pi * 200 * time), np.cos(2 * np.pi * 200 * time)], 1)
    rest = inner - fit @ np.linalg.lstsq(fit, inner, rcond=None)[0]
    assert np.std(rest) < 0.03 * np.std(inner)  # one tone, at the same pitch and in one phase


@pytest.mark.parametrize("speed", SPEEDS)
def test_no_joint_clicks_and_the_loudness_stays(voice, speed):
    sound = voice(2.0, 24_000)
    made = stretch(sound, 24_000, speed)
    assert np.abs(np.diff(made, 2)).max() < 1.3 * np.abs(np.diff(sound, 2)).max()
    assert np.std(made) == pytest.approx(np.std(sound), rel=0.1)


@settings(max_examples=25, deadline=None)
@given(st.sampled_from(SPEEDS), st.lists(st.integers(0, 6_000), min_size=1, max_size=8))
def test_a_stream_gives_what_the_whole_gives(speed, sizes):
    sound = np.random.default_rng(3).normal(0, 0.1, sum(sizes)).astype(np.float32)
    parts = list(Stretcher(22_050, speed).stream(np.split(sound, np.cumsum(sizes)[:-1])))
    streamed = np.concatenate([*parts, np.zeros(0, np.float32)])
    assert len(streamed) == round(len(sound) / speed)
    assert streamed == pytest.approx(stretch(sound, 22_050, speed), abs=1e-5)


def test_a_speed_of_one_changes_nothing_and_waits_for_nothing(noise):
    sound = noise(0.1)
    stretcher = Stretcher(22_050, 1.0)
    assert stretcher.feed(sound) is sound
    assert not len(stretcher.flush())


@pytest.mark.parametrize("speed", [0.5, 2.0])
def test_a_stream_is_made_as_it_comes_and_keeps_little(noise, speed):
    stretcher = Stretcher(22_050, speed)
    made = 0
    for number in range(1, 101):
        made += len(stretcher.feed(noise(0.1)))
        assert made > (number * 0.1 - 0.1) * 22_050 / speed
        assert len(stretcher._input) < 22_050


@pytest.mark.parametrize("speed", SPEEDS)
def test_silence_and_next_to_nothing_stay_what_they_are(speed):
    assert not np.any(stretch(np.zeros(10_000, np.float32), 22_050, speed))
    assert len(stretch(np.zeros(0, np.float32), 22_050, speed)) == 0
    assert len(stretch(np.full(3, 0.5, np.float32), 22_050, speed)) == round(3 / speed)


@pytest.mark.speech
@pytest.mark.parametrize("speed", [0.25, 0.7, 1.5, 3.0])
def test_people_keep_their_pitch(speech_dir, speed):
    for folder in ("1998", "3005"):
        path = next(iter(sorted((speech_dir / "librispeech" / folder).glob("*.flac"))))
        sound, rate_hz = sf.read(path, dtype="float32", frames=12 * 16_000)
        before, after = _pitches_hz(sound, rate_hz), _pitches_hz(stretch(sound, rate_hz, speed), rate_hz)
        assert np.median(after) == pytest.approx(np.median(before), rel=0.08)


def test_16_bit_samples_are_stretched_as_they_come(sine):
    pcm = (sine(200, 1.0, 24_000) * 32767).astype("<i2").tobytes()
    pieces = [pcm[at : at + 4800] for at in range(0, len(pcm), 4800)]
    assert list(stretch_pcm(pieces, 24_000, 1.0)) == pieces
    halved = b"".join(stretch_pcm(pieces, 24_000, 2.0))
    assert len(halved) == len(pcm) // 2
    expected = stretch(np.frombuffer(pcm, "<i2").astype(np.float32) / 32768, 24_000, 2.0)
    assert np.abs(np.frombuffer(halved, "<i2") / 32768 - expected).max() < 1e-4
