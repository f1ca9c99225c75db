from __future__ import annotations

from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from voicewright.training.holdout import LEAST_S, MOST_S, hold_out


@dataclass(frozen=True)
class Heard:
    speech_s: float
    verdict: str = "good"


def test_holds_out_a_tenth_of_the_speech() -> None:
    clips = [Heard(6.0)] * 32

    division = hold_out(clips)

    held_s = sum(clips[i].speech_s for i in division.references)
    assert 0.1 * 192 <= held_s <= 0.15 * 192


def test_references_are_spread_over_the_session() -> None:
    division = hold_out([Heard(5.0)] * 40)

    thirds = {place * 3 // 40 for place in division.references}
    assert thirds == {0, 1, 2}


def test_good_clips_are_preferred_as_references() -> None:
    clips = [Heard(5.0, "usable")] * 10 + [Heard(5.0, "good")] * 10

    assert all(place >= 10 for place in hold_out(clips).references)


def test_a_long_clip_is_not_held_out_where_a_short_one_will_do() -> None:
    clips = [Heard(14.0), Heard(4.0), Heard(14.0)]

    assert hold_out(clips).references == (1,)


def test_a_single_clip_is_trained_on() -> None:
    assert hold_out([Heard(30.0)]).references == ()


def test_nothing_is_held_out_where_the_engine_needs_all_of_it() -> None:
    division = hold_out([Heard(15.0), Heard(6.0)], minimum_training_s=20.0)

    assert division.references == ()
    assert division.training == (0, 1)


def test_too_little_speech_does_not_change_the_policy() -> None:
    # The engine refuses it anyway, and says how much it needs.
    assert hold_out([], minimum_training_s=20.0).training == ()


def test_many_hours_hold_out_no_more_than_a_minute_or_so() -> None:
    clips = [Heard(8.0)] * 2000

    assert sum(clips[i].speech_s for i in hold_out(clips).references) <= MOST_S * 1.5


@given(st.lists(st.tuples(st.floats(0.5, 15.0), st.sampled_from(["good", "usable"])), max_size=60))
def test_every_clip_is_in_one_part_and_training_is_never_empty(rows: list[tuple[float, str]]) -> None:
    clips = [Heard(*row) for row in rows]

    division = hold_out(clips)

    assert sorted(division.training + division.references) == list(range(len(clips)))
    assert division.training or not clips
    if len(clips) > 1:
        held_s = sum(clips[i].speech_s for i in division.references)
        assert held_s >= LEAST_S or len(division.training) == 1
