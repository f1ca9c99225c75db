from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicewright.quality.errors import JudgeMissing
from voicewright.quality.judges import naturalness, packages, signals, speaker, sphinx

RATE = signals.JUDGE_RATE_HZ


def tone(seconds, level=0.5):
    return (level * np.sin(2 * np.pi * 220 * np.arange(int(seconds * RATE)) / RATE)).astype(np.float32)


def test_a_clip_is_brought_to_the_peak_whatever_its_level():
    assert np.abs(signals.at_peak(tone(0.1, 0.01))).max() == pytest.approx(0.7)
    assert not signals.at_peak(np.zeros(10, np.float32)).any()
    assert signals.at_peak(np.zeros(0, np.float32)).size == 0


def test_the_recogniser_hears_the_same_bytes_for_a_loud_and_a_quiet_copy():
    loud, quiet = tone(0.5), tone(0.5) / 8
    assert sphinx.conditioned(loud) == sphinx.conditioned(quiet)
    assert len(sphinx.conditioned(loud)) == 2 * (len(loud) + RATE // 2)


def test_a_short_clip_is_doubled_until_it_fills_a_window():
    clip = tone(2.5)
    longer = naturalness.repeated(clip)
    assert len(longer) == 4 * len(clip)
    np.testing.assert_array_equal(longer[len(clip) : 2 * len(clip)], clip)


@given(st.integers(naturalness.WINDOW, 40 * RATE))
def test_windows_lie_inside_the_clip_one_second_apart(n_samples):
    starts = naturalness.window_starts(n_samples)
    assert starts[0] == 0
    assert starts[-1] + naturalness.WINDOW <= n_samples
    assert all(later - earlier == RATE for earlier, later in itertools.pairwise(starts))


def test_the_window_with_the_speech_is_chosen():
    clip = np.concatenate([np.zeros(12 * RATE, np.float32), tone(9.5), np.zeros(9 * RATE, np.float32)])
    [window] = naturalness.busiest_windows(clip, 1)
    assert np.mean(np.abs(window) > 0.01) > 0.95


def test_several_windows_do_not_overlap_while_there_is_room():
    clip = np.concatenate([tone(9.5), np.zeros(2 * RATE, np.float32), tone(9.5)])
    first, second = naturalness.busiest_windows(clip, 2)
    assert first.shape == second.shape == (naturalness.WINDOW,)
    assert len(naturalness.busiest_windows(clip, 0)) == len(naturalness.window_starts(len(clip)))


def test_quiet_speech_is_raised_and_loud_speech_left():
    quiet, loud = tone(0.2, 0.001), tone(0.2, 0.5)
    assert 20 * np.log10(np.sqrt(np.mean(speaker.louder(quiet) ** 2))) == pytest.approx(-30, abs=0.01)
    assert speaker.louder(loud) is loud


def test_silence_is_cut_from_a_clip():
    assert len(speaker.without_long_silences(np.zeros(RATE, np.float32))) == 0
    assert len(speaker.without_long_silences(np.zeros(10, np.float32))) == 0


@given(st.integers(1, 20 * RATE))
def test_pieces_cover_the_clip_but_for_a_last_thin_one(n_samples):
    starts = speaker.partial_starts(n_samples)
    end = (starts[-1] + speaker.PARTIAL_FRAMES) * speaker.HOP
    step = 77 * speaker.HOP
    assert starts[0] == 0
    assert end + step + speaker.HOP >= n_samples


def test_a_vector_without_direction_has_no_unit():
    assert speaker.unit(np.zeros(3, np.float32)) is None
    assert speaker.unit(np.array([np.nan, 1.0], np.float32)) is None
    np.testing.assert_allclose(speaker.unit(np.array([3.0, 4.0], np.float32)), [0.6, 0.8], rtol=1e-6)


def test_a_missing_package_is_named_with_the_way_to_get_it():
    with pytest.raises(JudgeMissing, match=r"no_such_judge.*pip install"):
        packages.directory_of("no_such_judge")
