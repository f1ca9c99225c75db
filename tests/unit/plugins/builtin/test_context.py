from __future__ import annotations

import numpy as np

from voicewright.plugins.builtin.alignment import SILENCE, Segment
from voicewright.plugins.builtin.analysis import GUIDE_SIZE
from voicewright.plugins.builtin.context import (
    CENTRE,
    PLACES,
    POSITION,
    SILENT,
    UNKNOWN,
    PhoneSet,
    describe,
)
from voicewright.plugins.builtin.espeak import Phone, Rendering

PHONES = (
    Phone("h", 0.00, 0.05, 0),
    Phone("aI", 0.05, 0.15, 0, stress=2),
    Phone("_:", 0.15, 0.25, 0),
    Phone("t", 0.25, 0.30, 1),
)
SEGMENTS = (
    Segment(SILENCE, 0, 4, -1, -1),
    Segment("h", 4, 14, 0, 0),
    Segment("aI", 14, 34, 1, 0),
    Segment(SILENCE, 34, 40, -1, -1),
    Segment("t", 40, 50, 2, 1),
    Segment(SILENCE, 50, 60, -1, -1),
)


def _described(segments=SEGMENTS, phones=("h", "aI", "t")):
    guide = np.zeros((62, GUIDE_SIZE), np.float32)
    guide[:, 0] = np.arange(62)  # a frame says where it comes from
    guide[:, -1] = 1
    return describe(segments, Rendering(np.zeros(6800, np.float32), PHONES), guide, PhoneSet(phones))


def test_every_frame_has_a_row():
    context = _described()
    assert len(context) == 60
    assert context.phones.shape == (60, 5)
    assert context.places.shape == (60, PLACES)
    assert context.guide.shape == (60, GUIDE_SIZE)
    assert context.places.dtype == context.guide.dtype == np.float32


def test_phones_around_are_those_of_the_segments():
    ids = PhoneSet(("h", "aI", "t"))
    names = [SILENCE, SILENCE, "h", "aI", SILENCE]
    assert _described().phones[10].tolist() == [ids.id_of(name) for name in names]


def test_position_runs_from_0_to_1_in_each_phone():
    position = _described().places[:, POSITION]
    np.testing.assert_allclose(position[4:14], (np.arange(10) + 0.5) / 10, rtol=1e-5)
    assert position[14] < 0.05
    assert position[33] > 0.95


def test_silence_is_marked():
    silent = _described().places[:, SILENT]
    assert set(np.flatnonzero(silent)) == {*range(4), *range(34, 40), *range(50, 60)}


def test_guide_is_stretched_within_each_phone():
    frames = _described().guide[:, 0]
    np.testing.assert_allclose(frames[14:34], 10 + np.linspace(0, 20, 20, endpoint=False), atol=1.1)
    np.testing.assert_allclose(frames[40:50], 50 + np.arange(10), atol=1.1)


def test_guide_is_quiet_and_unvoiced_in_silence():
    guide = _described().guide
    assert (guide[:4, -1] == 0).all()
    assert (guide[34:40, 0] == 0).all()
    assert (guide[4:14, -1] == 1).all()


def test_unknown_phone_is_told_as_unknown():
    context = _described(phones=("h", "t"))
    assert context.phones[20, CENTRE] == UNKNOWN


def test_phone_of_another_language_is_met_by_the_one_most_like_it():
    guides = np.zeros((4, GUIDE_SIZE), np.float32)
    guides[:, 3] = [9.0, 0.0, 5.0, np.nan]  # of silence, h, t, and a phone that training never heard
    phones = PhoneSet(("h", "t", "z"), guides)
    guide = np.zeros((62, GUIDE_SIZE), np.float32)
    guide[10:31, 3] = 8.0  # where aI is said: nearest to silence, which nothing that is said is like
    context = describe(SEGMENTS, Rendering(np.zeros(6800, np.float32), PHONES), guide, phones)
    assert context.phones[20, CENTRE] == phones.id_of("t")
    assert context.phones[10, CENTRE] == phones.id_of("h")
    assert context.phones[2, CENTRE] == phones.id_of(SILENCE)


def test_set_learns_how_its_phones_sound():
    context = _described()
    heard = PhoneSet(("h", "aI", "t", "z")).heard_in([context])
    rows = context.phones[:, CENTRE] == heard.id_of("aI")
    np.testing.assert_allclose(heard.guides[2], context.guide[rows].mean(0), rtol=1e-5)
    assert np.isnan(heard.guides[heard.id_of("z")]).all()
    assert heard.names == (SILENCE, "h", "aI", "t", "z")


def test_segments_without_frames_are_passed_over():
    segments = (*SEGMENTS[:4], Segment("t", 40, 40, 2, 1), Segment(SILENCE, 40, 60, -1, -1))
    assert len(_described(segments)) == 60


def test_ids_are_in_the_order_of_first_hearing_with_silence_first():
    phones = PhoneSet(["b", "a", "b", SILENCE])
    assert phones.names == (SILENCE, "b", "a")
    assert PhoneSet(phones.names).names == phones.names


def test_cut_keeps_the_beginning():
    whole, cut = _described(), _described().cut(20)
    assert len(cut) == 20
    np.testing.assert_array_equal(cut.places, whole.places[:20])
