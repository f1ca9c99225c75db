"""Lays samples out as a folder of recordings with their transcripts, as intake takes it from anybody."""

from __future__ import annotations

import csv
import shutil
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from voicewright.storage.faults import clear_errors
from voicewright.storage.objects import sync_folder

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from voicewright.recordings.models import Sample
    from voicewright.recordings.report import Clip
    from voicewright.storage.blobs import BlobStore

_SUFFIXES: Final = {
    "mp4": ".m4a",
    "ogg": ".ogg",
    "matroska": ".webm",
    "aiff": ".aiff",
    "asf": ".wma",
    "wavpack": ".wv",
}
"""Of containers whose name is not the usual extension of their files."""
_NAMED_AFTER: Final = frozenset({"wav", "w64", "flac", "mp3", "aac", "au", "caf", "amr"})
_ANY_SUFFIX: Final = ".wav"
"""The content decides; a name only has to look like a recording's."""


@dataclass(frozen=True, slots=True)
class LaidOut:
    """A folder that `recordings.intake.take_in` takes in."""

    folder: Path
    samples: Mapping[str, Sample]
    """By the name of their file, without its extension: the id of the sample."""

    def sample_of(self, clip: Clip) -> Sample:
        """The sample that a clip was cut from."""
        return self.samples[clip.source.stem]


def lay_out(samples: Iterable[Sample], blobs: BlobStore, folder: Path) -> LaidOut:
    """Write the originals of some samples, verified, and `metadata.csv`; the folder appears whole or never.

    Args:
        samples: each once.
        blobs: their owner's, in the store of the samples.
        folder: it is made; one that is there is replaced.

    Raises:
        BlobNotFound, BlobCorrupt: an original is missing or damaged.
        StorageFull, StorageReadOnly, StorageUnavailable: it can't be written.
    """
    named = {str(sample.id): sample for sample in samples}
    aside = folder.with_name(f".{folder.name}-{uuid.uuid4().hex[:8]}")
    try:
        with clear_errors("lay out the recordings", str(folder.parent)):
            aside.mkdir(mode=0o700, parents=True)
            # comma and quotes, as a transcript may have bars in it
            with (aside / "metadata.csv").open("w", encoding="utf-8", newline="") as file:
                table = csv.writer(file)
                table.writerow(("file", "text"))
                table.writerows((name, one.transcript) for name, one in named.items() if one.transcript)
            for name, sample in named.items():
                blobs.fetch_file(sample.digest, aside / f"{name}{_suffix(sample.container)}")
            sync_folder(aside)
            shutil.rmtree(folder, ignore_errors=True)
            aside.rename(folder)
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    return LaidOut(folder, named)


def _suffix(container: str) -> str:
    return f".{container}" if container in _NAMED_AFTER else _SUFFIXES.get(container, _ANY_SUFFIX)
