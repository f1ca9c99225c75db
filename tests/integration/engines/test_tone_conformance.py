"""The conformance suite against the engine that ships for tests."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

from voicewright.engines.client import EngineClient
from voicewright.engines.conformance import EngineConformance
from voicewright.engines.port import TrainingRequest
from voicewright.engines.testing import TONE_ENGINE, write_tone_clips


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


class TestStockEngine(EngineConformance):
    """An engine that speaks with voices of its own and learns none: the checks of training are skipped."""

    engine_info = dataclasses.replace(
        TONE_ENGINE,
        factory="odd_engines:Stock",
        capabilities=dataclasses.replace(TONE_ENGINE.capabilities, clones=False, trains=False),
    )
    descriptor = "voicewright.engines.testing:TONE_ENGINE"
    cancel_grace_s = 10.0

    def stock_voice(self, work_dir: Path) -> Path:
        voice = {"format": 1, "pitch_hz": 150.0, "speaking_fault": "none"}
        (work_dir / "voice.json").write_text(json.dumps(voice), encoding="utf-8")
        return work_dir

    def make_client(self) -> EngineClient:
        here = str(Path(__file__).parent)
        return EngineClient(self.engine_info, env={"PYTHONPATH": here}, cancel_grace_s=self.cancel_grace_s)
