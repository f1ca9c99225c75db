from __future__ import annotations

import itertools

import numpy as np
import pytest

from voicewright.plugins.builtin.alignment import SILENCE, Alignment, Segment
from voicewright.plugins.builtin.context import PhoneSet
from voicewright.plugins.builtin.durations import DurationModel
from voicewright.plugins.builtin.espeak import Guide
from voicewright.plugins.builtin.takes import Take

TEXTS = (
    "The boat went slowly past the old stone bridge.",
    "She had your dark suit in greasy wash water all year.",
    "Seven green apples, please, and a pound of butter!",
    "When the rain stops, we walk to the harbour; then we eat.",
)
SLOWER = 1.6
PAUSE_FRAMES = 50


def _as_if_spoken(rendering) -> Alignment:
    """Every phone takes the same factor longer than the guide's, with a long pause after each comma."""
    segments = [Segment(SILENCE, 0, 20, -1, -1)]
    for index, sound in enumerate(rendering.sounds):
        at = segments[-1].end
        frames = max(1, round((sound.end_s - sound.start_s) / 0.005 * SLOWER))
        segments.append(Segment(sound.name, at, at + frames, index, sound.word))
        after = rendering.phones.index(sound) + 1
        pauses = after < len(rendering.phones) and rendering.phones[after].name.startswith("_:")
        if pauses and index < len(rendering.sounds) - 1:
            end = segments[-1].end
            segments.append(Segment(SILENCE, end, end + PAUSE_FRAMES, -1, -1))
    segments.append(Segment(SILENCE, segments[-1].end, segments[-1].end + 20, -1, -1))
    return Alignment(tuple(segments), 0.0)


@pytest.fixture(scope="module")
def model():
    pairs = [(r, _as_if_spoken(r)) for r in (Guide.shared().render(t, "en-us") for t in TEXTS)]
    return DurationModel.fit(pairs, PhoneSet(s.name for _, a in pairs for s in a.segments))


def test_phones_last_as_long_as_the_speaker_makes_them(model):
    for text in TEXTS:
        rendering = Guide.shared().render(text, "en-us")
        predicted = sum(s.frames for s in model.predict(rendering, 1.0) if s.sound >= 0)
        said = sum(s.frames for s in _as_if_spoken(rendering).segments if s.sound >= 0)
        assert predicted == pytest.approx(said, rel=0.15)


def test_another_seed_has_another_rhythm_at_about_the_same_speed(model):
    rendering = Guide.shared().render(TEXTS[0], "en-us")
    usual = [segment.frames for segment in model.predict(rendering, 1.0)]
    for seed in range(1, 6):
        other = [segment.frames for segment in model.predict(rendering, 1.0, Take(seed))]
        assert other != usual
        assert sum(other) == pytest.approx(sum(usual), rel=0.1)


def test_pauses_are_the_speakers_and_lie_where_the_guide_pauses(model):
    assert model.pause_frames == PAUSE_FRAMES
    segments = model.predict(Guide.shared().render(TEXTS[2], "en-us"), 1.0)
    inner = [s for s in segments[1:-1] if s.name == SILENCE]
    assert [s.frames for s in inner] == [PAUSE_FRAMES, PAUSE_FRAMES]


@pytest.mark.parametrize("text", [*TEXTS, "Hi.", "A"])
def test_segments_follow_each_other_and_fill_an_even_number_of_frames(model, text):
    rendering = Guide.shared().render(text, "en-us")
    for speed in (0.25, 0.9, 1.0, 3.7):
        segments = model.predict(rendering, speed)
        assert segments[0].start == 0
        assert all(a.end == b.start for a, b in itertools.pairwise(segments))
        assert all(s.frames > 0 for s in segments)
        assert segments[-1].end % 2 == 0
        assert [s.sound for s in segments if s.sound >= 0] == list(range(len(rendering.sounds)))


def test_faster_is_shorter_over_the_whole_range(model):
    rendering = Guide.shared().render(TEXTS[3], "en-us")
    lengths = [model.predict(rendering, speed)[-1].end for speed in (0.25, 0.5, 0.75, 1, 1.5, 2, 3, 4)]
    assert all(slow > fast for slow, fast in itertools.pairwise(lengths))
    assert lengths[0] / lengths[3] == pytest.approx(4, rel=0.25)


def test_phones_that_training_never_heard_get_a_duration(model):
    rendering = Guide.shared().render(
        "Zwölf Boxkämpfer jagen Viktor quer über den großen Sylter Deich.", "de"
    )
    unheard = [s for s in rendering.sounds if model.phones.id_of(s.name) == 0]
    assert unheard
    segments = model.predict(rendering, 1.0)
    assert 2 < np.median([s.frames for s in segments if s.sound >= 0]) < 60
