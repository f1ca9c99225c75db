from __future__ import annotations

import math

import pytest

from voicewright.voices.checks import checked_details, checked_evaluation, checked_json, checked_seconds
from voicewright.voices.errors import VoiceDataInvalid, VoiceMetadataInvalid


@pytest.mark.parametrize("value", [math.nan, math.inf, -0.1])
def test_an_amount_of_seconds_is_a_number_from_zero_up(value):
    assert checked_seconds(0) == 0
    with pytest.raises(VoiceDataInvalid):
        checked_seconds(value)


@pytest.mark.parametrize(
    "value", [{"a": math.nan}, {"a": "\0"}, {"a": object()}, {"a": {1, 2}}, {"a": "\ud800"}]
)
def test_what_a_database_can_not_keep_as_json_is_refused(value):
    with pytest.raises(VoiceDataInvalid, match="options"):
        checked_json(value, "the options")


@pytest.mark.parametrize("value", [{"a": "\\u0000"}, {"\\\\u0000": 1}])
def test_a_backslash_is_no_nul(value):
    assert checked_json(value, "the options") == checked_details(value) == value


def nested(levels):
    value = {}
    for _ in range(levels - 1):
        value = {"a": value}
    return value


def test_nothing_is_kept_that_is_too_large_or_too_deep():
    """Each of the three has a limit; the evaluation's is larger, as it has every sentence."""
    for check in (checked_evaluation, lambda value: checked_json(value, "the options")):
        check(nested(16))
        with pytest.raises(VoiceDataInvalid, match="16 levels"):
            check(nested(18))
        with pytest.raises(VoiceDataInvalid, match="16 levels"):
            check(nested(100_000))
    with pytest.raises(VoiceDataInvalid, match="64 KB"):
        checked_json({"a": "\u00e4" * (32 << 10)}, "the options")
    checked_evaluation({"a": "x" * 250_000})
    with pytest.raises(VoiceDataInvalid, match="256 KB"):
        checked_evaluation({"a": "x" * (256 << 10)})
    with pytest.raises(VoiceMetadataInvalid, match="64 KB") as refused:
        checked_details({"a": "x" * (64 << 10)})
    assert [fault.field for fault in refused.value.fields] == ["metadata"]


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
