"""The zips that `voices export` writes and `voices import` reads, before any work is done on them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def check_archive(path: Path) -> None:
    """Refuse what can't be read as a file.

    Raises:
        VoiceArchiveNotFound: there is nothing.
        VoiceArchiveInvalid: it is a folder.
        PermissionError: it is another user's.
    """
    from voicewright.voices.copies.errors import VoiceArchiveInvalid, VoiceArchiveNotFound

    if path.is_dir():
        raise VoiceArchiveInvalid(
            f"{path}: is a folder. Name the zip that `voicewright voices export` wrote."
        )
    try:
        path.open("rb").close()
    except (FileNotFoundError, NotADirectoryError):
        raise VoiceArchiveNotFound(f"{path}: there is no such file. Check the path.") from None


def check_destination(path: Path) -> None:
    """Refuse a place that no archive can be written to.

    Raises:
        VoiceArchiveNotWritten: its folder is missing, or it is a folder itself.
    """
    from voicewright.voices.copies.errors import VoiceArchiveNotWritten

    if path.is_dir():
        raise VoiceArchiveNotWritten(f"{path}: is a folder. Name a file in it, such as {path / 'voice.zip'}.")
    folder = path.absolute().parent
    if not folder.is_dir():
        raise VoiceArchiveNotWritten(f"{path}: there is no folder {folder}. Make it first.")
