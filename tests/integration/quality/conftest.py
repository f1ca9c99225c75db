"""Clips for the judges: the sample recordings of the repository, and ways to spoil them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from voicewright.audio.decode import read_mono
from voicewright.audio.resample import resample
from voicewright.quality.measurer import Measurer

SAMPLES = Path(__file__).parents[3] / "examples" / "recordings"
RATE_HZ = 22_050


@pytest.fixture(scope="session")
def sample_clips():
    """Return (text, path) of the sample recordings, all of one synthetic man."""
    rows = (SAMPLES / "metadata.csv").read_text(encoding="utf-8").splitlines()
    return [(row.split("|")[-1], SAMPLES / f"{row.split('|')[0]}.flac") for row in rows if row]


@pytest.fixture(scope="session")
def measurer():
    with Measurer() as measurer:
        yield measurer


@pytest.fixture
def spoilt(tmp_path):
    """Write a copy of a clip with noise (`snr_db`) or with a higher voice (`faster`)."""

    def write(path, *, snr_db=None, faster=1.0):
        samples = resample(read_mono(path, RATE_HZ), int(RATE_HZ * faster), RATE_HZ)
        if snr_db is not None:
            level = np.sqrt(np.mean(samples**2)) * 10 ** (-snr_db / 20)
            samples = samples + np.random.default_rng(1).standard_normal(len(samples)) * level
        target = tmp_path / f"{path.stem}-{snr_db}-{faster}.wav"
        soundfile.write(target, np.clip(samples, -1, 1), RATE_HZ)
        return target

    return write
