"""What the charts of a page are drawn from (js/admin-charts.js); a table beside each says the same."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

_EPOCH: Final = date(1970, 1, 1)


def chart(
    x: Sequence[float],
    *series: tuple[str, Sequence[float | None]],
    x_name: str,
    x_format: str = "",
    y_format: str = "count",
    bars: bool = True,
    top: float | None = None,
) -> dict[str, Any]:
    """One chart.

    Args:
        x: where the values stand.
        series: each with its name; of bars the first one stands behind the others and is the largest.
        x_name: what `x` is.
        x_format: `day` (days since 1970, see `day_number`), `step` of scores (0: up to 0.1), or as it is.
        y_format: `count`, `money` or `score`.
        bars: else lines.
        top: of the axis; as the values have it where it is None.
    """
    return {
        "x": list(x),
        "series": [{"name": name, "values": list(values)} for name, values in series],
        "xName": x_name,
        "xFormat": x_format,
        "yFormat": y_format,
        "bars": bars,
        "top": top,
    }


def day_number(day: date) -> int:
    """Days since 1970, for an axis that no time zone moves."""
    return (day - _EPOCH).days
