from __future__ import annotations

import re
from pathlib import Path

import voicewright
from voicewright.web.admin.audit import ACTIONS

NOTED = re.compile(r'(?:note_reading|note_change|_act)\(\s*[\w.]+,\s*(?:[\w.]+,\s*)?"([a-z_]+)"')
WRITTEN = re.compile(r'Act\(\s*"([a-z_]+\.[a-z_]+)"')


def test_whatever_is_recorded_has_a_title():
    sources = [path.read_text() for path in Path(voicewright.__file__).parent.rglob("*.py")]
    recorded = {f"voice_model.{verb}" for source in sources for verb in NOTED.findall(source)}
    recorded |= {action for source in sources for action in WRITTEN.findall(source)}
    assert {"voice_model.usage", "voice_model.unshare", "voice_model.cleanup", "account.delete"} <= recorded
    assert recorded == set(ACTIONS)
    assert len(set(ACTIONS.values())) == len(ACTIONS)
