from __future__ import annotations

import math

import pytest

from voicewright.voices.checks import checked_evaluation, checked_json, checked_seconds
from voicewright.voices.errors import VoiceDataInvalid


@pytest.mark.parametrize("value", [math.nan, math.inf, -0.1])
def test_an_amount_of_seconds_is_a_number_from_zero_up(value):
    assert checked_seconds(0) == 0
    with pytest.raises(VoiceDataInvalid):
        checked_seconds(value)


@pytest.mark.parametrize("value", [{"a": math.nan}, {"a": "\0"}, {"a": object()}, {"a": {1, 2}}])
def test_what_a_database_can_not_keep_as_json_is_refused(value):
    with pytest.raises(VoiceDataInvalid, match="options"):
        checked_json(value, "the options")


def test_what_is_kept_is_a_copy_in_plain_json():
    given = {"epochs": 3, "layers": (1, 2)}
    assert checked_json(given, "the options") == {"epochs": 3, "layers": [1, 2]}


def test_the_overall_quality_is_the_score():
    assert checked_evaluation(None) == (None, None)
    assert checked_evaluation({"overall": 1}) == ({"overall": 1}, 1.0)
    assert checked_evaluation({"similarity": 0.5}) == ({"similarity": 0.5}, None)


@pytest.mark.parametrize("overall", [1.1, -0.1, "good", True])
def test_an_overall_quality_that_is_no_quality_is_refused(overall):
    with pytest.raises(VoiceDataInvalid, match="from 0 to 1"):
        checked_evaluation({"overall": overall})
