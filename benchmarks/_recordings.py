"""Finds the recordings that speed is measured on, and lays out parts of them as a user would have them."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import soundfile

from voicewright.recordings.listing import list_recordings
from voicewright.recordings.metadata import read_transcripts

if TYPE_CHECKING:
    from collections.abc import Mapping

ROOT = Path(__file__).resolve().parents[1]
LJSPEECH = ROOT.parent / "shared" / "speech" / "ljspeech" / "mp3"
SAMPLES = ROOT / "examples" / "recordings"


@dataclass(frozen=True, slots=True)
class Recordings:
    """Clips of one speaker with their texts."""

    title: str
    clips: Mapping[Path, str]
    """The text of each clip, in the order of the names."""
    lengths_s: Mapping[Path, float]
    """Of each clip, pauses included."""

    @property
    def length_s(self) -> float:
        """Of all clips together."""
        return sum(self.lengths_s[path] for path in self.clips)

    def first(self, seconds: float) -> Recordings:
        """The first clips that together hold at least this many seconds; all where there is less."""
        kept: dict[Path, str] = {}
        for path, text in self.clips.items():
            if sum(self.lengths_s[one] for one in kept) >= seconds:
                break
            kept[path] = text
        return replace(self, clips=kept)

    def lay_out(self, folder: Path) -> Path:
        """Copy the clips into a new folder, with `metadata.csv` in LJSpeech form.

        Copies and no links: intake refuses links that lead out of the folder.
        """
        folder.mkdir(parents=True)
        for path in self.clips:
            shutil.copyfile(path, folder / path.name)
        lines = [f"{path.stem}|{text}\n" for path, text in self.clips.items()]
        (folder / "metadata.csv").write_text("".join(lines), encoding="utf-8")
        return folder


def find_recordings(folder: Path | None = None) -> Recordings:
    """The recordings of a folder that have a text; by default LJ Speech, or the samples, said aloud."""
    if folder is None and not LJSPEECH.is_dir():
        print(f"There are no recordings in {LJSPEECH}: the sample recordings take their place.\n")
    chosen = (folder or (LJSPEECH if LJSPEECH.is_dir() else SAMPLES)).resolve()
    source = read_transcripts(chosen)
    if not source.texts:
        source = read_transcripts(chosen.parent)
    files = list_recordings(chosen).files
    keys = source.match(file.relative for file in files)
    clips = {file.path: source.texts[keys[file.relative]] for file in files if file.relative in keys}
    if not clips:
        raise SystemExit(f"{chosen}: no recording has a text. Put metadata.csv (id|text) beside them.")
    lengths_s = {path: float(soundfile.info(path).duration) for path in clips}
    return Recordings(f"{chosen.parent.name}/{chosen.name}", clips, lengths_s)
