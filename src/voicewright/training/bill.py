"""What a job that is under way has cost, and how long it may still run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from voicewright.training.pricing import Usage, actual_cost, affordable_ms
from voicewright.training.runs import spent_ms

if TYPE_CHECKING:
    from decimal import Decimal

    from voicewright.engines.port import EngineInfo
    from voicewright.settings import Settings
    from voicewright.training.models import TrainingJob


@dataclass(slots=True)
class Bill:
    """Grows while the job runs; counts all attempts together."""

    job: TrainingJob
    """As it was when the attempt began."""
    engine: EngineInfo
    settings: Settings
    sample_bytes: int = 0
    artefact_bytes: int = 0
    speech_s: float = 0.0

    def cost(self) -> Decimal:
        """Dollars until now."""
        return actual_cost(self.engine, self._usage(), self.settings)

    def allowed_ms(self) -> int:
        """Wall time that the job may take in all before it costs more than one job may."""
        return affordable_ms(self.engine, self._usage(), self.settings.max_training_cost, self.settings)

    def _usage(self) -> Usage:
        return Usage(
            time_ms=spent_ms(self.job),
            stored_bytes=self.sample_bytes + self.artefact_bytes,
            moved_bytes=self.sample_bytes + self.artefact_bytes,
            speech_s=self.speech_s,
        )
