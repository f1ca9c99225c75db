"""The built-in engine passes the suite that every engine must pass."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from voicewright.engines.conformance import EngineConformance
from voicewright.engines.port import TrainingRequest
from voicewright.plugins.builtin.plugin import ENGINE

if TYPE_CHECKING:
    from voicewright.engines.port import TrainingClip


class TestBuiltinEngine(EngineConformance):
    engine_info = ENGINE
    descriptor = "voicewright.plugins.builtin.plugin:ENGINE"
    cancel_grace_s = 10.0  # a busy machine must not fail it; how soon it stops is measured in test_training

    clips: tuple[TrainingClip, ...]

    @pytest.fixture(scope="class", autouse=True)
    @classmethod
    def _with_clips(cls, clips: tuple[TrainingClip, ...]) -> None:
        cls.clips = clips

    def training_request(self, work_dir: Path) -> TrainingRequest:
        artefact_dir = work_dir / "artefact"
        artefact_dir.mkdir(parents=True)
        return TrainingRequest(self.clips, "en-us", {"epochs": 2}, artefact_dir=artefact_dir)

    def cancellable_request(self, work_dir: Path) -> TrainingRequest:
        return dataclasses.replace(self.training_request(work_dir), options={"epochs": 500})
