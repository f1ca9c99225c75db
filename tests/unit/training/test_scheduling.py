from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from pydantic import ValidationError

from voicewright.settings import Settings
from voicewright.training.scheduling import OffPeakWindow, next_off_peak, start_moment

BERLIN = ZoneInfo("Europe/Berlin")


def window(text: str, zone: str = "UTC") -> OffPeakWindow:
    return OffPeakWindow.of(Settings(off_peak=text, off_peak_time_zone=zone))


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("hours", "now", "opens"),
    [
        ("01:00-05:00", "2025-06-10T00:30", "2025-06-10T01:00"),
        ("01:00-05:00", "2025-06-10T01:00", "2025-06-10T01:00"),
        ("01:00-05:00", "2025-06-10T04:59", "2025-06-10T04:59"),
        ("01:00-05:00", "2025-06-10T05:00", "2025-06-11T01:00"),
        ("22:00-06:00", "2025-06-10T12:00", "2025-06-10T22:00"),
        ("22:00-06:00", "2025-06-10T23:30", "2025-06-10T23:30"),
        ("22:00-06:00", "2025-06-11T05:59", "2025-06-11T05:59"),
        ("22:00-06:00", "2025-06-11T06:00", "2025-06-11T22:00"),
        ("22:00-06:00", "2025-12-31T20:00", "2025-12-31T22:00"),
        ("00:00-00:00", "2025-06-10T12:34", "2025-06-10T12:34"),
        ("08:00-08:00", "2025-06-10T07:59", "2025-06-10T07:59"),
    ],
)
def test_the_window_opens_at_its_hours_also_over_midnight(hours: str, now: str, opens: str) -> None:
    assert next_off_peak(at(now), window(hours)) == at(opens)


def test_the_hours_are_those_of_the_time_zone() -> None:
    night = window("22:00-06:00", "America/New_York")

    assert next_off_peak(at("2025-07-01T12:00"), night) == at("2025-07-02T02:00")
    assert next_off_peak(at("2025-01-01T12:00"), night) == at("2025-01-02T03:00")
    assert next_off_peak(at("2025-07-02T01:59"), night).tzinfo is UTC


@pytest.mark.parametrize(
    ("hours", "now", "opens"),
    [
        # 30 March 2025: clocks go from 02:00 to 03:00, which is 01:00 UTC
        ("02:30-05:00", "2025-03-30T00:00", "2025-03-30T01:30"),
        ("02:30-05:00", "2025-03-30T02:59", "2025-03-30T02:59"),
        ("02:30-05:00", "2025-03-30T03:00", "2025-03-31T00:30"),
        ("02:00-03:00", "2025-03-30T00:30", "2025-03-31T00:00"),
        ("22:00-06:00", "2025-03-30T03:59", "2025-03-30T03:59"),
        ("22:00-06:00", "2025-03-30T04:00", "2025-03-30T20:00"),
        # 26 October 2025: 02:00 to 03:00 comes twice, from 00:00 to 02:00 UTC
        ("02:00-02:59", "2025-10-26T00:00", "2025-10-26T00:00"),
        ("02:00-02:59", "2025-10-26T01:30", "2025-10-26T01:30"),
        ("02:00-02:59", "2025-10-26T01:59", "2025-10-27T01:00"),
        ("02:30-05:00", "2025-10-26T00:00", "2025-10-26T00:30"),
    ],
)
def test_the_window_keeps_to_the_clock_on_the_wall_when_clocks_change(
    hours: str, now: str, opens: str
) -> None:
    assert next_off_peak(at(now), window(hours, "Europe/Berlin")) == at(opens)


def test_the_moment_always_lies_in_the_window_and_never_before_now() -> None:
    night = OffPeakWindow(time(23, 15), time(4, 45), BERLIN)
    now = at("2025-03-25T00:00")
    for _ in range(24 * 4 * 10):
        moment = next_off_peak(now, night)
        wall = moment.astimezone(BERLIN).time()
        assert moment >= now
        assert wall >= night.start or wall < night.end
        assert moment - now <= timedelta(hours=20)
        now += timedelta(minutes=15)


NOW = at("2025-06-10T12:00")


@pytest.mark.parametrize(
    ("start_after", "hours", "starts"),
    [
        (None, None, None),
        ("2025-06-10T11:00", None, None),
        ("2025-06-10T12:30", None, "2025-06-10T12:30"),
        (None, "22:00-06:00", "2025-06-10T22:00"),
        (None, "11:00-13:00", None),
        ("2025-06-11T07:00", "22:00-06:00", "2025-06-11T22:00"),
        ("2025-06-11T23:00", "22:00-06:00", "2025-06-11T23:00"),
    ],
)
def test_a_job_starts_when_all_that_was_asked_for_allows_it(
    start_after: str | None, hours: str | None, starts: str | None
) -> None:
    moment = start_moment(
        NOW, start_after and at(start_after), off_peak=None if hours is None else window(hours)
    )

    assert moment == (starts and at(starts))


@pytest.mark.parametrize(
    "given",
    [
        {"off_peak": "22-6"},
        {"off_peak": "24:00-06:00"},
        {"off_peak": "22:00-06:60"},
        {"off_peak_time_zone": "Nowhere/Land"},
        {"off_peak_time_zone": "../etc/passwd"},
    ],
)
def test_hours_that_no_clock_has_are_refused_with_the_settings(given: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        Settings(**given)
