from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import av
import numpy as np
import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

HOUR_S = 3600
RATE_HZ = 48_000
"""The only rate of Opus."""
BUDGET_MB = 60
"""An hour at 22,050 Hz in 32-bit floats would be 318 MB."""

PROGRAM = """
import resource, sys
from pathlib import Path
from voicewright.recordings.intake import take_in

def peak_mb():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024

source, work = Path(sys.argv[1]), Path(sys.argv[2])
take_in(source / ("short" + sys.argv[3]), work / "short", measurer=None)
before = peak_mb()
report = take_in(source / ("long" + sys.argv[3]), work / "long", measurer=None)
print(len(report.clips), round(report.speech_s), peak_mb() - before)
"""


CODECS = {".flac": ("flac", "s16"), ".m4a": ("aac", "fltp"), ".webm": ("libopus", "s16")}


@pytest.mark.slow
@pytest.mark.parametrize("extension", CODECS)
def test_an_hour_needs_no_more_memory_than_a_minute(speech, tmp_path, extension):
    minute = (speech(60, RATE_HZ) * 32767).astype(np.int16)
    write(tmp_path / f"short{extension}", minute, 1)
    write(tmp_path / f"long{extension}", minute, HOUR_S // 60)
    command = [sys.executable, "-c", PROGRAM, str(tmp_path), str(tmp_path / "work"), extension]
    found = subprocess.run(command, capture_output=True, text=True, check=True)
    clips, speech_s, growth_mb = found.stdout.split()
    assert int(clips) > HOUR_S / 15
    assert int(speech_s) > 0.5 * HOUR_S
    assert float(growth_mb) < BUDGET_MB


def write(path: Path, minute: NDArray[np.int16], times: int) -> None:
    codec, layout = CODECS[path.suffix]
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=RATE_HZ)
        stream.layout = "mono"
        resampler = av.AudioResampler(
            layout, "mono", RATE_HZ, frame_size=stream.codec_context.frame_size or 0
        )
        for _ in range(times):
            for start in range(0, len(minute), RATE_HZ):
                frame = av.AudioFrame.from_ndarray(minute[None, start : start + RATE_HZ], "s16", "mono")
                frame.sample_rate = RATE_HZ
                for ready in resampler.resample(frame):
                    container.mux(stream.encode(ready))
        for ready in resampler.resample(None):
            container.mux(stream.encode(ready))
        container.mux(stream.encode(None))
