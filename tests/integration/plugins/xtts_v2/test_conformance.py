"""XTTS-v2 passes the suite that every engine must pass: small networks of random numbers, and the real ones.

The real ones are tried where `VOICEWRIGHT_TEST_WEIGHTS` names a folder with a folder `xtts-v2` of weights.
"""

from __future__ import annotations

import dataclasses
import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from voicewright.engines.client import EngineClient
from voicewright.engines.conformance import EngineConformance
from voicewright.engines.port import EngineSetup, TrainingRequest
from voicewright.plugins.xtts_v2.plugin import ENGINE

if TYPE_CHECKING:
    from collections.abc import Callable

    from voicewright.engines.port import TrainingClip

pytestmark = [pytest.mark.slow, pytest.mark.environment, pytest.mark.xdist_group("xtts")]


class _XttsConformance(EngineConformance):
    engine_info = ENGINE
    descriptor = "voicewright.plugins.xtts_v2.plugin:ENGINE"
    cancel_grace_s = 20.0  # a busy machine must not fail it

    clips: tuple[TrainingClip, ...]
    make: Callable[[], EngineClient]

    def make_client(self) -> EngineClient:
        return type(self).make()

    def training_request(self, work_dir: Path) -> TrainingRequest:
        artefact_dir = work_dir / "artefact"
        artefact_dir.mkdir(parents=True)
        options = {"epochs": 2, "allow_cpu": True, "batch_size": 8, "fp16": False}
        return TrainingRequest(self.clips, "en-us", options, artefact_dir=artefact_dir)

    def cancellable_request(self, work_dir: Path) -> TrainingRequest:
        request = self.training_request(work_dir)
        return dataclasses.replace(request, options={**request.options, "epochs": 500})


class TestSmallXtts(_XttsConformance):
    sentence = "A boat went by."
    long_text = "The boat went slowly past the bridge. " * 4

    @pytest.fixture(scope="class", autouse=True)
    @classmethod
    def _with_small_networks(cls, clips, make_client, weights) -> None:
        cls.clips = clips
        cls.make = staticmethod(lambda: make_client(weights))


@pytest.mark.weights
class TestPublishedXtts(_XttsConformance):
    @pytest.fixture(scope="class", autouse=True)
    @classmethod
    def _with_published_networks(cls, clips, python) -> None:
        given = os.environ.get("VOICEWRIGHT_TEST_WEIGHTS")
        if not given or not (Path(given) / ENGINE.id / "model.pth").is_file():
            pytest.skip("VOICEWRIGHT_TEST_WEIGHTS names no folder with xtts-v2/model.pth")
        setup = EngineSetup(weights_dir=Path(given) / ENGINE.id)
        cls.clips = clips
        cls.make = staticmethod(
            lambda: EngineClient(ENGINE, setup=setup, python=python, start_timeout_s=600, cancel_grace_s=20)
        )
