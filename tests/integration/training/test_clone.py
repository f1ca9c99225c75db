from __future__ import annotations

import dataclasses
import hashlib
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from voicewright.engines.errors import Cancelled, EngineError, HostDied, OptionsInvalid, TooLittleSpeech
from voicewright.errors import AppError
from voicewright.quality.errors import JudgeMissing
from voicewright.storage.errors import StorageFull
from voicewright.storage.pending import pending
from voicewright.storage.work import work_slot
from voicewright.training.clone import CloneTools, clone_voice
from voicewright.training.errors import EngineCannotLearn, NothingHeldOut
from voicewright.training.judging import judge_again
from voicewright.training.making import VoiceRequest
from voicewright.voices.errors import VoiceNameInvalid
from voicewright.voices.schemas import LOCAL_USER_ID

if TYPE_CHECKING:
    from voicewright.training.progress import Progress
    from voicewright.voices.models import VoiceModel


def request(recordings: Path, name: str = "Ann", **options: object) -> VoiceRequest:
    return VoiceRequest(source=recordings, name=name, language="en", options=options)


def left_over(tools: CloneTools) -> list[str]:
    return [path.name for path in tools.work_dir.iterdir() if not path.name.startswith(".")]


def assert_nothing_happened(tools: CloneTools) -> None:
    assert tools.voices.list_voices() == []
    assert left_over(tools) == []


def test_makes_judges_and_registers_a_voice(tools: CloneTools, recordings: Path) -> None:
    told: list[Progress] = []

    result = clone_voice(request(recordings), tools, on_progress=told.append)

    voice = tools.voices.get("Ann")
    assert voice.id == result.voice.id
    assert (voice.engine, voice.language, voice.version) == ("tone", "en-us", 1)
    assert voice.evaluation is not None
    assert voice.evaluation["raw"]["speaker_cosine"] == pytest.approx(1.0)
    assert result.outcome.epochs == 4
    assert any("recognised" in note for note in result.notes)
    fractions = [one.fraction for one in told]
    assert fractions == sorted(fractions)
    assert fractions[-1] == pytest.approx(1.0)
    assert left_over(tools) == []


def test_clears_away_what_a_failed_registration_left(tools: CloneTools, recordings: Path) -> None:
    blobs = tools.voices.vault.of(LOCAL_USER_ID)
    digest = hashlib.sha256(b"half a voice").hexdigest()
    with pending(blobs, [digest]):
        note = next(blobs.notes_dir.iterdir()).name
        blobs.put_bytes(b"half a voice")
    (blobs.notes_dir / note).write_text(digest)  # as if its writer had been killed

    clone_voice(request(recordings), tools)

    assert not blobs.has(digest)


def test_who_waits_for_another_training_is_told_and_can_stop_waiting(
    tools: CloneTools, recordings: Path
) -> None:
    cancel = threading.Event()

    with work_slot(tools.work_dir, slots=1), pytest.raises(Cancelled, match="waited for another training"):
        clone_voice(request(recordings), tools, on_wait=cancel.set, cancel=cancel)

    assert_nothing_happened(tools)


def test_tells_as_soon_as_the_voice_is_there(tools: CloneTools, recordings: Path) -> None:
    def stop(voice: VoiceModel) -> None:
        assert tools.voices.get("Ann").id == voice.id
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        clone_voice(request(recordings), tools, on_registered=stop)


def test_the_judges_never_hear_a_training_clip_as_reference(tools: CloneTools, recordings: Path) -> None:
    result = clone_voice(request(recordings), tools)

    references = tools.voices.references(result.voice)
    held_out_s = sum(clip.speech_s for clip in result.intake.accepted) - result.outcome.speech_s
    assert len(references.names()) == 1
    assert held_out_s > 0
    engine_heard = result.outcome.speech_s
    assert engine_heard < result.intake.speech_s


def test_judges_again_from_what_was_kept(tools: CloneTools, recordings: Path, tmp_path: Path) -> None:
    voice = clone_voice(request(recordings), tools).voice
    tools.voices.save_evaluation(voice.id, {"overall": 0.1})

    judged = judge_again(voice, tools.engine, tools.measurer, tools.voices, folder=tmp_path)

    assert judged.evaluation == voice.evaluation


def test_a_voice_without_references_can_not_be_judged(
    tools: CloneTools, recordings: Path, tmp_path: Path
) -> None:
    for name in ("sample-02", "sample-03", "sample-04", "sample-05"):
        (recordings / f"{name}.flac").unlink()
    result = clone_voice(request(recordings), tools)

    assert result.evaluation is None
    assert any("nothing was left to judge" in note for note in result.notes)
    with pytest.raises(NothingHeldOut, match="Ann, version 1"):
        judge_again(result.voice, tools.engine, tools.measurer, tools.voices, folder=tmp_path)


@pytest.mark.parametrize(
    ("fault", "error"),
    [("refuse", EngineError), ("fail", AppError), ("die", HostDied), ("no_artefact", AppError)],
)
def test_a_training_that_fails_leaves_nothing(
    tools: CloneTools, recordings: Path, fault: str, error: type[AppError]
) -> None:
    with pytest.raises(error):
        clone_voice(request(recordings, training_fault=fault), tools)

    assert_nothing_happened(tools)


def test_cancelling_leaves_nothing(tools: CloneTools, recordings: Path) -> None:
    cancel = threading.Event()

    def stop_in_training(progress: Progress) -> None:
        if progress.stage == "training":
            threading.Timer(0.2, cancel.set).start()

    with pytest.raises(Cancelled):
        clone_voice(
            request(recordings, training_fault="endless"), tools, on_progress=stop_in_training, cancel=cancel
        )

    assert_nothing_happened(tools)


def test_cancelling_works_while_the_recordings_are_read(tools: CloneTools, recordings: Path) -> None:
    cancel = threading.Event()
    cancel.set()

    with pytest.raises(AppError) as caught:
        clone_voice(request(recordings), tools, cancel=cancel)

    assert caught.value.kind == "cancelled"
    assert_nothing_happened(tools)


def test_a_judge_that_fails_does_not_cost_the_voice(
    tools: CloneTools, recordings: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise JudgeMissing("The judge is not installed.")

    monkeypatch.setattr(tools.measurer, "speaker_embedding_of_all", fail)

    result = clone_voice(request(recordings), tools)

    assert result.evaluation is None
    assert any("could not be evaluated: The judge is not installed." in note for note in result.notes)
    assert tools.voices.get("Ann").evaluation is None


def test_a_full_disk_is_told_before_any_work(tools: CloneTools, recordings: Path) -> None:
    with pytest.raises(StorageFull, match="Training Ann"):
        clone_voice(request(recordings), dataclasses.replace(tools, reserve_mb=1 << 40))

    assert_nothing_happened(tools)


@pytest.mark.parametrize(
    ("wanted", "error"),
    [
        ({"name": "\n"}, VoiceNameInvalid),
        ({"options": {"epochs": 0}}, OptionsInvalid),
        ({"language": "tlh"}, AppError),
    ],
)
def test_what_can_not_be_done_is_refused_before_any_work(
    tools: CloneTools, recordings: Path, wanted: dict[str, object], error: type[AppError]
) -> None:
    with pytest.raises(error):
        clone_voice(dataclasses.replace(request(recordings), **wanted), tools)

    assert tools.engine.pid is None
    assert_nothing_happened(tools)


def test_an_engine_with_voices_of_its_own_learns_no_other(tools: CloneTools, recordings: Path) -> None:
    stock = dataclasses.replace(tools.engine.info.capabilities, clones=False, trains=False)
    tools.engine.info = dataclasses.replace(tools.engine.info, capabilities=stock)

    with pytest.raises(EngineCannotLearn, match="has voices of its own"):
        clone_voice(request(recordings), tools)

    assert tools.engine.pid is None
    assert_nothing_happened(tools)


def test_too_little_speech_is_refused_with_the_amounts(tools: CloneTools, recordings: Path) -> None:
    needy = dataclasses.replace(tools.engine.info.capabilities, minimum_speech_s=600.0)
    tools.engine.info = dataclasses.replace(tools.engine.info, capabilities=needy)

    with pytest.raises(TooLittleSpeech, match="needs at least 600 s"):
        clone_voice(request(recordings), tools)

    assert_nothing_happened(tools)
