"""The whole training in this process: what comes out, again, after a break, stopped, and of odd clips."""

from __future__ import annotations

import dataclasses
import time
from typing import TYPE_CHECKING

import numpy as np
import pytest
import soundfile
import torch

from voicewright.engines.errors import (
    ArtefactInvalid,
    Cancelled,
    EngineError,
    LanguageUnsupported,
    TextUnspeakable,
    TooLittleSpeech,
)
from voicewright.engines.port import Rehearsal, SynthesisRequest, TrainingClip, TrainingRequest
from voicewright.plugins.builtin import engine as engine_module
from voicewright.plugins.builtin import fitting, training
from voicewright.plugins.builtin.engine import BuiltinEngine

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

RATE_HZ = 22_050


class Recorder:
    """A run context that notes what it is told, and cancels once a stage has come so far."""

    def __init__(self, cancel_at: float = 2.0) -> None:
        self.stages: list[tuple[str, float]] = []
        self.metrics: list[tuple[str, float, int]] = []
        self.spoken: list[tuple[Path, str, int]] = []
        self._cancel_at = cancel_at
        self.asked_at = [time.monotonic()]

    def progress(self, stage: str, fraction: float) -> None:
        self.stages.append((stage, fraction))

    def metric(self, name: str, value: float, *, step: int) -> None:
        self.metrics.append((name, value, step))

    def log(self, message: str) -> None:
        pass

    def spoke(self, path: Path, text: str, *, step: int) -> None:
        self.spoken.append((path, text, step))

    def check_cancelled(self) -> None:
        self.asked_at.append(time.monotonic())
        if self.stages and self.stages[-1][1] >= self._cancel_at:
            raise Cancelled("enough")


@pytest.fixture(scope="module", autouse=True)
def _one_thread() -> Iterator[None]:
    """Two spinning threads of one process starve each other on a busy machine."""
    patch = pytest.MonkeyPatch()
    patch.setattr(training, "THREADS", 1)
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)
    patch.undo()


def _train(  # noqa: PLR0917 - what a training needs
    directory: Path,
    clips: tuple[TrainingClip, ...],
    context=None,
    checkpoint_dir=None,
    language="en-us",
    rehearsal=None,
    **options,
):
    artefact_dir = directory / "artefact"
    artefact_dir.mkdir(parents=True)
    request = TrainingRequest(
        clips, language, {"epochs": 2} | options, artefact_dir, checkpoint_dir, rehearsal=rehearsal
    )
    return BuiltinEngine().train(request, context or Recorder()), artefact_dir


def _files(directory: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in directory.iterdir()}


def _speak(engine: BuiltinEngine, voice_dir: Path, text: str = "A short test.", **request) -> np.ndarray:
    chunks = list(engine.synthesize(SynthesisRequest(voice_dir, text, **request), Recorder()))
    return np.frombuffer(b"".join(chunk.pcm for chunk in chunks), "<i2")


@pytest.fixture(scope="module")
def voice(clips, tmp_path_factory):
    context = Recorder()
    outcome, artefact_dir = _train(tmp_path_factory.mktemp("voice"), clips, context)
    return outcome, artefact_dir, context


def test_training_says_what_it_did(voice, clips):
    outcome, artefact_dir, context = voice
    assert outcome.speech_s == pytest.approx(sum(soundfile.info(c.path).duration for c in clips), abs=0.1)
    assert (outcome.stopped, outcome.epochs, outcome.resumed, outcome.notes) == ("finished", 2, False, ())
    assert outcome.metrics["training_loss"] > 0
    fractions = [fraction for _, fraction in context.stages]
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1.0
    stages = list(dict.fromkeys(stage for stage, _ in context.stages))
    assert stages == ["reading", "aligning", "analysing", "learning", "tuning", "saving"]
    assert sum(len(content) for content in _files(artefact_dir).values()) < 10_000_000


def test_same_training_makes_the_same_files_also_where_it_speaks_on_the_way(voice, clips, tmp_path):
    context, rehearsal = Recorder(), Rehearsal("A short test.", tmp_path)
    _, again = _train(tmp_path, clips, context, rehearsal=rehearsal)
    assert _files(again) == _files(voice[1])
    assert [(text, step) for _, text, step in context.spoken] == [("A short test.", 1), ("A short test.", 2)]
    first, second = (soundfile.read(path)[0] for path, _, _ in context.spoken)
    assert len(first) > RATE_HZ / 2
    assert abs(first).max() == pytest.approx(0.7, abs=0.01)
    assert not np.array_equal(first, second)


def test_training_goes_on_after_a_break_as_if_there_had_been_none(voice, clips, tmp_path, monkeypatch):
    monkeypatch.setattr(fitting, "CHECKPOINT_EVERY_S", -1.0)
    checkpoint_dir = tmp_path / "checkpoint"
    with pytest.raises(Cancelled):  # in the second of two epochs, of which the first was kept
        _train(tmp_path / "broken", clips, Recorder(cancel_at=0.2 + 0.72 * 0.55), checkpoint_dir)
    assert not any((tmp_path / "broken" / "artefact").iterdir())
    context = Recorder()
    outcome, artefact_dir = _train(tmp_path / "resumed", clips, context, checkpoint_dir)
    assert outcome.resumed
    assert [step for name, _, step in context.metrics if name == "training_loss"] == [2]
    assert _files(artefact_dir) == _files(voice[1])


@pytest.mark.slow
def test_checkpoint_of_other_recordings_is_not_used(clips, tmp_path):
    _train(tmp_path / "one", clips, checkpoint_dir=tmp_path / "checkpoint")
    other = (dataclasses.replace(clips[0], weight=0.5), *clips[1:])
    assert not _train(tmp_path / "two", other, checkpoint_dir=tmp_path / "checkpoint")[0].resumed


@pytest.mark.parametrize("cancel_at", [0.001, 0.03, 0.11, 0.13, 0.19, 0.25, 0.93, 0.96])
def test_every_stage_can_be_stopped_and_leaves_nothing(clips, tmp_path, cancel_at):
    with pytest.raises(Cancelled):
        _train(tmp_path, clips, Recorder(cancel_at))
    assert not any((tmp_path / "artefact").iterdir())


def test_stopping_is_asked_about_often(voice):
    pauses_s = np.diff(voice[2].asked_at)
    # of the whole, so that a busy machine makes no difference
    assert np.percentile(pauses_s, 95) < 0.1 * pauses_s.sum()
    assert len(pauses_s) > 50


@pytest.mark.slow
def test_early_stopping_and_time_limits_are_honoured(clips, tmp_path):
    options = {"epochs": 200, "learning_rate": 0.05, "early_stopping_patience": 1, "validation_split": 0.2}
    outcome, _ = _train(tmp_path / "early", clips, **options)
    assert outcome.stopped == "early_stopping"
    assert outcome.epochs < 200
    outcome, voice_dir = _train(tmp_path / "late", clips, epochs=1000, max_time_s=1.0)
    assert outcome.stopped == "max_time"
    assert _speak(BuiltinEngine(), voice_dir).any()


@pytest.mark.slow
def test_one_clip_is_enough_when_it_is_long(clips, tmp_path):
    waves = [soundfile.read(clip.path, dtype="int16")[0] for clip in clips]
    path = tmp_path / "all.wav"
    soundfile.write(path, np.concatenate(waves), RATE_HZ)
    text = " ".join(str(clip.text) for clip in clips)
    outcome, voice_dir = _train(tmp_path, (TrainingClip(path, text),), early_stopping_patience=1, epochs=1)
    assert "one recording" in " ".join(outcome.notes)
    assert _speak(BuiltinEngine(), voice_dir).any()


def test_clips_that_can_not_be_used_are_named_and_left_out(clips, tmp_path):
    soundfile.write(tmp_path / "long.wav", np.zeros(RATE_HZ // 2, np.int16), RATE_HZ)
    odd = (
        TrainingClip(clips[0].path, None),
        TrainingClip(clips[0].path, "..."),
        TrainingClip(tmp_path / "long.wav", "far too many words for half a second of sound " * 4),
        TrainingClip(clips[0].path, clips[0].text, weight=0.0),
    )
    outcome, _ = _train(tmp_path, (*clips, *odd), epochs=1)
    notes = " ".join(outcome.notes)
    assert "2 clips" in notes
    assert "nothing in its text" in notes
    assert "long.wav" in notes


def test_sounds_will_do_where_nobody_knows_the_words(clips, tmp_path):
    phones = ("ð", "ʌ", "|", *("b", "ɜː", "tʃ", "k", "ʌ", "n", "uː", "s", "l", "ɪ", "d", "ɑː", "n") * 3)
    heard = tuple(dataclasses.replace(clip, text=None, phones=phones) for clip in clips)
    outcome, voice_dir = _train(tmp_path, heard, language="de", epochs=1)
    assert not any("text" in note for note in outcome.notes if "does not seem" not in note)
    assert _speak(BuiltinEngine(), voice_dir, "Ein kurzer Satz über schöne Züge.").any()


def test_a_voice_in_another_language_speaks_it_and_others(clips, tmp_path):
    texts = ["Der alte Fischer schob sein Boot ins Wasser, bevor die Sonne aufging und es warm wurde."] * 5
    german = tuple(dataclasses.replace(c, text=t) for c, t in zip(clips, texts, strict=True))
    _, voice_dir = _train(tmp_path, german, language="de", epochs=1)
    engine = BuiltinEngine()
    native = _speak(engine, voice_dir, "Schöne Züge.")
    assert native.any()
    np.testing.assert_array_equal(native, _speak(engine, voice_dir, "Schöne Züge.", language="de"))
    assert _speak(engine, voice_dir, "Nice trains.", language="en-us").any()


def test_clip_with_somebody_elses_text_is_told(sample_recordings, write_clips, tmp_path):
    clips = write_clips(sample_recordings, tmp_path / "wav", 8)
    wrong = dataclasses.replace(clips[3], text=clips[6].text)
    outcome, _ = _train(tmp_path, (*clips[:3], wrong, *clips[4:]), epochs=1)
    assert [clips[3].path.name in note for note in outcome.notes] == [True]


def test_texts_with_digits_emoji_and_other_scripts_are_learnt_from(clips, tmp_path):
    texts = [f"12:30 {clips[0].text}", f"\U0001f600 {clips[1].text}", f"{clips[2].text} \u043c\u0438\u0440"]
    odd = tuple(TrainingClip(c.path, t) for c, t in zip(clips, texts, strict=False))
    outcome, _ = _train(tmp_path, (*odd, *clips[3:]), epochs=1)
    assert outcome.epochs == 1


def test_refusals_say_what_is_needed(clips, tmp_path):
    with pytest.raises(TooLittleSpeech, match="10 s"):
        _train(tmp_path / "1", clips[:1])
    with pytest.raises(EngineError, match=r"metadata\.csv"):
        _train(tmp_path / "2", tuple(TrainingClip(c.path) for c in clips))
    with pytest.raises(LanguageUnsupported, match="tlh"):
        BuiltinEngine().train(TrainingRequest(clips, "tlh", {}, tmp_path), Recorder())
    (tmp_path / "broken.wav").write_bytes(b"RIFF but no more")
    with pytest.raises(EngineError, match=r"broken\.wav"):
        _train(tmp_path / "3", (*clips, TrainingClip(tmp_path / "broken.wav", "a")))
    soundfile.write(tmp_path / "other.wav", np.zeros((8000, 2), np.int16), 8000)
    with pytest.raises(EngineError, match=r"other\.wav"):
        _train(tmp_path / "4", (*clips, TrainingClip(tmp_path / "other.wav", "a")))
    soundfile.write(tmp_path / "silent.wav", np.zeros(30 * RATE_HZ, np.int16), RATE_HZ)
    text = "Nothing is to be heard here, however long one listens, and nobody knows why. " * 5
    with pytest.raises(EngineError, match="no voice"):
        _train(tmp_path / "5", (TrainingClip(tmp_path / "silent.wav", text),))


@pytest.mark.parametrize(
    "text",
    [
        "1984 and 3.5%",
        "\U0001f600!",
        "\u043f\u0440\u0438\u0432\u0435\u0442",
        "[[hello]] <b>x</b>",
        "x\0y\x01z",
        "b" * 300,
    ],
)
def test_odd_texts_are_spoken(voice, text):
    assert np.abs(_speak(BuiltinEngine(), voice[1], text)).max() > 300


@pytest.mark.parametrize("text", ["", " \n", "...", "?! --", "\0"])
def test_texts_without_words_are_refused(voice, text):
    with pytest.raises(TextUnspeakable):
        _speak(BuiltinEngine(), voice[1], text)


def test_other_languages_are_spoken(voice):
    engine = BuiltinEngine()
    for language, text in (("de", "Guten Morgen."), ("zh", "\u4f60\u597d\u3002"), ("fr-fr", "Bonjour.")):
        assert np.abs(_speak(engine, voice[1], text, language=language)).max() > 300
    with pytest.raises(LanguageUnsupported, match="tlh"):
        _speak(engine, voice[1], language="tlh")


def test_same_request_is_spoken_the_same_whatever_came_before(voice):
    engine = BuiltinEngine()
    first = _speak(engine, voice[1])
    _speak(engine, voice[1], "Something quite different, in between.", seed=7)
    np.testing.assert_array_equal(_speak(engine, voice[1]), first)
    np.testing.assert_array_equal(_speak(BuiltinEngine(), voice[1]), first)


def test_slow_is_longer_than_fast(voice):
    engine = BuiltinEngine()
    lengths = [len(_speak(engine, voice[1], speed=speed)) for speed in (0.25, 0.5, 1.0, 2.0, 4.0)]
    assert lengths == sorted(lengths, reverse=True)
    assert len(set(lengths)) == len(lengths)


def test_speech_is_never_clipped(voice):
    assert (
        np.abs(_speak(BuiltinEngine(), voice[1], "Never has this been so loud.").astype(int)).max()
        < 0.91 * 32768
    )


def test_recently_used_voices_stay_loaded_and_others_make_room(voice, tmp_path, monkeypatch):
    monkeypatch.setattr(engine_module, "VOICES_KEPT", 2)
    engine = BuiltinEngine()
    places = [_copy(voice[1], tmp_path / str(number)) for number in range(3)]
    engine.load(places[0])
    engine.load(places[1])
    engine.load(places[0])
    engine.load(places[2])  # 1 was used longest ago
    for place in places:
        for file in place.iterdir():
            file.unlink()
    assert _speak(engine, places[0]).any()
    assert _speak(engine, places[2]).any()
    with pytest.raises(ArtefactInvalid):
        engine.load(places[1])


def _copy(source: Path, target: Path) -> Path:
    target.mkdir()
    for name, content in _files(source).items():
        (target / name).write_bytes(content)
    return target
