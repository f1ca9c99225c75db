"""Opens what was sent: recordings with their transcripts, and archives of recordings with `metadata.csv`.

What a file is, its content says. An archive is unpacked and read as a folder from the command line is
(`listing`, `planning`): what is no recording is passed over, and transcripts are found in the same forms.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Protocol

from voicewright.recordings.archive_budget import ArchiveBudget
from voicewright.recordings.archives import HEAD_BYTES, archive_kind, unpack
from voicewright.recordings.entering import Incoming, Outcome
from voicewright.recordings.errors import NoRecordings, TranscriptInvalid
from voicewright.recordings.listing import list_recordings
from voicewright.recordings.names import clean_filename, clean_transcript
from voicewright.recordings.planning import plan_intake
from voicewright.recordings.samples import Taken

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from voicewright.recordings.archive_budget import ArchiveLimits
    from voicewright.recordings.report import RefusedFile


class Sent(Protocol):
    """A file on the disk that somebody sent."""

    @property
    def path(self) -> Path:
        """Where it lies."""

    @property
    def filename(self) -> str:
        """What its sender calls it."""

    @property
    def digest(self) -> str:
        """SHA-256."""

    @property
    def size_bytes(self) -> int:
        """Its length."""


@dataclass(slots=True)
class Bundle:
    """All recordings of one upload."""

    files: list[Incoming] = field(default_factory=list)
    refused: list[Taken] = field(default_factory=list)
    """What was not even listened to."""
    notes: list[str] = field(default_factory=list)


def open_bundle(
    sent: Sequence[Sent], transcripts: Sequence[str], folder: Path, limits: ArchiveLimits
) -> Bundle:
    """Bring files and transcripts together, and unpack archives.

    Args:
        sent: what came, in its order.
        transcripts: one for each of them in the same order, empty where there is none; or none at all.
        folder: where archives are unpacked; nobody else writes there.
        limits: of all files together, those in archives included.

    Raises:
        TranscriptInvalid: there are some, but not one for each; or one is too long.
        ArchiveUnreadable, ArchiveUnsafe, ArchiveTooLarge, NoRecordings: an archive can't be used, or
            all of them hold too much.
        StorageFull, StorageReadOnly, StorageUnavailable: the disk can't take it.
    """
    if transcripts and len(transcripts) != len(sent):
        raise TranscriptInvalid(
            f"{len(sent)} files came with {len(transcripts)} transcripts. Send one for each file in the same"
            " order, empty where there is none, or none at all."
        )
    bundle, budget = Bundle(), ArchiveBudget(limits, folder)
    for number, file in enumerate(sent):
        transcript = clean_transcript(transcripts[number]) if transcripts else None
        with file.path.open("rb") as stream:
            kind = archive_kind(stream.read(HEAD_BYTES))
        if kind is None:
            budget.take_plain(file.size_bytes)
            incoming = Incoming(file.path, file.filename, file.digest, file.size_bytes, transcript)
            bundle.files.append(incoming)
        elif transcript is not None:
            raise TranscriptInvalid(
                f"{file.filename} is an archive: its transcripts belong into its metadata.csv. Leave the"
                " transcript of an archive empty."
            )
        else:
            unpacked = folder / f"archive-{number}"
            unpacked.mkdir(mode=0o700)
            _open_archive(file, unpacked, budget, bundle)
    return bundle


def _open_archive(file: Sent, unpacked: Path, budget: ArchiveBudget, bundle: Bundle) -> None:
    root = unpack(file.path, unpacked, budget)
    try:
        listing = list_recordings(root, max_files=budget.limits.max_files)
    except NoRecordings:
        raise NoRecordings(
            f"{file.filename}: no recordings found in it. Pack audio files (WAV, FLAC, MP3, M4A, OGG, Opus or"
            " WebM), with metadata.csv beside them."
        ) from None
    plan = plan_intake(listing, single=False)
    for source in plan.files:
        transcript = clean_transcript(plan.texts.get(source.path))
        bundle.files.append(Incoming.of(source.path, clean_filename(source.relative), transcript))
    for refused in (*listing.refused, *plan.refused):
        bundle.refused.append(_refused(refused, root))
    bundle.notes += [*listing.notes, *plan.notes]


def _refused(refused: RefusedFile, root: Path) -> Taken:
    name = refused.path.relative_to(root).as_posix()
    reason = refused.reason.replace(f"{refused.path}: ", "").replace(f"{root}/", "")
    return Taken(clean_filename(name), Outcome.REFUSED, refused=replace(refused, reason=reason))
