"""When a job may start: at once, at a moment that was asked for, or in the hours set aside for it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from voicewright.settings import Settings


@dataclass(frozen=True, slots=True)
class OffPeakWindow:
    """Hours of every day, by the clock on the wall of a time zone; they may go over midnight.

    The same hour twice is the whole day.
    """

    start: time
    end: time
    zone: tzinfo

    @classmethod
    def of(cls, settings: Settings) -> OffPeakWindow:
        """The window that the settings name."""
        start, _, end = settings.off_peak.partition("-")
        name = settings.off_peak_time_zone
        zone = UTC if name == "UTC" else ZoneInfo(name)
        return cls(time.fromisoformat(start), time.fromisoformat(end), zone)

    def on(self, day: date) -> tuple[datetime, datetime]:
        """When the window that begins on this day opens and closes, in UTC.

        Where clocks are put forward over a limit, it moves with them; where an hour comes twice, the window
        has both.
        """
        last = day if self.start < self.end else day + timedelta(days=1)
        opens = datetime.combine(day, self.start, self.zone)
        closes = datetime.combine(last, self.end, self.zone).replace(fold=1)
        return opens.astimezone(UTC), closes.astimezone(UTC)


def next_off_peak(now: datetime, window: OffPeakWindow) -> datetime:
    """The first moment from now on that lies in the window, in UTC; `now` itself where it does."""
    today = now.astimezone(window.zone).date()
    days = (today + timedelta(days=offset) for offset in range(-1, 9))
    for opens, closes in map(window.on, days):
        if opens < closes and closes > now:
            return max(now.astimezone(UTC), opens)
    raise AssertionError("a window opens every day")  # pragma: no cover


def start_moment(
    now: datetime, start_after: datetime | None, *, off_peak: OffPeakWindow | None
) -> datetime | None:
    """Before which moment a job does not start, in UTC; None: at once.

    Args:
        now: the present.
        start_after: what the request says.
        off_peak: the window, where the request asks for it; counted from `start_after`.
    """
    earliest = now if start_after is None else max(now, start_after)
    if off_peak is not None:
        earliest = next_off_peak(earliest, off_peak)
    return None if earliest <= now else earliest.astimezone(UTC)
