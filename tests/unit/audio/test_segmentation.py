from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from voicewright.audio.activity import STEP_S, Track
from voicewright.audio.segmentation import Segmenter, SegmentLimits


def track_of(*parts):
    """(seconds, probability) pairs as a track."""
    probability = np.concatenate([np.full(round(s / STEP_S), p, np.float32) for s, p in parts])
    return Track(probability, probability * 0.01 + 1e-6)


def segments_of(track, limits=None, pieces=1):
    segmenter = Segmenter(limits or SegmentLimits())
    found = []
    for edge in np.array_split(np.arange(len(track)), pieces):
        if len(edge):
            found += segmenter.feed(track.between(edge[0], edge[-1] + 1))
    return found + segmenter.finish()


def test_silence_at_the_ends_is_trimmed():
    [segment] = segments_of(track_of((2, 0), (5, 1), (3, 0)))
    assert segment.start_s == pytest.approx(2 - 0.256, abs=0.04)
    assert segment.end_s == pytest.approx(7 + 0.256, abs=0.04)
    assert segment.speech_s == pytest.approx(5, abs=0.1)


def test_what_fits_stays_whole_whatever_the_pauses():
    [segment] = segments_of(track_of((3, 1), (6, 0), (4, 1)))
    assert segment.end_s - segment.start_s == pytest.approx(13, abs=0.4)


def test_a_long_pause_ends_a_segment_where_that_is_wanted():
    parts = track_of((3, 1), (6, 0), (4, 1))
    assert len(segments_of(parts, SegmentLimits(split_pause_s=3.0))) == 2
    assert len(segments_of(track_of((3, 1), (2, 0), (4, 1)), SegmentLimits(split_pause_s=3.0))) == 1


def test_a_long_recording_is_cut_at_its_longest_pause():
    first, second = segments_of(track_of((6, 1), (0.3, 0), (4, 1), (0.8, 0), (3, 1), (0.3, 0), (6, 1)))
    assert first.end_s == pytest.approx(10.3 + 0.256, abs=0.1)
    assert second.start_s == pytest.approx(11.1 - 0.256, abs=0.1)


def test_who_never_pauses_is_cut_all_the_same():
    found = segments_of(track_of((50, 1)))
    assert all(0.5 <= s.end_s - s.start_s <= 15 for s in found)
    assert sum(s.speech_s for s in found) == pytest.approx(50, abs=0.1)


def test_fifteen_seconds_of_speech_are_one_segment():
    assert len(segments_of(track_of((15, 1)))) == 1


def test_fragments_are_left_out_and_counted():
    segmenter = Segmenter(SegmentLimits(min_s=2.0))
    assert segmenter.feed(track_of((1, 0), (0.5, 1), (40, 0))) + segmenter.finish() == []
    assert segmenter.skipped_s == pytest.approx(0.5, abs=0.04)


def test_hours_of_silence_hold_nothing_back():
    segmenter = Segmenter(SegmentLimits())
    for _ in range(100):
        assert segmenter.feed(track_of((60, 0))) == []
    assert segmenter.needed_from_s > 5990


stretches = st.lists(
    st.tuples(st.floats(0.05, 12), st.sampled_from([0.0, 0.0, 0.4, 1.0, 1.0])), min_size=1, max_size=25
)


@settings(max_examples=60, deadline=None)
@given(stretches, st.integers(1, 40), st.sampled_from([None, 3.0]))
def test_segments_are_ordered_bounded_and_lose_no_speech(parts, pieces, split):
    track = track_of(*parts)
    if not len(track):
        return
    segmenter = Segmenter(SegmentLimits(split_pause_s=split))
    found = []
    for edge in np.array_split(np.arange(len(track)), pieces):
        if len(edge):
            found += segmenter.feed(track.between(edge[0], edge[-1] + 1))
            # The pipeline throws older sound away: nothing may ask for it later.
            needed = segmenter.needed_from_s
            assert all(s.start_s <= len(track) * STEP_S for s in found)
            assert needed <= (edge[-1] + 1) * STEP_S + 1e-9
    found += segmenter.finish()
    for segment in found:
        assert 0.5 <= segment.end_s - segment.start_s <= 15 + STEP_S
        assert 0 <= segment.speech_s <= segment.end_s - segment.start_s + STEP_S
        assert len(segment.mask) == len(segment.track)
    for before, after in pairwise(found):
        assert before.end_s <= after.start_s + 1e-9
    loud = sum(seconds for seconds, p in parts if p == 1.0 and seconds > 0.7)
    assert sum(s.speech_s for s in found) + segmenter.skipped_s >= loud - STEP_S * 2 * len(parts)
