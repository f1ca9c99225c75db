"""The conformance suite against the engine that ships for tests."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from voicewright.engines.conformance import EngineConformance
from voicewright.engines.port import TrainingRequest
from voicewright.engines.testing import TONE_ENGINE, write_tone_clips

if TYPE_CHECKING:
    from pathlib import Path


class TestToneEngine(EngineConformance):
    engine_info = TONE_ENGINE
    descriptor = "voicewright.engines.testing:TONE_ENGINE"
    cancel_grace_s = 10.0  # what is tested here is the suite; a busy machine must not fail it

    def training_request(self, work_dir: Path) -> TrainingRequest:
        clips = write_tone_clips(work_dir / "clips")
        return TrainingRequest(clips, "en-us", {"epochs": 2}, artefact_dir=work_dir / "artefact")

    def cancellable_request(self, work_dir: Path) -> TrainingRequest:
        return dataclasses.replace(
            self.training_request(work_dir), options={"epochs": 2, "training_fault": "endless"}
        )
