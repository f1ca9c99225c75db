"""Chatterbox passes the suite that every engine must pass: with small random networks, and the real ones.

The real ones are tried where `VOICEWRIGHT_TEST_WEIGHTS` names a folder with a folder `chatterbox` of weights.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from voicewright.engines.client import EngineClient
from voicewright.engines.conformance import EngineConformance
from voicewright.engines.port import EngineSetup, TrainingRequest
from voicewright.plugins.chatterbox.plugin import ENGINE

if TYPE_CHECKING:
    from collections.abc import Callable

    from voicewright.engines.port import TrainingClip

pytestmark = pytest.mark.slow


class _ChatterboxConformance(EngineConformance):
    engine_info = ENGINE
    descriptor = "voicewright.plugins.chatterbox.plugin:ENGINE"
    cancel_grace_s = 20.0  # a busy machine must not fail it; how soon it stops is in test_engine

    clips: tuple[TrainingClip, ...]
    make: Callable[[], EngineClient]

    def make_client(self) -> EngineClient:
        return type(self).make()

    def training_request(self, work_dir: Path) -> TrainingRequest:
        artefact_dir = work_dir / "artefact"
        artefact_dir.mkdir(parents=True)
        return TrainingRequest(self.clips, "en", {}, artefact_dir=artefact_dir)


class TestSmallChatterbox(_ChatterboxConformance):
    long_text = "The boat went slowly past the bridge. " * 4

    @pytest.fixture(scope="class", autouse=True)
    @classmethod
    def _with_small_networks(cls, clips, make_client, weights) -> None:
        cls.clips = clips
        cls.make = staticmethod(lambda: make_client(weights))


@pytest.mark.weights
class TestPublishedChatterbox(_ChatterboxConformance):
    @pytest.fixture(scope="class", autouse=True)
    @classmethod
    def _with_published_networks(cls, clips, request) -> None:
        given = os.environ.get("VOICEWRIGHT_TEST_WEIGHTS")
        if not given or not (Path(given) / ENGINE.id / "multilingual" / "s3gen.pt").is_file():
            pytest.skip("VOICEWRIGHT_TEST_WEIGHTS names no folder with chatterbox/multilingual/s3gen.pt")
        setup = EngineSetup(Path(given) / ENGINE.id)
        python = request.getfixturevalue("python")
        cls.clips = clips
        cls.make = staticmethod(
            lambda: EngineClient(ENGINE, setup=setup, python=python, start_timeout_s=600, cancel_grace_s=20)
        )
