"""Makes the sample recordings beside it with flite's `rms` voice, the same bytes each time.

Needs flite 2.2 (`apt install flite`) and the project's environment:

    .venv/bin/python examples/recordings/make_recordings.py
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import soundfile

HERE = Path(__file__).resolve().parent
VOICE = "rms"


def main() -> int:
    """Speak every line of `metadata.csv` into a FLAC file of its name."""
    flite = shutil.which("flite")
    if flite is None:
        print("error: flite is not installed: apt install flite", file=sys.stderr)
        return 1
    total_s = 0.0
    lines = (HERE / "metadata.csv").read_text(encoding="utf-8").splitlines()
    with tempfile.TemporaryDirectory() as folder:
        wav = Path(folder) / "clip.wav"
        for line in lines:
            clip_id, text = line.split("|", maxsplit=1)
            subprocess.run([flite, "-voice", VOICE, "-t", text, "-o", str(wav)], check=True)
            samples, sample_rate_hz = soundfile.read(str(wav), dtype="int16")
            soundfile.write(
                str(HERE / f"{clip_id}.flac"),
                samples,
                sample_rate_hz,
                subtype="PCM_16",
                compression_level=1.0,
            )
            total_s += len(samples) / sample_rate_hz
    print(f"{len(lines)} clips, {total_s:.0f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
