"""What is said of a voice that was judged: by which sentences, and which audio was heard."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from voicewright.engines.client import EngineClient
from voicewright.engines.testing import TONE_ENGINE
from voicewright.training.clone import CloneRequest, CloneTools, clone_voice

if TYPE_CHECKING:
    from pathlib import Path


def test_words_are_not_judged_where_the_sentences_are_in_another_language(
    tools: CloneTools, recordings: Path
) -> None:
    capabilities = dataclasses.replace(TONE_ENGINE.capabilities, languages=("fa",))
    with EngineClient(dataclasses.replace(TONE_ENGINE, capabilities=capabilities)) as persian:
        request = CloneRequest(source=recordings, name="Ann", language="fa", options={})
        evaluation = clone_voice(request, dataclasses.replace(tools, engine=persian)).evaluation

    assert evaluation is not None
    assert tools.measurer.supports_recognition("fa")
    assert evaluation.clarity is None
    assert evaluation.recogniser is None
    assert "no test sentences in the language 'fa'" in evaluation.reasons[0]
