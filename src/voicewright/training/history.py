"""How long the trainings of an engine really took on this installation, against what its description says."""

from __future__ import annotations

import statistics
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from sqlalchemy import select

from voicewright.training.models import TrainingJob

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from voicewright.training.methods import Method

_LATEST: Final = 20
_FEWEST: Final = 3
"""One odd machine or one odd dataset says nothing yet."""
_MOST: Final = 20.0


@dataclass(frozen=True, slots=True)
class History:
    """What ended trainings say."""

    ratio: float = 1.0
    """Real to forecast time: the median."""
    jobs: int = 0
    """Of so many trainings; 0: too few have ended to say anything."""


def history_of(session: Session, provider: str, method: Method = "auto") -> History:
    """What an engine's last trainings say that were asked for so and ran through at the first attempt."""
    times = session.execute(
        select(TrainingJob.actual_time_ms, TrainingJob.forecast_time_ms)
        .where(
            TrainingJob.provider == provider,
            TrainingJob.method == method,
            TrainingJob.status == "completed",
            TrainingJob.attempt == 1,
            TrainingJob.actual_time_ms > 0,
            TrainingJob.forecast_time_ms > 0,
        )
        .order_by(TrainingJob.completed_at.desc())
        .limit(_LATEST)
    ).all()
    if len(times) < _FEWEST:
        return History()
    ratio = statistics.median((actual or 0) / forecast for actual, forecast in times)
    return History(min(max(ratio, 1 / _MOST), _MOST), len(times))
