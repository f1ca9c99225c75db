"""`ToneEngine`: an engine that hums, for tests of the platform; not registered, so no user ever meets it.

It "trains" by measuring the pitch of the clips and speaks every word as a tone at that pitch. It needs the
standard library only, is done in milliseconds, and can be told to fail in every way that an engine can.
"""

from __future__ import annotations

import array
import errno
import json
import math
import os
import signal
import sys
import time
import wave
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NoReturn

from pydantic import Field

from voicewright.engines.errors import (
    ArtefactInvalid,
    EngineError,
    GpuUnavailable,
    TextUnspeakable,
    TooLittleSpeech,
)
from voicewright.engines.loaded import LoadedVoices
from voicewright.engines.port import (
    AudioChunk,
    Capabilities,
    EngineInfo,
    EngineOptions,
    SpokenWord,
    TrainingClip,
    TrainingOutcome,
)
from voicewright.engines.rehearsing import rehearsal_epochs, write_rehearsal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from voicewright.engines.port import Rehearsal, RunContext, SynthesisRequest, TrainingRequest

_RATE_HZ = 22_050
_FORMAT = 1
_FILE = "voice.json"
_LETTER_S, _PAUSE_S = 0.06, 0.05
_LONGEST_WORD = 40
_KEPT_VOICES = 4
_BLOCK = 1024
"""Samples between two looks at the cancellation."""

Fault = Literal[
    "none",
    "refuse",
    "fail",
    "exit",
    "print",
    "endless",
    "deaf",
    "freeze",
    "die",
    "no_artefact",
    "no_gpu",
    "no_disk",
]


class ToneOptions(EngineOptions):
    """How to train, and what should go wrong."""

    epochs: int = Field(default=4, ge=1, le=1000, description="How often to go through the clips.")
    seed: int = Field(default=0, ge=0, description="Shifts the pitch a little.")
    training_fault: Fault = Field(default="none", description="What goes wrong in the second epoch.")
    speaking_fault: Fault = Field(default="none", description="What goes wrong after the first word.")
    keeps_epochs: bool = Field(default=False, description="A checkpoint is kept after each epoch.")
    heals: bool = Field(default=False, description="The training goes wrong once, and then no more.")
    epoch_s: float = Field(default=0.0, ge=0, description="Seconds that an epoch lasts at least.")
    batch_size: int = Field(default=4, ge=1, le=64, description="Has no effect but on memory.")
    largest_batch: int = Field(default=64, ge=1, description="With larger ones memory runs out.")


TONE_ENGINE = EngineInfo(
    id="tone",
    title="Tone",
    licence="Apache-2.0",
    version="1",
    capabilities=Capabilities(
        clones=True,
        trains=True,
        streams=True,
        languages=("en-us", "de"),
        sample_rate_hz=_RATE_HZ,
        needs_transcripts=False,
        minimum_speech_s=1.0,
        ideal_speech_s=10.0,
        needs_gpu=False,
        deterministic=True,
        shifts_pitch=True,
        times_words=True,
    ),
    options=ToneOptions,
    factory="voicewright.engines.testing:ToneEngine",
)


def write_plugin(
    folder: Path, engine_id: str = "tone", target: str = "voicewright.engines.testing:TONE_ENGINE"
) -> Path:
    """Write what registers an engine as an installed plugin does, once the folder is on the path.

    Args:
        folder: made where it is missing.
        engine_id: under which it is found.
        target: `module:attribute` of its description.
    """
    metadata = folder / f"voicewright_{engine_id}-1.dist-info"
    metadata.mkdir(parents=True)
    (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: voicewright-{engine_id}\nVersion: 1\n")
    (metadata / "entry_points.txt").write_text(f"[voicewright.engines]\n{engine_id} = {target}\n")
    return folder


def write_tone_clips(
    directory: Path, *, count: int = 3, duration_s: float = 1.0, pitch_hz: float = 150.0
) -> tuple[TrainingClip, ...]:
    """Write `count` WAV files of one tone (22,050 Hz mono 16-bit) and return them as clips with a text."""
    directory.mkdir(parents=True, exist_ok=True)
    clips = []
    for number in range(count):
        path = directory / f"tone-{number}.wav"
        with wave.open(str(path), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(_RATE_HZ)
            file.writeframes(_tone(pitch_hz, round(duration_s * _RATE_HZ)))
        clips.append(TrainingClip(path=path, text=f"Tone number {number}."))
    return tuple(clips)


class ToneEngine:
    """Hums; see the module."""

    def __init__(self) -> None:
        self._voices = LoadedVoices(read_voice, _KEPT_VOICES)

    def train(self, request: TrainingRequest, context: RunContext) -> TrainingOutcome:
        """Measure the clips, once per epoch."""
        started_s = time.monotonic()
        speech_s = sum(_duration_s(clip.path) for clip in request.clips)
        needed_s = TONE_ENGINE.capabilities.minimum_speech_s
        if speech_s < needed_s:
            raise TooLittleSpeech(f"There are {speech_s:.1f} s of speech, but {needed_s:g} s are needed.")
        options = ToneOptions.model_validate(request.options)
        pitches_hz: list[float] = []
        kept = _Checkpoint(request.checkpoint_dir)
        first = min(kept.epoch, options.epochs - 1)
        for epoch in range(first, options.epochs):
            context.check_cancelled()
            context.progress("listening", epoch / options.epochs)
            if epoch == 1 and not (options.heals and kept.went_wrong):
                if options.heals:
                    kept.note_fault()
                _go_wrong(options.training_fault, context)
            if epoch == 1 and options.batch_size > options.largest_batch:
                raise MemoryError(f"batches of {options.batch_size}")
            pitches_hz = [_pitch_hz(clip.path, context) for clip in request.clips]
            _wait(options.epoch_s, context)
            context.metric("pitch_hz", sum(pitches_hz) / len(pitches_hz), step=epoch)
            if request.rehearsal is not None and epoch + 1 in rehearsal_epochs(options.epochs):
                _rehearse(request.rehearsal, sum(pitches_hz) / len(pitches_hz), epoch + 1, context)
            if options.keeps_epochs:
                kept.note_epoch(epoch + 1)
        voice = {
            "format": _FORMAT,
            "pitch_hz": round(sum(pitches_hz) / len(pitches_hz) + options.seed * 0.01, 3),
            "speaking_fault": options.speaking_fault,
        }
        if options.training_fault != "no_artefact":
            (request.artefact_dir / _FILE).write_text(json.dumps(voice, sort_keys=True), encoding="utf-8")
        context.progress("done", 1.0)
        return TrainingOutcome(
            speech_s=speech_s,
            train_s=time.monotonic() - started_s,
            epochs=options.epochs,
            stopped="finished",
            resumed=first > 0,
        )

    def clone(self, request: TrainingRequest, context: RunContext) -> TrainingOutcome:
        """Do the same as `train`: there is nothing quicker."""
        return self.train(request, context)

    def load(self, voice_dir: Path) -> None:
        """Read the voice; the most recently used few are kept."""
        self._voices.get(voice_dir)

    def synthesize(self, request: SynthesisRequest, context: RunContext) -> Iterator[AudioChunk]:
        """Hum one tone per word, a little apart in pitch."""
        voice = self._voices.get(request.voice_dir)
        words = [word for word in request.text.split() if any(map(str.isalnum, word))]
        if not words:
            raise TextUnspeakable("There is nothing to say in the text; it needs at least one word.")
        pitch_hz = voice["pitch_hz"] * 2 ** (request.pitch_semitones / 12)
        silence = bytes(2 * round(_PAUSE_S / request.speed * _RATE_HZ))
        at = 0
        for number, word in enumerate(words):
            context.check_cancelled()
            if number == 1:
                _go_wrong(voice["speaking_fault"], context)
            letters = "".join(filter(str.isalnum, word))[:_LONGEST_WORD]
            interval = zlib.crc32(letters.encode()) % 8 / 100
            samples = round(len(letters) * _LETTER_S / request.speed * _RATE_HZ)
            told = SpokenWord(word, at / _RATE_HZ, (at + samples) / _RATE_HZ)
            yield AudioChunk(_tone(pitch_hz * (1 + interval), samples) + silence, _RATE_HZ, (told,))
            at += samples + len(silence) // 2


class _Checkpoint:
    """How far the training is, and whether it has gone wrong; forgets both without a directory."""

    def __init__(self, directory: Path | None) -> None:
        self._directory = directory

    @property
    def epoch(self) -> int:
        """The first one that is not finished."""
        return int(self._read("epoch") or 0)

    @property
    def went_wrong(self) -> bool:
        return self._read("fault") is not None

    def note_epoch(self, epoch: int) -> None:
        self._write("epoch", str(epoch))

    def note_fault(self) -> None:
        self._write("fault", "once")

    def _read(self, name: str) -> str | None:
        if self._directory is None or not (self._directory / name).is_file():
            return None
        return (self._directory / name).read_text()

    def _write(self, name: str, content: str) -> None:
        if self._directory is not None:
            self._directory.mkdir(parents=True, exist_ok=True)
            aside = self._directory / f"{name}.part"
            aside.write_text(content)
            aside.replace(self._directory / name)


def read_voice(voice_dir: Path) -> dict[str, Any]:
    """Read what `train` wrote.

    Raises:
        ArtefactInvalid: there is no voice of this engine in the folder.
    """
    try:
        voice = json.loads((voice_dir / _FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ArtefactInvalid(f"{voice_dir} holds no voice of the tone engine: {error}.") from error
    if not isinstance(voice, dict) or voice.get("format") != _FORMAT:
        raise ArtefactInvalid(f"{voice_dir} is not of format {_FORMAT} of the tone engine; train it again.")
    return voice


def _tone(pitch_hz: float, samples: int) -> bytes:
    step = 2 * math.pi * pitch_hz / _RATE_HZ
    wave_16bit = array.array("h", (round(9000 * math.sin(step * index)) for index in range(samples)))
    if sys.byteorder == "big":
        wave_16bit.byteswap()
    return wave_16bit.tobytes()


def _rehearse(rehearsal: Rehearsal, pitch_hz: float, epoch: int, context: RunContext) -> None:
    pcm = _tone(pitch_hz, round(len(rehearsal.text.split()) * 2 * _LETTER_S * _RATE_HZ))
    path = write_rehearsal(rehearsal.folder, epoch, pcm, _RATE_HZ)
    context.spoke(path, rehearsal.text, step=epoch)


def _duration_s(path: Path) -> float:
    with wave.open(str(path), "rb") as file:
        return file.getnframes() / file.getframerate()


def _pitch_hz(path: Path, context: RunContext) -> float:
    """Count the upward zero crossings per second, which is the pitch where the clip is one tone."""
    crossings, before = 0, 0
    with wave.open(str(path), "rb") as file:
        duration_s = file.getnframes() / file.getframerate()
        while block := file.readframes(_BLOCK):
            context.check_cancelled()
            for sample in array.array("h", block):
                crossings += before < 0 <= sample
                before = sample
    return crossings / duration_s


def _go_wrong(fault: str, context: RunContext) -> None:  # noqa: C901 - a list of faults
    context.log(f"fault: {fault}")
    match fault:
        case "refuse":
            raise EngineError("The tone engine refuses, as it was told to; tell it otherwise.")
        case "fail":
            raise RuntimeError("a string of the tone engine snapped")
        case "no_gpu":
            raise GpuUnavailable("The tone engine finds no GPU. Start it where there is one.")
        case "no_disk":
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        case "exit":
            sys.exit(3)
        case "print":
            print("printed by Python")
            os.write(1, b"written by C\n")
        case "endless":
            _wait_for_ever(context)
        case "deaf":
            _wait_for_ever(None)
        case "freeze":
            os.kill(os.getpid(), signal.SIGSTOP)
        case "die":
            os.write(2, b"the tone engine is about to die\n")
            os.kill(os.getpid(), signal.SIGKILL)
        case _:
            return


def _wait(seconds: float, context: RunContext) -> None:
    end_s = time.monotonic() + seconds
    while (left_s := end_s - time.monotonic()) > 0:
        context.check_cancelled()
        time.sleep(min(0.02, left_s))


def _wait_for_ever(context: RunContext | None) -> NoReturn:
    while True:
        if context is not None:
            context.check_cancelled()
        time.sleep(0.01)
