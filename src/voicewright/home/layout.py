"""Where everything lies in the data directory, and whether this release may use it.

    FORMAT        {"format": 2, "created_by": "0.1.0"}
    db/           the embedded PostgreSQL's cluster, with its socket
    keys/         the master key, unless it is a setting; keep a copy elsewhere
    blobs/        the only copy of the voices, sealed; one folder per owner
    samples/      the same of uploaded recordings
    long/         the same of what was spoken of long texts and batches
    speech/       files of what was spoken, and pieces that need not be spoken again, sealed
    pending/      notes of what is being stored
    uploads/      what is being uploaded; one folder per request
    engines/      engines with environments of their own, see `engines.installed`
    cache/voices/ unpacked voices; may be deleted at any time
    work/<key>/   unfinished trainings with their checkpoints
    locks/        files that processes lock; their contents mean nothing
    logs/         one file for each command

`format` grows when a release arranges the directory in a way that older ones would damage or misread. (The
tables have their own numbering, Alembic's.) In format 1 the files of voices and recordings lay open, in
`blobs/sha256` and `samples/sha256`; `voices.plain_homes` seals them.
"""

from __future__ import annotations

import errno
import json
import os
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from voicewright import __version__
from voicewright.home.errors import HomeFull, HomeInvalid, HomeNotWritable, HomeTooNew

FORMAT = 2
"""The arrangement that this release writes; it opens older ones, too."""

_MARKER = "FORMAT"
_MARKER_MAX_BYTES = 4096
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


@dataclass(frozen=True, slots=True)
class Home:
    """A data directory that was found usable; get one from `Home.open`."""

    root: Path

    @property
    def database_dir(self) -> Path:
        """The cluster of the embedded server (made by `db`)."""
        return self.root / "db"

    @property
    def blobs_dir(self) -> Path:
        """The blob store."""
        return self.root / "blobs"

    @property
    def samples_dir(self) -> Path:
        """The blob store of uploaded recordings; another one, as its garbage is told in another way."""
        return self.root / "samples"

    @property
    def speech_dir(self) -> Path:
        """The store of what was spoken."""
        return self.root / "speech"

    @property
    def long_dir(self) -> Path:
        """The blob store of what was spoken of long texts and batches."""
        return self.root / "long"

    @property
    def keys_dir(self) -> Path:
        """The master key (made by `storage.master_keys`)."""
        return self.root / "keys"

    @property
    def pending_dir(self) -> Path:
        """Notes of what is being stored, see `storage.pending`."""
        return self.root / "pending"

    @property
    def uploads_dir(self) -> Path:
        """Uploads under way, one folder per request."""
        return self.root / "uploads"

    @property
    def engines_dir(self) -> Path:
        """Engines with environments of their own (made by `engines.install`)."""
        return self.root / "engines"

    @property
    def voice_cache_dir(self) -> Path:
        """Unpacked voices, one folder per artefact."""
        return self.root / "cache" / "voices"

    @property
    def work_dir(self) -> Path:
        """Unfinished trainings, one folder per key."""
        return self.root / "work"

    @property
    def locks_dir(self) -> Path:
        """Lock files of the whole directory."""
        return self.root / "locks"

    @property
    def logs_dir(self) -> Path:
        """Logs (written by `cli`, also where the rest of the directory is of no use)."""
        return self.root / "logs"

    @classmethod
    def open(cls, root: Path) -> Home:
        """Create the directory if need be, check its format and that it can be written to.

        Everything below is for its owner alone; `root` itself keeps the permissions it has.

        Raises:
            HomeInvalid: `root` is a file, or its marker can't be read.
            HomeTooNew: a later release made it.
            HomeNotWritable: read-only, or not this user's.
            HomeFull: not one byte is left on its disk.
        """
        home = cls(root)
        try:
            root.mkdir(mode=0o700, parents=True, exist_ok=True)
            home._check_format()
            for folder in (
                home.locks_dir,
                home.blobs_dir,
                home.samples_dir,
                home.long_dir,
                home.speech_dir,
                home.pending_dir,
                home.uploads_dir,
                root / "cache",
                home.voice_cache_dir,
                home.work_dir,
            ):
                folder.mkdir(mode=0o700, exist_ok=True)
            # The only honest test: access bits say nothing of read-only mounts, quotas and mapped users.
            with tempfile.TemporaryFile(dir=home.locks_dir) as probe:
                probe.write(b"\0")
        except OSError as error:
            raise _translated(root, error) from error
        return home

    def is_current(self) -> bool:
        """Whether it has the arrangement of this release; if not, it is to be rearranged before it is used.

        Raises:
            HomeInvalid, HomeTooNew: as `open`.
        """
        return self._format() == FORMAT

    def mark_current(self) -> None:
        """Write down that it has the arrangement of this release now.

        Raises:
            HomeNotWritable, HomeFull: it can't be written.
        """
        try:
            self._write_marker(self.root / _MARKER)
        except OSError as error:
            raise _translated(self.root, error) from error

    def _check_format(self) -> None:
        if (self.root / _MARKER).exists():
            self._format()
        else:
            self._write_marker(self.root / _MARKER)

    def _format(self) -> int:
        marker = self.root / _MARKER
        with marker.open("rb") as stream:
            text = stream.read(_MARKER_MAX_BYTES)
        try:
            content = json.loads(text)
            found, created_by = int(content["format"]), str(content.get("created_by", "an unknown release"))
        except (ValueError, TypeError, KeyError) as error:
            raise HomeInvalid(
                f"{marker} can't be read: {error}. Restore it from a backup; for a directory made by this "
                "release its "
                f'content is {{"format": {FORMAT}}}.'
            ) from error
        if found > FORMAT:
            raise HomeTooNew(
                f"{self.root} has format {found} (made by {created_by}), and this is voicewright "
                f"{__version__}, which knows formats up to {FORMAT}. Nothing was changed. Install a newer "
                "release, or set VOICEWRIGHT_HOME to another directory."
            )
        if found < 1:
            raise HomeInvalid(
                f"{marker} says format {found}, which no release wrote. Restore it from a backup."
            )
        return found

    def _write_marker(self, marker: Path) -> None:
        descriptor, aside = tempfile.mkstemp(dir=self.root, prefix=f".{_MARKER}-")
        try:
            with os.fdopen(descriptor, "w") as stream:
                stream.write(json.dumps({"format": FORMAT, "created_by": __version__}) + "\n")
                stream.flush()
                os.fsync(stream.fileno())
            Path(aside).replace(marker)  # two first commands write the same text
        except BaseException:
            with suppress(FileNotFoundError):
                Path(aside).unlink()
            raise


def _translated(root: Path, error: OSError) -> HomeInvalid | HomeNotWritable | HomeFull:
    name = error.filename or root
    if error.errno in {errno.EEXIST, errno.ENOTDIR, errno.EISDIR}:
        return HomeInvalid(
            f"{root} can't be the data directory: {name} is not a directory. Set VOICEWRIGHT_HOME to a "
            "directory."
        )
    if error.errno in {errno.ENAMETOOLONG, errno.ELOOP, errno.EINVAL}:
        return HomeInvalid(
            f"{root} can't be the data directory: {error.strerror}. Set VOICEWRIGHT_HOME to another path."
        )
    if error.errno in _FULL:
        return HomeFull(
            f"The disk of {root} is full ({error.strerror}). Nothing was changed; free some space and try "
            "again."
        )
    if error.errno == errno.EROFS:
        return HomeNotWritable(
            f"{root} is on a read-only file system. Voicewright's database must be able to write there: "
            "remount it, or copy it to a writable place and set VOICEWRIGHT_HOME to the copy."
        )
    return HomeNotWritable(
        f"{name} can't be used: {error.strerror}. Give the data directory to the user that runs "
        f"voicewright (`chown -R USER {root}`), or set VOICEWRIGHT_HOME to a directory of your own."
    )
