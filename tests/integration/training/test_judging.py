"""What is said of a voice that was judged: by which sentences, and which audio was heard."""

from __future__ import annotations

import dataclasses
import io
from typing import TYPE_CHECKING

import numpy as np
import pytest
import soundfile

from voicewright.engines.client import EngineClient
from voicewright.engines.testing import TONE_ENGINE
from voicewright.quality.errors import JudgeMissing
from voicewright.training.clone import CloneResult, CloneTools, clone_voice
from voicewright.training.judging import judge_again
from voicewright.training.making import VoiceRequest

if TYPE_CHECKING:
    from pathlib import Path


def clone(tools: CloneTools, recordings: Path, language: str = "en", **options: object) -> CloneResult:
    request = VoiceRequest(source=recordings, name="Ann", language=language, options=options)
    return clone_voice(request, tools)


def test_words_are_not_judged_where_the_sentences_are_in_another_language(
    tools: CloneTools, recordings: Path
) -> None:
    capabilities = dataclasses.replace(TONE_ENGINE.capabilities, languages=("fa",))
    with EngineClient(dataclasses.replace(TONE_ENGINE, capabilities=capabilities)) as persian:
        evaluation = clone(dataclasses.replace(tools, engine=persian), recordings, "fa").evaluation

    assert evaluation is not None
    assert tools.measurer.supports_recognition("fa")
    assert evaluation.clarity is None
    assert evaluation.recogniser is None
    assert "no test sentences in the language 'fa'" in evaluation.reasons[0]


def test_the_audio_that_was_judged_is_kept_with_the_voice(tools: CloneTools, recordings: Path) -> None:
    voice = clone(tools, recordings).voice

    spoken = tools.voices.spoken(voice)
    assert voice.evaluation is not None
    judged = voice.evaluation["sentences"]
    assert spoken.names() == [sentence["audio"] for sentence in judged]
    seconds = [soundfile.info(io.BytesIO(spoken.read(name))).duration for name in spoken.names()]
    assert seconds == pytest.approx([sentence["duration_s"] for sentence in judged], abs=0.001)


def test_a_second_voice_of_the_same_recordings_is_judged_by_its_own_speech(
    tools: CloneTools, recordings: Path, tmp_path: Path
) -> None:
    first = clone(tools, recordings).voice
    second = clone(tools, recordings, seed=5000).voice  # 50 Hz higher

    low, high = (
        [soundfile.read(path)[0] for path in tools.voices.spoken(voice).unpack(tmp_path / str(voice.id))]
        for voice in (first, second)
    )
    assert len(low) == len(high) == 8
    assert not any(np.array_equal(one, other) for one, other in zip(low, high, strict=True))


def test_an_audio_that_nobody_judged_is_not_kept(
    tools: CloneTools, recordings: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise JudgeMissing("The judge is not installed.")

    monkeypatch.setattr(tools.measurer, "speaker_embedding_of_all", fail)
    voice = clone(tools, recordings).voice

    assert voice.evaluation is None
    assert tools.voices.spoken(voice).names() == []


def test_judging_again_replaces_the_audio(tools: CloneTools, recordings: Path, tmp_path: Path) -> None:
    voice = clone(tools, recordings).voice
    (tmp_path / "another.flac").write_bytes(b"of an earlier evaluation")
    tools.voices.save_evaluation(voice.id, {"overall": 0.1}, [tmp_path / "another.flac"])

    judged = judge_again(voice, tools.engine, tools.measurer, tools.voices, folder=tmp_path)

    assert judged.spoken_digest == voice.spoken_digest
    assert len(tools.voices.spoken(judged).names()) == 8
