"""The conformance suite on OpenAI's engine, through the real SDK, against its contract."""

from __future__ import annotations

import pytest

from voicewright.engines.conformance import EngineConformance
from voicewright.plugins.openai_tts.plugin import ENGINE


class TestOpenAITTS(EngineConformance):
    engine_info = ENGINE
    descriptor = "voicewright.plugins.openai_tts.plugin:ENGINE"

    @pytest.fixture(scope="class", autouse=True)
    @classmethod
    def against_the_contract(cls, account, make_client, make_request):
        cls.new_client, cls.new_request = staticmethod(make_client), staticmethod(make_request)
        account.clear()

    def make_client(self):
        return self.new_client()

    def training_request(self, work_dir):
        return self.new_request(work_dir)
