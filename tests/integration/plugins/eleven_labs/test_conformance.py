"""The conformance suite on ElevenLabs' engine, through the real SDK, against its contract."""

from __future__ import annotations

import pytest

from voicewright.engines.conformance import EngineConformance
from voicewright.plugins.eleven_labs.plugin import ENGINE


class TestElevenLabs(EngineConformance):
    engine_info = ENGINE
    descriptor = "voicewright.plugins.eleven_labs.plugin:ENGINE"

    @pytest.fixture(scope="class", autouse=True)
    @classmethod
    def against_the_contract(cls, account, make_client, make_request):
        cls.new_client, cls.new_request = staticmethod(make_client), staticmethod(make_request)
        account.clear()

    def make_client(self):
        return self.new_client()

    def training_request(self, work_dir):
        return self.new_request(work_dir, checkpoints=False)
