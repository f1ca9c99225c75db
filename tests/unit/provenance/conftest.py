"""Speech to mark, and what marks it: read once."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from voicewright.audio.decode import read_mono
from voicewright.provenance.watermark.weights import find_weights, read_weights

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from voicewright.provenance.watermark.weights import Weights

RECORDINGS = Path(__file__).parents[3] / "examples" / "recordings"
RATE_HZ = 24_000


@pytest.fixture(scope="session")
def weights() -> Weights:
    if find_weights() is None:
        pytest.skip("the weights of resemble-perth are not installed")
    return read_weights()


@pytest.fixture(scope="session")
def spoken() -> NDArray[np.float32]:
    """Some seconds of speech at 24 kHz."""
    paths = sorted(path for path in RECORDINGS.iterdir() if path.suffix in {".wav", ".flac", ".mp3", ".ogg"})
    parts: list[NDArray[np.float32]] = []
    for path in paths:
        parts.append(read_mono(path, RATE_HZ))
        if sum(map(len, parts)) >= 8 * RATE_HZ:
            break
    return np.concatenate(parts)[: 8 * RATE_HZ]
