"""Voices, uses and runs of the cleanup without their files."""

from __future__ import annotations

import itertools
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from voicewright.voices.cleanup.models import CleanupRun
from voicewright.voices.figures.models import VoiceUse
from voicewright.voices.models import VoiceModel

if TYPE_CHECKING:
    from voicewright.db.server import Database


@pytest.fixture
def enter_voice(database: Database) -> Callable[..., VoiceModel]:
    """`enter_voice(score=0.8, stored_bytes=1, owner_id=...)`."""
    numbers = itertools.count(1)

    def enter(*, score: float | None = None, stored_bytes: int = 1, **more: Any) -> VoiceModel:
        values: dict[str, Any] = {
            "owner_id": uuid.uuid4(), "name": "Ann", "name_key": "ann", "version": next(numbers),
            "lineage_id": uuid.uuid4(), "engine": "tone", "engine_version": "1", "language": "en-us",
            "sample_rate_hz": 22050, "artefact_digest": "0" * 64, "artefact_bytes": 1, "speech_s": 1.0,
            "train_s": 1.0, "options": {}, "quality_score": score, "stored_bytes": stored_bytes,
        }  # fmt: skip
        voice = VoiceModel(**(values | more))
        with database.session() as session:
            session.add(voice)
        return voice

    return enter


@pytest.fixture
def use_voice(database: Database) -> Callable[..., None]:
    """`use_voice(voice, times=3, outcome="spoken")`."""

    def use(voice: VoiceModel, *, times: int = 1, **more: Any) -> None:
        values: dict[str, Any] = {
            "model_id": voice.id, "owner_id": voice.owner_id, "user_id": voice.owner_id, "outcome": "spoken",
            "characters": 1, "audio_s": 1.0, "latency_ms": 1.0, "cost_usd": Decimal(0),
        }  # fmt: skip
        with database.session() as session:
            session.add_all([VoiceUse(**(values | more)) for _ in range(times)])

    return use


@pytest.fixture
def enter_cleanup(database: Database) -> Callable[..., None]:
    """`enter_cleanup(eligible=5, cleaned=5)`: one that ended now."""

    def enter(**more: Any) -> None:
        now = datetime.now(UTC)
        values = {"dry_run": False, "started_at": now, "finished_at": now}
        with database.session() as session:
            session.add(CleanupRun(**(values | more)))

    return enter
