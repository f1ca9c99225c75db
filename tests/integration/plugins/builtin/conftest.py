"""Clips as the engine gets them, from the sample recordings in the repository."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

import numpy as np
import pytest
import soundfile
import soxr

from voicewright.engines.port import TrainingClip

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

RATE_HZ = 22_050


@pytest.fixture(autouse=True, scope="module")
def processor_as_it_was() -> Iterator[None]:
    """The engine has denormals flushed to zero, which is meant for a process of its own."""
    yield
    import torch

    torch.set_flush_denormal(False)


def _write_clips(recordings: Path, directory: Path, count: int) -> tuple[TrainingClip, ...]:
    directory.mkdir(parents=True)
    clips = []
    with (recordings / "metadata.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file, delimiter="|", quoting=csv.QUOTE_NONE))[:count]
    for name, text in rows:
        samples, rate_hz = soundfile.read(recordings / f"{name}.flac", dtype="float32", always_2d=True)
        wave = soxr.resample(samples.mean(axis=1), rate_hz, RATE_HZ)
        path = directory / f"{name}.wav"
        soundfile.write(path, np.clip(wave, -1, 1), RATE_HZ, subtype="PCM_16")
        clips.append(TrainingClip(path, text))
    return tuple(clips)


@pytest.fixture(scope="session")
def write_clips() -> Callable[[Path, Path, int], tuple[TrainingClip, ...]]:
    """Write the first so many sample recordings as 22,050 Hz mono into a new directory."""
    return _write_clips


@pytest.fixture(scope="session")
def clips(sample_recordings: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[TrainingClip, ...]:
    """Five clips, some twenty seconds."""
    return _write_clips(sample_recordings, tmp_path_factory.mktemp("clips") / "wav", 5)
