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
TELEPHONE_HZ = 8_000
BUDGET_MB = 60
"""An hour at 22,050 Hz in 32-bit floats would be 318 MB, ten hours 3,175."""

PROGRAM = """
import re, sys
from pathlib import Path
from voicewright.recordings.intake import take_in

def peak_mb():
    # Not getrusage: its peak starts at that of the process that started this one, and would hide any growth.
    return int(re.search(r"VmHWM:\\s*(\\d+)", Path("/proc/self/status").read_text())[1]) / 1024

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
    write(tmp_path / f"short{extension}", minute, 1, RATE_HZ)
    write(tmp_path / f"long{extension}", minute, HOUR_S // 60, RATE_HZ)
    clips, speech_s, growth_mb = take_in(tmp_path, extension)
    assert clips > HOUR_S / 15
    assert speech_s > 0.5 * HOUR_S
    assert growth_mb < BUDGET_MB


@pytest.mark.slow
def test_ten_hours_with_long_silences_need_no_more_memory_than_a_minute(speech, tmp_path):
    minute = np.zeros(60 * TELEPHONE_HZ, np.int16)
    spoken = speech(12, TELEPHONE_HZ)
    minute[: len(spoken)] = spoken * 32767
    write(tmp_path / "short.flac", minute, 1, TELEPHONE_HZ)
    write(tmp_path / "long.flac", minute, 10 * HOUR_S // 60, TELEPHONE_HZ)
    clips, speech_s, growth_mb = take_in(tmp_path, ".flac")
    assert clips >= 600
    assert speech_s > 600 * 6
    assert growth_mb < BUDGET_MB


def take_in(folder: Path, extension: str) -> tuple[int, int, float]:
    command = [sys.executable, "-c", PROGRAM, str(folder), str(folder / "work"), extension]
    found = subprocess.run(command, capture_output=True, text=True, check=True)
    clips, speech_s, growth_mb = found.stdout.split()
    return int(clips), int(speech_s), float(growth_mb)


def write(path: Path, minute: NDArray[np.int16], times: int, rate_hz: int) -> None:
    codec, layout = CODECS[path.suffix]
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=rate_hz)
        stream.layout = "mono"
        resampler = av.AudioResampler(
            layout, "mono", rate_hz, frame_size=stream.codec_context.frame_size or 0
        )
        for _ in range(times):
            for start in range(0, len(minute), rate_hz):
                frame = av.AudioFrame.from_ndarray(minute[None, start : start + rate_hz], "s16", "mono")
                frame.sample_rate = rate_hz
                for ready in resampler.resample(frame):
                    container.mux(stream.encode(ready))
        for ready in resampler.resample(None):
            container.mux(stream.encode(ready))
        container.mux(stream.encode(None))
