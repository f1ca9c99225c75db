"""What is said of a voice that was judged: by which sentences, and which audio was heard."""

from __future__ import annotations

import dataclasses
import io
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import soundfile

from voicewright.audio.decode import read_mono
from voicewright.audio.encode import write_audio
from voicewright.engines.client import EngineClient
from voicewright.engines.testing import TONE_ENGINE
from voicewright.provenance.manifests import read_manifest
from voicewright.provenance.service import ProvenanceService
from voicewright.quality.errors import JudgeMissing
from voicewright.quality.evaluation import Evaluation
from voicewright.storage.user_keys import KeyRing
from voicewright.training.clone import CloneResult, CloneTools, clone_voice
from voicewright.training.judging import judge_again
from voicewright.training.making import VoiceRequest
from voicewright.training.marking import mark_spoken

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from voicewright.db.server import Database
    from voicewright.settings import Settings


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


def test_each_file_is_marked_and_signed_and_the_evaluation_says_so(
    sample_recordings: Path, settings: Settings, database: Database, tmp_path: Path
) -> None:
    names = ("sample-01.flac", "sample-02.flac")
    for name in names:
        write_audio(tmp_path / name, [read_mono(sample_recordings / name, 22_050)], 22_050, "flac")
    sentences = tuple({"text": "Words.", "audio": name} for name in names)
    evaluation = Evaluation(0.9, 0.9, None, 0.9, 0.9, {}, (), sentences, "en-us", None)
    spoken = tuple(tmp_path / name for name in names)
    keys = KeyRing.open(settings, database)
    with ProvenanceService(settings, database, keys) as provenance:
        told, marked = mark_spoken(evaluation, spoken, provenance, TONE_ENGINE)
        assert marked == spoken
        assert [one["watermark"] for one in told.sentences] == ["perth"] * 2
        found = read_manifest(marked[0], "flac", provenance.certificates.anchors_pem())
    assert (found.state, found.says_generated, found.speech["engine"]) == ("trusted", True, "tone")

    required = settings.model_copy(update={"watermark": "required"})
    with ProvenanceService(required, database, keys) as provenance:
        provenance.marker.close()  # from now on nothing can be marked
        assert mark_spoken(evaluation, spoken, provenance, TONE_ENGINE) == (evaluation, ())
    assert not any((tmp_path / name).exists() for name in names)


@pytest.mark.slow
def test_what_was_judged_is_kept_marked_or_not_at_all(  # noqa: PLR0917 - fixtures
    tools: CloneTools,
    recordings: Path,
    settings: Settings,
    database: Database,
    judges: Any,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    heard: dict[str, bytes] = {}

    def hear(paths: Sequence[Path], *arguments: object, **more: object) -> Any:
        heard.update({path.name: path.read_bytes() for path in paths})
        return dnsmos(paths, *arguments, **more)

    dnsmos = judges.dnsmos
    monkeypatch.setattr(judges, "dnsmos", hear)
    keys = KeyRing.open(settings, database)
    with ProvenanceService(settings, database, keys) as provenance:
        voice = clone(dataclasses.replace(tools, provenance=provenance), recordings).voice
        anchors = provenance.certificates.anchors_pem()
    assert voice.evaluation is not None
    sentences = voice.evaluation["sentences"]
    assert {(one["watermark"], one["signed"]) for one in sentences} == {("perth", True)}
    for path in tools.voices.spoken(voice).unpack(tmp_path / "kept"):
        manifest = read_manifest(path, "flac", anchors)
        assert (manifest.state, manifest.says_generated) == ("trusted", True)
        assert manifest.speech.keys() == {"instance_id", "engine"}
        kept, bare = soundfile.read(path)[0], soundfile.read(io.BytesIO(heard[path.name]))[0]
        assert len(kept) == len(bare)
        assert 0 < np.abs(kept - bare).max() < 0.3  # the judges heard it before

    required = settings.model_copy(update={"watermark": "required"})
    with ProvenanceService(required, database, keys) as provenance:
        provenance.marker.close()  # from now on nothing can be marked
        judged = judge_again(
            voice, tools.engine, tools.measurer, tools.voices, folder=tmp_path, provenance=provenance
        )
    assert judged.evaluation is not None
    assert "watermark" not in judged.evaluation["sentences"][0]
    assert tools.voices.spoken(judged).names() == []
