"""XTTS-v2 in its own process: what is kept, resumed, left out and refused, with small networks."""

from __future__ import annotations

import dataclasses
import json
import os
import shutil
import signal
import subprocess
import threading
from typing import TYPE_CHECKING

import pytest

from voicewright.engines.errors import (
    ArtefactInvalid,
    Cancelled,
    EngineOutOfMemory,
    GpuUnavailable,
    HostDied,
    TextUnspeakable,
    TooLittleSpeech,
    WeightsDamaged,
    WeightsMissing,
)
from voicewright.engines.host.events import LogLine, Metric, Progress
from voicewright.engines.port import SynthesisRequest, TrainingRequest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from voicewright.engines.client import EngineClient
    from voicewright.engines.port import TrainingOutcome

pytestmark = [pytest.mark.slow, pytest.mark.environment, pytest.mark.xdist_group("xtts")]

QUICK = {"epochs": 1, "allow_cpu": True, "batch_size": 16}


@pytest.fixture(scope="module")
def engine(make_client: Callable[..., EngineClient], weights: Path) -> Iterator[EngineClient]:
    with make_client(weights) as client:
        client.start()
        yield client


@pytest.fixture(scope="module")
def cloned(engine: EngineClient, clips, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("cloned")
    outcome = engine.clone(TrainingRequest(clips[:4], "en", {}, folder))
    assert outcome.speech_s == 10.0
    return folder


def request(clips, folder: Path, checkpoint_dir: Path | None = None, **options: object) -> TrainingRequest:
    folder.mkdir(parents=True)
    return TrainingRequest(tuple(clips), "en", {**QUICK, **options}, folder, checkpoint_dir)


def say(engine: EngineClient, voice: Path, text: str = "A boat.", **how: object) -> bytes:
    return b"".join(chunk.pcm for chunk in engine.synthesize(SynthesisRequest(voice, text, **how)))


def test_cloned_voice_is_small_and_says_the_same_with_the_same_seed(engine, cloned) -> None:
    assert {path.name for path in cloned.iterdir()} == {"voice.safetensors", "voice.json"}
    assert sum(path.stat().st_size for path in cloned.iterdir()) < 20_000
    assert say(engine, cloned, seed=1) == say(engine, cloned, seed=1)
    assert say(engine, cloned, seed=1) != say(engine, cloned, seed=2)


def test_too_little_to_clone_is_refused_with_what_is_needed(engine, clips, tmp_path) -> None:
    with pytest.raises(TooLittleSpeech, match=r"5\.0 s.*6 s"):
        engine.clone(TrainingRequest(clips[:2], "en", {}, tmp_path / "voice"))


def test_texts_of_other_languages_and_without_letters(engine, cloned) -> None:
    told: list[str] = []

    def hear(event: object) -> None:
        if isinstance(event, LogLine) and "left out" in event.text:
            told.append(event.text)

    def said(text: str, language: str | None = None) -> bytes:
        request = SynthesisRequest(cloned, text, language=language)
        return b"".join(chunk.pcm for chunk in engine.synthesize(request, hear))

    assert said("Schöne Züge.", "de")
    assert told == []
    assert said("Room 12 \N{GRINNING FACE} and \N{SNOWMAN}, \N{SNOWMAN}!")
    for text in ("\N{GRINNING FACE}", "\u0442\u043e\u0442"):
        with pytest.raises(TextUnspeakable):
            said(text)
    start = "left out, as XTTS-v2 does not know them:"
    assert told == [f"{start} \N{GRINNING FACE} \N{SNOWMAN}", f"{start} \u0442 \u043e"]


def train_with_a_kill(
    engine: EngineClient, clips, folder: Path, **options: object
) -> tuple[TrainingOutcome, list[int]]:
    """Kill a training in its third epoch, and begin it again: how that ended, and the epochs it told of."""
    options = {"epochs": 4, "checkpoint_every_s": 0, "validation_split": 0.2, **options}
    seen: list[int] = []

    def kill_in_the_third_epoch(event: object) -> None:
        if isinstance(event, Metric) and event.name == "validation_loss":
            seen.append(event.step)
            if event.step == 2:
                seen.append(-1)
        elif isinstance(event, Progress) and seen[-1:] == [-1]:
            os.kill(engine.pid, signal.SIGKILL)

    with pytest.raises(HostDied):
        engine.train(
            request(clips, folder / "broken", folder / "checkpoints", **options), kill_in_the_third_epoch
        )
    # as a kill in the middle of the next one would leave it
    [kept] = (folder / "checkpoints").glob("run-*/checkpoint_*.pth")
    kept.with_name("checkpoint_9999.pth").write_bytes(kept.read_bytes()[:1000])

    again = request(clips, folder / "again", folder / "checkpoints", **options)
    seen.clear()
    outcome = engine.train(again, lambda e: seen.append(e.step) if isinstance(e, Metric) else None)
    return outcome, sorted(set(seen))


def test_training_goes_on_after_its_process_was_killed(engine, clips, tmp_path) -> None:
    outcome, seen = train_with_a_kill(engine, clips, tmp_path)
    assert (outcome.resumed, outcome.epochs, seen) == (True, 4, [3, 4])
    assert say(engine, tmp_path / "again")

    other = request(clips[:-1], tmp_path / "other", tmp_path / "checkpoints", validation_split=0.2)
    assert not engine.train(other).resumed


@pytest.mark.gpu
def test_a_gpu_trains_goes_on_after_a_kill_and_speaks(python, engine, clips, tmp_path) -> None:
    ask = [python, "-c", "import torch; print(torch.cuda.is_available())"]
    if subprocess.run(ask, capture_output=True, text=True, check=False).stdout.strip() != "True":
        pytest.skip("there is no GPU that the engine's torch can use")
    outcome, seen = train_with_a_kill(engine, clips, tmp_path, allow_cpu=False)
    assert (outcome.resumed, outcome.epochs, seen) == (True, 4, [3, 4])
    said = SynthesisRequest(tmp_path / "again", "The boat went slowly past the bridge. " * 4)
    assert len([chunk for chunk in engine.synthesize(said) if chunk.pcm]) > 1


def test_training_stops_early_and_keeps_the_best_three(engine, clips, tmp_path) -> None:
    # so small a step changes nothing that a loss of 32 bits could show
    options = {"epochs": 50, "early_stopping_patience": 2, "learning_rate": 1e-12, "checkpoint_every_s": 0}
    outcome = engine.train(request(clips, tmp_path / "voice", tmp_path / "checkpoints", **options))
    assert outcome.stopped == "early_stopping"
    assert outcome.epochs < 50
    assert 1 <= len(list((tmp_path / "checkpoints" / "best").iterdir())) <= 4
    assert -1 <= outcome.metrics["similarity"] <= 1
    assert 1 <= outcome.metrics["best_epoch"] <= outcome.epochs


def test_what_is_left_out_is_named(engine, clips, write_clip, tmp_path) -> None:
    odd = (
        write_clip(tmp_path / "short.wav", 0.3),
        write_clip(tmp_path / "snowman.wav", 2.5, "the \N{SNOWMAN} went by."),
        write_clip(tmp_path / "wordy.wav", 2.5, "so many words " * 40),
        write_clip(tmp_path / "silent.wav", 2.5, "..."),
        write_clip(tmp_path / "endless.wav", 14.0, "no pause is in it"),
    )
    outcome = engine.train(request((*clips, *odd), tmp_path / "voice", fp16=False))
    for name, why in {
        "short.wav": "shorter than 0.5 s",
        "snowman.wav": "does not know",
        "wordy.wav": "longer than 200 tokens",
        "silent.wav": "nothing in their text",
        "endless.wav": "longer than 11.6 s",
    }.items():
        assert any(name in note and why in note for note in outcome.notes), outcome.notes
    assert outcome.speech_s == pytest.approx(62.5)

    mostly = [dataclasses.replace(clip, text="\N{SNOWMAN}" + str(clip.text)) for clip in clips]
    with pytest.raises(TooLittleSpeech, match=r"0\.0 s.*60 s.*25 clips"):
        engine.train(request(mostly, tmp_path / "none"))


def test_training_without_a_gpu_has_to_be_asked_for(engine, clips, tmp_path) -> None:
    with pytest.raises(GpuUnavailable, match="allow_cpu"):
        engine.train(request(clips, tmp_path / "voice", allow_cpu=False))


def test_lack_of_memory_is_told_and_leaves_nothing(make_client, weights, clips, tmp_path) -> None:
    starved = request(clips, tmp_path / "voice", batch_size=64)
    with make_client(weights, "StarvedXtts") as client, pytest.raises(EngineOutOfMemory):
        client.train(starved)
    assert not any((tmp_path / "voice").iterdir())


def test_speech_that_is_not_wanted_any_more_stops(engine, cloned) -> None:
    cancel = threading.Event()
    stream = engine.synthesize(SynthesisRequest(cloned, "The boat went by. " * 30), cancel=cancel)
    host = engine.pid
    next(stream)
    cancel.set()
    with pytest.raises(Cancelled):
        list(stream)
    assert engine.pid == host


def test_weights_that_are_missing_damaged_or_others_are_named(
    make_client, weights, clips, cloned, tmp_path
) -> None:
    folder = tmp_path / "weights"
    shutil.copytree(weights, folder)

    def clone(name: str) -> None:
        client.clone(TrainingRequest(clips[:4], "en", {}, tmp_path / name))

    def train(name: str) -> None:
        client.train(request(clips, tmp_path / name))

    with make_client(folder) as client:
        for name, use in {
            "config.json": clone,
            "vocab.json": clone,
            "model.pth": clone,
            "dvae.pth": train,
            "mel_stats.pth": train,
        }.items():
            content = (folder / name).read_bytes()
            (folder / name).write_bytes(content[: len(content) // 2])
            with pytest.raises(WeightsDamaged, match=name):
                use(f"damaged {name}")
            (folder / name).unlink()
            with pytest.raises(WeightsMissing, match=name):
                use(f"missing {name}")
            (folder / name).write_bytes(content)

        # those that only training needs are not missed elsewhere
        (folder / "dvae.pth").unlink()
        clone("cloned")

        config = json.loads((folder / "config.json").read_text("utf-8"))
        (folder / "config.json").write_text(json.dumps({**config, "temperature": 0.5}), "utf-8")
        with pytest.raises(ArtefactInvalid, match="Clone it again"):
            client.load(cloned)
