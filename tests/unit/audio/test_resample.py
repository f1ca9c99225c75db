from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from voicewright.audio.resample import Resampler, resample


@settings(max_examples=30, deadline=None)
@given(
    st.sampled_from([8_000, 11_025, 16_000, 44_100, 48_000, 96_000, 12_347]),
    st.sampled_from([16_000, 22_050]),
    st.lists(st.integers(0, 5_000), min_size=1, max_size=6),
)
def test_a_stream_gives_what_the_whole_gives(from_hz, to_hz, sizes):
    sound = np.random.default_rng(3).normal(0, 0.1, sum(sizes)).astype(np.float32)
    blocks = np.split(sound, np.cumsum(sizes)[:-1])
    parts = list(Resampler(from_hz, to_hz).stream(blocks))
    streamed = np.concatenate(parts) if parts else np.zeros(0, np.float32)
    assert abs(len(streamed) - len(sound) * to_hz / from_hz) <= 1
    whole = resample(sound, from_hz, to_hz)
    shared = min(len(whole), len(streamed))
    assert streamed[:shared] == pytest.approx(whole[:shared], abs=1e-3)


def test_what_lies_above_the_new_half_rate_is_gone(sine):
    high = resample(sine(10_000, 1, 44_100), 44_100, 16_000)
    assert np.abs(high[1000:-1000]).max() < 1e-3
