"""A seed changes how a sentence is said, and seed 0 nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from voicewright.plugins.builtin.espeak import Guide
from voicewright.plugins.builtin.takes import USUAL, Take

if TYPE_CHECKING:
    from voicewright.plugins.builtin.voice import Voice

TEXT = "Hello there, how are you today?"


def test_seed_0_is_the_speakers_own_way() -> None:
    assert Take(0) == USUAL
    assert USUAL.durations(3).tolist() == [1.0, 1.0, 1.0]
    assert USUAL.melody == 1.0
    assert USUAL.costs(3) is None


def test_each_seed_is_one_way_and_none_goes_far() -> None:
    for seed in (1, 7919, 2**31):
        take = Take(seed)
        durations = take.durations(200)
        assert np.array_equal(durations, Take(seed).durations(200))
        assert durations.std() > 0.01
        assert 0.75 < durations.min() < durations.max() < 1.33
        assert 0.85 < take.melody < 1.15
        costs = take.costs(1000)
        assert costs is not None
        assert 0 <= costs.min() < costs.max() <= 1
    assert not np.array_equal(Take(1).durations(9), Take(2).durations(9))


def test_another_seed_has_other_frames(random_voice: Voice) -> None:
    rendering = Guide.shared().render(TEXT, "en-us")
    segments = random_voice.durations.predict(rendering, 1.0)
    same = random_voice.frames(rendering, segments)
    assert np.array_equal(random_voice.frames(rendering, segments, USUAL), same)
    assert not np.array_equal(random_voice.frames(rendering, segments, Take(1)), same)


def test_the_melody_is_stretched_around_its_middle(random_voice: Voice, monkeypatch) -> None:
    made = []
    monkeypatch.setattr(
        "voicewright.plugins.builtin.vocoder.stream",
        lambda f0, *_args, **_kwargs: made.append(f0) or iter(()),
    )
    rendering = Guide.shared().render(TEXT, "en-us")
    segments = random_voice.durations.predict(rendering, 1.0)
    frames = random_voice.frames(rendering, segments)
    monkeypatch.setattr(type(random_voice), "frames", lambda *_: frames)
    for take in (USUAL, Take(1)):
        list(random_voice.waves(rendering, segments, 0, take=take))
    usual, other = (np.log(f0[f0 > 0]) for f0 in made)
    np.testing.assert_allclose(np.ptp(other), np.ptp(usual) * Take(1).melody, rtol=1e-3)
