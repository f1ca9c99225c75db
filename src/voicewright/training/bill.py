"""What a job that is under way has cost, and how long it may still run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from voicewright.training.pricing import Usage, actual_cost, affordable_ms

if TYPE_CHECKING:
    from decimal import Decimal

    from voicewright.engines.port import EngineInfo
    from voicewright.settings import Settings
    from voicewright.training.models import TrainingJob


def cost_of_job(
    job: TrainingJob,
    engine: EngineInfo,
    settings: Settings,
    *,
    time_ms: int,
    artefact_bytes: int = 0,
    made: bool = True,
) -> Decimal:
    """Dollars that a job has cost, all its attempts together; nothing where it never ran.

    Args:
        job: has the bytes and the speech of its samples.
        engine: that trains.
        settings: the prices.
        time_ms: wall time in which it ran.
        artefact_bytes: of the voice, once it is there.
        made: whether it is there; a provider has no fee for less.
    """
    return actual_cost(engine, _usage(job, time_ms, artefact_bytes), settings, made=made)


def allowed_ms(job: TrainingJob, engine: EngineInfo, settings: Settings) -> int:
    """Wall time that a job may take in all before it costs more than one job may."""
    return affordable_ms(engine, _usage(job, 0, 0), settings.max_training_cost, settings)


def _usage(job: TrainingJob, time_ms: int, artefact_bytes: int) -> Usage:
    kept_bytes = job.sample_bytes + artefact_bytes
    return Usage(time_ms, kept_bytes, kept_bytes, job.speech_s, clones=job.clones)
