"""How figures are written for people; the filters of the templates."""

from __future__ import annotations

import json
import math
import re
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from markupsafe import Markup, escape

from voicewright.web.language_titles import language_title

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_MINUTE_S: Final = 60
_HOUR_S: Final = 3600
_STEP: Final = 1024
_UNITS: Final = ("bytes", "KB", "MB", "GB", "TB")
_CENT: Final = 0.01


def _rounded(number: float, places: int = 0) -> float:
    """A half goes up, as the browser's scripts round (`js/figures.js`), and not to the next even figure."""
    scale = 10.0**places
    return math.floor(float(number) * scale + 0.5) / scale


def duration(seconds: float | None) -> str:
    """`8.4 s`, `2:05 min`, `1:02 h`; a dash for None."""
    if seconds is None:
        return "–"
    tenths = _rounded(seconds, 1)
    if tenths < 10:  # noqa: PLR2004 - whole seconds are enough from then on
        return f"{tenths:.1f} s"
    whole = int(_rounded(seconds))
    if whole < _MINUTE_S:
        return f"{whole} s"
    if whole < _HOUR_S:
        return f"{whole // _MINUTE_S}:{whole % _MINUTE_S:02d} min"
    return f"{whole // _HOUR_S}:{whole % _HOUR_S // _MINUTE_S:02d} h"


def size(size_bytes: float | None) -> str:
    """`512 bytes`, `3.4 MB`; a dash for None."""
    if size_bytes is None:
        return "–"
    left, unit = float(size_bytes), 0
    while left >= _STEP and unit < len(_UNITS) - 1:
        left, unit = left / _STEP, unit + 1
    return f"{left:.0f} {_UNITS[unit]}" if unit == 0 else f"{_rounded(left, 1):.1f} {_UNITS[unit]}"


def count(number: float | None) -> str:
    """With thousands set apart: `12,345`; a dash for None."""
    return "–" if number is None else f"{number:,.0f}"


def counted(number: int, one: str, many: str | None = None) -> str:
    """`1 clip`, `1,002 clips`."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def percent(share: float | None) -> str:
    """Of a share of 0 to 1: `87 %`; a dash for None."""
    return "–" if share is None else f"{share * 100:.0f} %"


def money(dollars: float | None) -> str:
    """`free`, `$0.04`, `$1,204.50`; a dash for None."""
    if dollars is None:
        return "–"
    return "free" if dollars == 0 else spent(dollars)


def spent(dollars: float) -> str:
    """The same of a sum or a budget, of which nothing is not free: `$0.00`, `$0.0005`, `$1,204.50`."""
    places = 2 if dollars == 0 or abs(float(dollars)) >= _CENT else 4
    return f"${_rounded(dollars, places):,.{places}f}"


def score(value: float | None) -> str:
    """Of 0 to 1, with two figures; a dash for None."""
    return "–" if value is None else f"{value:.2f}"


def moment(when: datetime | None) -> Markup | str:
    """A `<time>` that the browser writes in its own zone; without a script it says UTC. A dash for None."""
    if when is None:
        return "–"
    return Markup('<time datetime="{}" data-local>{}</time>').format(
        escape(when.isoformat()), f"{when:%d %b %Y, %H:%M} UTC"
    )


def ago(when: datetime | None) -> Markup | str:
    """The same, written as the time since or until then: `3 minutes ago`."""
    if when is None:
        return "–"
    return Markup('<time datetime="{}" data-ago>{}</time>').format(
        escape(when.isoformat()), f"{when:%d %b %Y, %H:%M} UTC"
    )


def act_id(call: str, body: Mapping[str, Any] | None = None) -> str:
    """The id of the button that makes a call: the same on a fresh page, so that the focus finds it again."""
    told = call if not body else f"{call} {json.dumps(body, sort_keys=True, default=str)}"
    return "act-" + re.sub(r"\W+", "-", told).strip("-")


FILTERS: Final[dict[str, Callable[..., Any]]] = {
    "duration": duration,
    "size": size,
    "count": count,
    "counted": counted,
    "percent": percent,
    "money": money,
    "spent": spent,
    "score": score,
    "moment": moment,
    "ago": ago,
    "act_id": act_id,
    "language": language_title,
}
