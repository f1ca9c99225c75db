"""The conformance suite on Google's engine, through the real SDK, against its contract."""

from __future__ import annotations

import pytest

from voicewright.engines.conformance import EngineConformance
from voicewright.plugins.google_cloud_tts.plugin import ENGINE


class TestGoogleCloudTTS(EngineConformance):
    engine_info = ENGINE
    descriptor = "voicewright.plugins.google_cloud_tts.plugin:ENGINE"

    @pytest.fixture(scope="class", autouse=True)
    @classmethod
    def against_the_contract(cls, project, make_client, make_request):
        cls.new_client, cls.new_request = staticmethod(make_client), staticmethod(make_request)
        project.clear()

    def make_client(self):
        return self.new_client()

    def training_request(self, work_dir):
        return self.new_request(work_dir)
