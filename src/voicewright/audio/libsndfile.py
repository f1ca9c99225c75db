"""Decodes through libsndfile: WAV, FLAC, MP3, Ogg (Vorbis, Opus), AIFF, AU, CAF."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

import soundfile

from voicewright.audio.formats import AudioInfo

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

BLOCK_SAMPLES: Final = 262_144
"""Samples of all channels together in one block: 12 s of mono at 22,050 Hz, 1 MB."""

_COARSE: Final = frozenset({"PCM_U8", "PCM_S8", "ULAW", "ALAW"})
_LOSSY: Final = frozenset({"VORBIS", "OPUS", "MPEG_LAYER_I", "MPEG_LAYER_II", "MPEG_LAYER_III"})
_UNKNOWN_FRAMES: Final = 2**62
"""libsndfile's "don't know" is the largest 64-bit number."""


class SndfileDecoder:
    """One file opened by libsndfile. See `formats.Decoder`."""

    def __init__(self, file: soundfile.SoundFile, container: str) -> None:
        self._file = file
        self.problem: str | None = None
        known = 0 < file.frames < _UNKNOWN_FRAMES
        self.info = AudioInfo(
            container=container,
            codec=file.subtype.lower(),
            sample_rate_hz=int(file.samplerate),
            channels=int(file.channels),
            duration_s=file.frames / file.samplerate if known and file.samplerate else None,
            lossy=file.subtype in _LOSSY,
            coarse=file.subtype in _COARSE,
        )

    @classmethod
    def open(cls, path: Path, container: str) -> SndfileDecoder | None:
        """Open a file, or give None where libsndfile can't: FFmpeg knows more codecs."""
        # An open file descriptor, not the path: by the path soundfile would believe the extension.
        with path.open("rb") as file:
            try:
                return cls(soundfile.SoundFile(os.dup(file.fileno())), container)
            except (soundfile.SoundFileError, TypeError, ValueError):
                return None

    def blocks(self) -> Iterator[NDArray[np.float32]]:
        """Yield arrays (n, channels)."""
        frames = max(1, BLOCK_SAMPLES // self.info.channels)
        while True:
            try:
                block = self._file.read(frames, dtype="float32", always_2d=True)
            except soundfile.SoundFileError as error:
                self.problem = str(error).split(": ", 1)[-1].strip().rstrip(".")
                return
            if not len(block):
                return
            yield block

    def close(self) -> None:
        """Free the file."""
        self._file.close()
