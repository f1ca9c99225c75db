from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from voicewright.recordings.speakers import check_speakers


def speakers(*counts, spread=0.4, between=0.55, size=256, seed=0):
    """Unit rows in groups: about .92 to their own centre, about `between` of one group to another's."""
    generator = np.random.default_rng(seed)
    shared = generator.normal(size=size)
    shared /= np.linalg.norm(shared)
    rows = []
    for count in counts:
        own = generator.normal(size=size)
        own -= (own @ shared) * shared
        own /= np.linalg.norm(own)
        centre = np.sqrt(between) * shared + np.sqrt(1 - between) * own
        for _ in range(count):
            row = centre + spread * generator.normal(size=size) / np.sqrt(size)
            rows.append(row / np.linalg.norm(row))
    return np.array(rows, np.float32)


def seconds(count, each=6.0):
    return np.full(count, each)


def test_one_speaker_is_one_speaker():
    found = check_speakers(speakers(30), seconds(30))
    assert not found.outlier.any()
    assert not found.doubtful.any()
    assert found.note is None
    assert found.cosine.min() > 0.85


@pytest.mark.parametrize(("own", "other"), [(30, 1), (20, 6), (12, 10), (3, 1)])
def test_strangers_are_named_and_do_not_pull_the_centre(own, other):
    found = check_speakers(speakers(own, other), seconds(own + other))
    assert found.outlier.tolist() == [False] * own + [True] * other
    assert found.note is not None


def test_several_strangers_of_different_kinds():
    found = check_speakers(speakers(10, 2, 3, 1), seconds(16))
    assert found.outlier.tolist() == [False] * 10 + [True] * 6


def test_even_halves_are_told_loudly():
    found = check_speakers(speakers(10, 9), seconds(19))
    assert found.outlier.sum() == 9
    assert found.note is not None
    assert "more than one person" in found.note


def test_two_clips_of_two_people_keep_the_longer():
    found = check_speakers(speakers(1, 1), np.array([4.0, 12.0]))
    assert found.outlier.tolist() == [True, False]


def test_very_short_clips_are_not_judged():
    found = check_speakers(speakers(10, 2), np.array([6.0] * 10 + [0.5] * 2))
    assert not found.outlier.any()


def test_short_clips_get_an_allowance():
    rows = speakers(20, spread=0.4)
    # A short clip of the same speaker: noisier, at about .62.
    generator = np.random.default_rng(1)
    short = rows[0] + 1.2 * generator.normal(size=256) / 16
    rows = np.vstack([rows, short / np.linalg.norm(short)]).astype(np.float32)
    assert check_speakers(rows, seconds(21)).outlier[20]
    assert not check_speakers(rows, np.array([6.0] * 20 + [1.0])).outlier[20]


def test_one_clip_and_none():
    assert check_speakers(speakers(1), seconds(1)).cosine.tolist() == [1.0]
    assert len(check_speakers(np.zeros((0, 256), np.float32), seconds(0)).cosine) == 0


@settings(deadline=None, max_examples=40)
@given(st.integers(2, 40), st.integers(0, 10_000))
def test_the_order_of_the_clips_does_not_matter(count, seed):
    rows = speakers(count, max(0, count // 4), seed=seed)
    lengths = np.random.default_rng(seed).uniform(2, 12, len(rows))
    order = np.random.default_rng(seed + 1).permutation(len(rows))
    straight = check_speakers(rows, lengths)
    shuffled = check_speakers(rows[order], lengths[order])
    assert shuffled.outlier.tolist() == straight.outlier[order].tolist()
    assert shuffled.cosine == pytest.approx(straight.cosine[order], abs=1e-4)
