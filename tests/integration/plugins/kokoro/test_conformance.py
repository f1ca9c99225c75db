"""Kokoro passes the suite that every engine must pass, on a tiny model."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from voicewright.engines.client import EngineClient
from voicewright.engines.conformance import EngineConformance
from voicewright.engines.port import EngineSetup
from voicewright.plugins.kokoro.plugin import ENGINE

if TYPE_CHECKING:
    from pathlib import Path


class TestKokoro(EngineConformance):
    engine_info = ENGINE
    descriptor = "voicewright.plugins.kokoro.plugin:ENGINE"
    cancel_grace_s = 10.0  # a busy machine must not fail it

    weights: Path

    @pytest.fixture(scope="class", autouse=True)
    @classmethod
    def _with_weights(cls, weights_dir: Path) -> None:
        cls.weights = weights_dir

    def make_client(self) -> EngineClient:
        return EngineClient(ENGINE, setup=EngineSetup(self.weights), cancel_grace_s=self.cancel_grace_s)
