from __future__ import annotations

import subprocess
import sys

import pytest
import soundfile

HOUR_S = 3600
RATE_HZ = 16_000
BUDGET_MB = 60
"""An hour at 22,050 Hz in 32-bit floats would be 318 MB."""

PROGRAM = """
import resource, sys
from pathlib import Path
from voicewright.recordings.intake import take_in

def peak_mb():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024

source, work = Path(sys.argv[1]), Path(sys.argv[2])
take_in(source / "short.flac", work / "short", measurer=None)
before = peak_mb()
report = take_in(source / "long.flac", work / "long", measurer=None)
print(len(report.clips), round(report.speech_s), peak_mb() - before)
"""


@pytest.mark.slow
def test_an_hour_needs_no_more_memory_than_a_minute(speech, tmp_path):
    minute = speech(60, RATE_HZ)
    soundfile.write(tmp_path / "short.flac", minute, RATE_HZ)
    with soundfile.SoundFile(tmp_path / "long.flac", "w", RATE_HZ, 1, format="FLAC") as out:
        for _ in range(HOUR_S // 60):
            out.write(minute)
    command = [sys.executable, "-c", PROGRAM, str(tmp_path), str(tmp_path / "work")]
    found = subprocess.run(command, capture_output=True, text=True, check=True)
    clips, speech_s, growth_mb = found.stdout.split()
    assert int(clips) > HOUR_S / 15
    assert int(speech_s) > 0.5 * HOUR_S
    assert float(growth_mb) < BUDGET_MB
