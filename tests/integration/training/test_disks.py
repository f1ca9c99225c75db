"""A disk that fills while a voice is made: it is said, and the voices that were there stay as they were."""

from __future__ import annotations

import dataclasses
import os
from typing import TYPE_CHECKING

import pytest

from voicewright.errors import AppError
from voicewright.home.layout import Home
from voicewright.storage.errors import StorageFull
from voicewright.training.clone import CloneTools, clone_voice
from voicewright.training.making import VoiceRequest
from voicewright.training.progress import ignore_progress

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from voicewright.settings import Settings
    from voicewright.training.progress import Progress, ProgressSink
    from voicewright.voices.models import VoiceModel


def clone(
    tools: CloneTools, recordings: Path, on_progress: ProgressSink = ignore_progress, **options: object
) -> VoiceModel:
    request = VoiceRequest(source=recordings, name="Ann", language="en", options=options)
    return clone_voice(request, tools, on_progress=on_progress).voice


def fill_at(stage: str, folder: Path) -> Callable[[Progress], None]:
    """Fill the disk of a folder when a stage begins."""
    filler = folder / "filler"

    def on_progress(progress: Progress) -> None:
        if progress.stage == stage and not filler.exists():
            free = os.statvfs(folder)
            with filler.open("wb") as file:
                os.posix_fallocate(file.fileno(), 0, free.f_bavail * free.f_frsize)

    return on_progress


def test_a_disk_that_fills_before_the_registration_costs_no_earlier_voice(
    tools: CloneTools, recordings: Path, settings: Settings, mount_disk: Callable[[Path, str], None]
) -> None:
    blobs = Home.open(settings.home).blobs_dir
    mount_disk(blobs, "16m")
    first = clone(tools, recordings)

    with pytest.raises(StorageFull, match=r"No space left on device.*free some space"):
        clone(tools, recordings, fill_at("registering", blobs), seed=5000)

    assert [voice.id for voice in tools.voices.list_voices()] == [first.id]
    tools.engine.load(tools.voices.materialise(first))
    assert len(tools.voices.spoken(first).names()) == 8
    (blobs / "filler").unlink()
    assert clone(tools, recordings, seed=5000).version == 2


def test_a_disk_that_fills_during_the_training_costs_no_earlier_voice(
    tools: CloneTools, recordings: Path, tmp_path: Path, mount_disk: Callable[[Path, str], None]
) -> None:
    first = clone(tools, recordings)
    disk = tmp_path / "disk"
    disk.mkdir()
    mount_disk(disk, "240m")
    cramped = dataclasses.replace(tools, work_dir=disk / "work")

    with pytest.raises(AppError, match=r"The disk is full.*Free some space"):
        clone(cramped, recordings, fill_at("training", disk), seed=5000)

    assert [voice.id for voice in tools.voices.list_voices()] == [first.id]
    tools.engine.load(tools.voices.materialise(first))
    assert list(cramped.work_dir.glob("[!.]*")) == []
    (disk / "filler").unlink()
    assert clone(cramped, recordings, seed=5000).version == 2
