"""Jobs for the pages about training, written as the services write them, and engines to choose from."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from voicewright.engines.installed import Engines
from voicewright.engines.port import Forecast
from voicewright.engines.registry import get_engine
from voicewright.engines.testing import TONE_ENGINE
from voicewright.training.events import record
from voicewright.training.models import TrainingJob

if TYPE_CHECKING:
    from collections.abc import Callable
    from uuid import UUID

    from fastapi.testclient import TestClient

    from voicewright.db.server import Database
    from voicewright.engines.port import EngineInfo

EVALUATION: dict[str, Any] = {
    "similarity": 0.86, "naturalness": 0.79, "clarity": 0.93, "consistency": 0.88, "overall": 0.852,
    "raw": {}, "reasons": ["It sounds clearly like the speaker.", "Two words were lost in five sentences."],
    "sentences": [], "language": "en-us", "recogniser": None,
}  # fmt: skip


class Happening:
    """Lets things happen in a job, each in a transaction, as a run does."""

    def __init__(self, database: Database, job: TrainingJob) -> None:
        self._database, self.job = database, job

    def log(self, message: str, level: Any = "info", **data: Any) -> None:
        """A line of the log."""
        self._write("log", message, data, level=level)

    def progress(self, percent: float, stage: str) -> None:
        """So far it is, and does this."""
        self._write("progress", stage, {"progress": percent, "stage": stage}, progress=percent, stage=stage)

    def metric(self, name: str, step: int, value: float) -> None:
        """A point of a curve."""
        self._write("metric", name, {"name": name, "step": step, "value": value})

    def status(self, status: str, **fields: Any) -> None:
        """Another state, with what else is written into the row."""
        if status in {"completed", "failed", "cancelled"}:
            fields |= {"completed_at": datetime.now(UTC), "attempt_started_at": None}
        self._write("status", status, status=status, **fields)

    def complete(self, **fields: Any) -> None:
        """The good end."""
        self.progress(100.0, "completed")
        self.status("completed", quality=EVALUATION, quality_score=EVALUATION["overall"], **fields)

    def _write(
        self, kind: Any, message: str, data: dict[str, Any] | None = None, *, level: Any = None, **fields: Any
    ) -> None:
        with self._database.session() as session:
            current = session.get_one(TrainingJob, self.job.id)
            for name, value in fields.items():
                setattr(current, name, value)
            record(session, current, kind, message, level=level, data=data)


@pytest.fixture
def enter_job(database: Database) -> Callable[..., TrainingJob]:
    """Enter a job that runs, or is otherwise: `enter_job(person.id, "Ann's voice", status="failed")`."""

    def enter(owner_id: UUID, name: str = "Ann's reading voice", **more: Any) -> TrainingJob:
        now = datetime.now(UTC)
        fields: dict[str, Any] = {
            "provider": "tone", "language": "en-us", "dataset_name": "Evening readings",
            "sample_ids": ["6f1c9a52-8a3e-4b61-9f0e-2f9d6f1f7a11"] * 3,
            "options": {"epochs": 40, "qualityThreshold": 0.7}, "engine_options": {},
            "quality_threshold": 0.7, "max_training_ms": 7_200_000, "status": "running", "priority": 50,
            "max_retries": 3, "estimated_cost": Decimal("0.0412"), "estimated_time_ms": 420_000,
            "forecast_time_ms": 420_000, "attempt": 1, "speech_s": 431.0,
            "sample_bytes": 41_000_000, "node": "studio",
            "created_at": now - timedelta(minutes=4), "started_at": now - timedelta(minutes=3),
            "attempt_started_at": now - timedelta(minutes=3),
        }  # fmt: skip
        job = TrainingJob(owner_id=owner_id, name=name, **{**fields, **more})
        with database.session() as session:
            session.add(job)
        return job

    return enter


@pytest.fixture
def look(client: TestClient, cookies_of: Callable[[Any], dict[str, str]]) -> Callable[..., Any]:
    """Open a page as somebody, or a part of it as HTMX does: `look(person, "/panel/jobs", part="jobs")`."""

    def open_page(who: Any, path: str, *, expect: int = 200, part: str | None = None) -> Any:
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in cookies_of(who).items())}
        if part is not None:
            headers |= {"HX-Request": "true", "HX-Target": part}
        answer = client.get(path, headers=headers)
        assert answer.status_code == expect, answer.text
        return answer

    return open_page


@pytest.fixture
def happening(database: Database) -> Callable[[TrainingJob], Happening]:
    """Lets things happen in a job: `happening(job).log("...")`."""
    return lambda job: Happening(database, job)


MISSING = replace(
    TONE_ENGINE,
    id="studio",
    title="Studio",
    requires=("a_package_that_nobody_has",),
    install_hint="pip install studio",
    forecast=Forecast(fixed_s=600.0, per_speech_s=20.0, gpu_memory_mb=16_000),
)
"""Not installed, and dear."""


@pytest.fixture
def engines(engines: Engines) -> Engines:
    """Those to choose from are the tests' and the built-in one."""
    heavy = engines.find("heavy")
    shown = (
        replace(TONE_ENGINE, title="Hum"),
        replace(heavy, title="Heavy"),
        MISSING,
        get_engine("builtin"),
        get_engine("openai-tts"),
        get_engine("kokoro"),
    )
    known: dict[str, EngineInfo] = {info.id: info for info in shown}
    return Engines(find=lambda engine_id: known.get(engine_id) or get_engine(engine_id), known=lambda: shown)
