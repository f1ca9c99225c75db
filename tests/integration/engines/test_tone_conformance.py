"""The conformance suite against the engine that ships for tests."""

from __future__ import annotations

import dataclasses
from pathlib import Path

from voicewright.engines.client import EngineClient
from voicewright.engines.conformance import EngineConformance
from voicewright.engines.port import EngineSetup, TrainingRequest
from voicewright.engines.testing import TONE_ENGINE, write_tone_clips
from voicewright.engines.testing_provider import CELLAR_ENGINE


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


HERE = str(Path(__file__).parent)


class TestStockEngine(EngineConformance):
    """An engine that speaks with voices of its own and learns none: the checks of training are skipped."""

    engine_info = dataclasses.replace(
        TONE_ENGINE,
        factory="odd_engines:Stock",
        capabilities=dataclasses.replace(
            TONE_ENGINE.capabilities, clones=False, trains=False, has_stock_voices=True
        ),
    )
    descriptor = "voicewright.engines.testing:TONE_ENGINE"
    cancel_grace_s = 10.0

    def make_client(self) -> EngineClient:
        return EngineClient(self.engine_info, env={"PYTHONPATH": HERE}, cancel_grace_s=self.cancel_grace_s)


class KeepingEngine(TestToneEngine):
    """An engine whose voices lie somewhere else as well."""

    __test__ = False
    engine_info = CELLAR_ENGINE

    def __init__(self, cellar: Path) -> None:
        self.cellar = cellar

    def make_client(self) -> EngineClient:
        return EngineClient(
            self.engine_info,
            setup=EngineSetup(values={"CELLAR": str(self.cellar)}),
            cancel_grace_s=self.cancel_grace_s,
        )


def test_what_lies_elsewhere_is_forgotten_there(tmp_path: Path) -> None:
    cellar = tmp_path / "cellar"
    cellar.mkdir()
    suite = KeepingEngine(cellar)
    with suite.make_client() as client:
        suite.test_forgotten_voice_is_gone_at_the_provider(client, tmp_path)
    assert not any(cellar.iterdir())
