"""The sample recordings of the repository, and judges that need no torch."""

from __future__ import annotations

import shutil

import numpy as np
import pytest
import soundfile


@pytest.fixture
def samples(sample_recordings, tmp_path):
    """A folder with the first sample recordings and no transcripts; more are copied on demand."""
    folder = tmp_path / "recordings"
    folder.mkdir()

    def copy(count, *, metadata=False):
        for path in sorted(sample_recordings.glob("sample-*.flac"))[:count]:
            shutil.copy(path, folder)
        if metadata:
            shutil.copy(sample_recordings / "metadata.csv", folder)
        return folder

    return copy


@pytest.fixture
def speech(sample_recordings):
    """Speech as samples (n,) at a rate: sample recordings one after the other, with pauses between them."""

    def make(seconds, rate_hz=22_050, *, pause_s=0.6):
        from voicewright.audio.decode import read_mono

        parts, length = [], 0
        for path in sorted(sample_recordings.glob("sample-*.flac")) * 50:
            parts += [read_mono(path, rate_hz), np.zeros(round(pause_s * rate_hz), np.float32)]
            length += len(parts[-1]) + len(parts[-2])
            if length >= seconds * rate_hz:
                break
        return np.concatenate(parts)[: round(seconds * rate_hz)]

    return make


@pytest.fixture
def write():
    def write(path, samples, rate_hz=22_050, subtype="PCM_16", format_=None):
        soundfile.write(path, samples, rate_hz, subtype, format=format_ or path.suffix[1:].upper())
        return path

    return write
