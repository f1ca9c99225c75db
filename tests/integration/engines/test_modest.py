"""An engine that steps back has a process of low priority."""

from __future__ import annotations

import os

from voicewright.engines.modest import ModestEngine
from voicewright.engines.testing import TONE_ENGINE


def test_its_process_yields_to_others():
    with ModestEngine(TONE_ENGINE) as engine:
        engine.start()
        assert os.getpriority(os.PRIO_PROCESS, engine.pid) == os.getpriority(os.PRIO_PROCESS, 0) + 10
