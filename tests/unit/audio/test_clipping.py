from __future__ import annotations

import numpy as np
import pytest

from voicewright.audio.clipping import ClippingMeter
from voicewright.audio.formats import AudioInfo


def meter(rate=44_100, *, channels=1, lossy=False, coarse=False):
    return ClippingMeter(AudioInfo("wav", "pcm", rate, channels, None, lossy=lossy, coarse=coarse))


def ratio(samples, rate=44_100, **how):
    found = meter(rate, **how)
    for block in np.array_split(samples[:, None] if samples.ndim == 1 else samples, 5):
        found.feed(block)
    return found.ratio(0, len(samples) / rate)


@pytest.mark.parametrize("rate", [8_000, 16_000, 44_100, 192_000])
@pytest.mark.parametrize("frequency", [60, 100, 440, 1000])
def test_loud_is_not_clipped(sine, rate, frequency):
    tone = np.rint(sine(frequency, 1, rate, level=1.0) * 32767) / 32768
    assert ratio(tone.astype(np.float32), rate) == 0


@pytest.mark.parametrize("rate", [16_000, 44_100, 192_000])
def test_flat_tops_are_counted(voice, rate):
    sound = voice(2, rate, level=2.0)
    clipped = np.clip(sound, -1, 1)
    true = float((np.abs(sound) >= 1).mean())
    assert ratio(clipped, rate) == pytest.approx(true, rel=0.35)


def test_flat_tops_are_found_after_the_level_was_lowered(voice):
    assert ratio(0.4 * np.clip(voice(2, 44_100, level=2.0), -1, 1)) > 0.005


def test_one_clipped_channel_is_enough(voice):
    sound = voice(2, 44_100, level=2.0)
    assert ratio(np.stack([0.1 * sound, np.clip(sound, -1, 1)], axis=1), channels=2) > 0.003


def test_quiet_flat_sound_is_not_clipping():
    assert ratio(np.full(44_100, 0.01, np.float32)) == 0
    assert ratio(np.zeros(44_100, np.float32)) == 0


def test_eight_bits_are_not_clipping(voice):
    assert (
        ratio((np.rint(voice(2, 8_000, level=0.9) * 127) / 128).astype(np.float32), 8_000, coarse=True) == 0
    )


def test_lossy_sound_over_full_scale_was_clipped(voice):
    assert ratio(voice(2, 44_100, level=1.1), lossy=True) > 0
    assert ratio(voice(2, 44_100, level=0.9), lossy=True) == 0


def test_spans_are_told_apart(voice):
    quiet, loud = voice(1, 44_100, level=0.5), np.clip(voice(1, 44_100, level=3.0), -1, 1)
    found = meter()
    for second in (loud, quiet, loud):
        found.feed(second[:, None])
    assert found.ratio(0, 1) > 0.01
    assert found.ratio(1, 2) == 0
    assert found.ratio(2, 3) > 0.01
