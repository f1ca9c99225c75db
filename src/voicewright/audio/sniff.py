"""Tells what a file is from its first bytes, and whether its name agrees.

Names lie: phones call MPEG-4 files `.mp3`, downloads call everything `.wav`. The decoder is therefore chosen
by content, and a disagreement is only told to the user.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pathlib import Path

HEAD_BYTES: Final = 4096
"""How much of a file `container_of` wants to see."""

EXTENSIONS: Final[dict[str, frozenset[str]]] = {
    "wav": frozenset({".wav", ".wave", ".bwf", ".rf64"}),
    "w64": frozenset({".w64"}),
    "flac": frozenset({".flac"}),
    "mp3": frozenset({".mp3", ".mp2", ".mpga"}),
    "aac": frozenset({".aac"}),
    "mp4": frozenset({".m4a", ".mp4", ".m4b", ".aac", ".3gp", ".mov"}),
    "ogg": frozenset({".ogg", ".oga", ".opus", ".spx"}),
    "matroska": frozenset({".webm", ".mka", ".weba"}),
    "aiff": frozenset({".aif", ".aiff", ".aifc"}),
    "au": frozenset({".au", ".snd"}),
    "caf": frozenset({".caf"}),
    "amr": frozenset({".amr"}),
    "asf": frozenset({".wma"}),
    "wavpack": frozenset({".wv"}),
}
"""Container -> the file extensions that people expect of it."""

AUDIO_EXTENSIONS: Final = frozenset().union(*EXTENSIONS.values())
"""Files with these extensions are looked at in a folder of recordings; others are left alone."""

_PREFIXES: Final = (
    (b"fLaC", "flac"),
    (b"OggS", "ogg"),
    (b"\x1a\x45\xdf\xa3", "matroska"),
    (b"caff", "caf"),
    (b".snd", "au"),
    (b"#!AMR", "amr"),
    (b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", "asf"),
    (b"wvpk", "wavpack"),
    (b"riff\x2e\x91\xcf\x11", "w64"),
    (b"RF64", "wav"),
)
_ADTS_MASK: Final = 0xF6
_ADTS_SYNC: Final = 0xF0
_MPEG_MASK: Final = 0xE0
_LAYER_MASK: Final = 0x06
_RIFF_HEADER_BYTES: Final = 12


def container_of(head: bytes) -> str | None:
    """Name the container (a key of `EXTENSIONS`) that starts with these bytes; None: unknown."""
    for prefix, container in _PREFIXES:
        if head.startswith(prefix):
            return container
    if head[:4] == b"RIFF" and head[8:12] == b"WAVE":
        return "wav"
    if head[:4] == b"FORM" and head[8:12] in {b"AIFF", b"AIFC"}:
        return "aiff"
    if head[4:8] == b"ftyp":
        return "mp4"
    if head[:3] == b"ID3":
        return _behind_id3(head)
    return _mpeg_frame(head)


def _behind_id3(head: bytes) -> str:
    """An ID3 tag may stand before MP3, but also before FLAC and AAC; its size is 4 x 7 bits."""
    if len(head) >= 10:  # noqa: PLR2004 - the length of an ID3 header
        size = (head[6] << 21) | (head[7] << 14) | (head[8] << 7) | head[9]
        behind = head[10 + size :]
        if behind.startswith(b"fLaC"):
            return "flac"
        return _mpeg_frame(behind) or "mp3"
    return "mp3"


def _mpeg_frame(head: bytes) -> str | None:
    """MPEG audio and ADTS AAC both start with 11 set bits; the layer bits tell them apart."""
    if len(head) < 2 or head[0] != 0xFF:  # noqa: PLR2004 - the first 8 of the 11
        return None
    if head[1] & _ADTS_MASK == _ADTS_SYNC:
        return "aac"
    if head[1] & _MPEG_MASK == _MPEG_MASK and head[1] & _LAYER_MASK:
        return "mp3"
    return None


def name_disagrees(path: Path, container: str) -> bool:
    """Say whether the extension of `path` promises another container than the one found inside."""
    extension = path.suffix.lower()
    return extension in AUDIO_EXTENSIONS and extension not in EXTENSIONS.get(container, AUDIO_EXTENSIONS)


def missing_wav_bytes(path: Path) -> int:
    """Count the bytes that a RIFF header promises beyond the end of the file: 0 for a whole file.

    libsndfile silently shortens a truncated WAV to what is there, so this is the only way to tell. Headers
    written by a stream (size 0 or 0xFFFFFFFF) promise nothing.
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        head = file.read(_RIFF_HEADER_BYTES)
        if head[:4] != b"RIFF" or head[8:12] != b"WAVE":
            return 0
        while len(chunk := file.read(8)) == 8:  # noqa: PLR2004 - name and length of a chunk
            name, length = struct.unpack("<4sI", chunk)
            if name == b"data":
                unknown = length in {0, 0xFFFFFFFF}
                return 0 if unknown else max(0, length - (size - file.tell()))
            file.seek(length + length % 2, 1)
    return 0
