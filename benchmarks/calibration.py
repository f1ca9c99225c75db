"""Make the calibration table of docs/evaluation.md: what the judges say of real, spoilt and synthetic speech.

    python benchmarks/calibration.py [--speech ../shared/speech]

Prints markdown on standard output. Takes minutes, nearly all of them in the judges of naturalness and words.
"""

from __future__ import annotations

import argparse
import math
import os
import platform
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import soundfile
from numpy.typing import NDArray
from scipy.signal import butter, fftconvolve, sosfilt

import espeak_reference
from _report import table
from voicewright.audio.decode import read_mono
from voicewright.audio.resample import resample
from voicewright.quality import maps
from voicewright.quality.measurer import Measurer
from voicewright.quality.wer import word_error_rate

if TYPE_CHECKING:
    from collections.abc import Sequence

Samples: TypeAlias = NDArray[np.float32]
Spoil: TypeAlias = Callable[[Samples], Samples]

RATE_HZ = 22_050
LANGUAGE = "en-us"
WOMEN = frozenset({"LJ", "1998", "3331"})
JUDGED_CLIPS = 4
"""Of each speaker, for naturalness and words; the speaker judge hears all."""


@dataclass(frozen=True)
class Speaker:
    """One person's clips; texts where they are known."""

    name: str
    paths: tuple[Path, ...]
    texts: tuple[str, ...] = ()


@dataclass
class Row:
    """One line of the table: the figures of every sample of one kind."""

    title: str
    cosines: list[float] = field(default_factory=list)
    ovrl: list[float] = field(default_factory=list)
    sig: list[float] = field(default_factory=list)
    bak: list[float] = field(default_factory=list)
    pairs: list[tuple[str, str]] = field(default_factory=list)


def speakers_in(speech_dir: Path) -> list[Speaker]:
    """Find the LJ Speech reader and the LibriSpeech readers."""
    rows = (speech_dir / "ljspeech" / "metadata.csv").read_text(encoding="utf-8").splitlines()
    texts = {row.split("|")[0]: row.split("|")[-1] for row in rows if row.strip()}
    clips = tuple(sorted((speech_dir / "ljspeech" / "wavs").glob("*.flac")))
    found = [Speaker("LJ", clips, tuple(texts[clip.stem] for clip in clips))]
    folders = sorted((speech_dir / "librispeech").iterdir())
    return found + [Speaker(folder.name, tuple(sorted(folder.glob("*.flac")))) for folder in folders]


def noisy(snr_db: float) -> Spoil:
    """Add white noise at a signal-to-noise ratio over the whole clip."""

    def spoil(samples: Samples) -> Samples:
        level = float(np.sqrt(np.mean(np.square(samples)))) * 10 ** (-snr_db / 20)
        noise = np.random.default_rng(len(samples)).standard_normal(len(samples)) * level
        return np.asarray(samples + noise, dtype=np.float32)

    return spoil


def telephone(samples: Samples) -> Samples:
    """Keep 300-3400 Hz, as a telephone line does."""
    band = butter(6, (300, 3400), "bandpass", fs=RATE_HZ, output="sos")
    return np.asarray(sosfilt(band, samples), dtype=np.float32)


def clipped(samples: Samples) -> Samples:
    """Overdrive by 20 dB into the stops."""
    loud = samples / max(1e-9, float(np.abs(samples).max())) * 10
    return np.asarray(np.clip(loud, -1, 1) * 0.7, dtype=np.float32)


def echoing(samples: Samples) -> Samples:
    """Put the speaker into a bare room with a reverberation time of 0.8 s."""
    times_s = np.arange(int(0.8 * RATE_HZ)) / RATE_HZ
    tail = np.random.default_rng(0).standard_normal(len(times_s)) * np.exp(-6.9 * times_s / 0.8) * 0.05
    tail[0] = 1.0
    return np.asarray(fftconvolve(samples, tail)[: len(samples)], dtype=np.float32)


def raised(samples: Samples) -> Samples:
    """Play 12 % faster: pitch and formants of a smaller person."""
    return resample(samples, int(RATE_HZ * 1.12), RATE_HZ)


SPOILS: dict[str, Spoil] = {
    "white noise, 30 dB": noisy(30),
    "white noise, 20 dB": noisy(20),
    "white noise, 10 dB": noisy(10),
    "telephone band": telephone,
    "bare room, 0.8 s": echoing,
    "overdriven by 20 dB": clipped,
    "12 % higher": raised,
}


class Bench:
    """The judges and what they already know."""

    def __init__(self, measurer: Measurer, work_dir: Path) -> None:
        self._measurer = measurer
        self._work_dir = work_dir
        self._written = 0
        self._rows: dict[Path, Samples] = {}

    def write(self, samples: Samples, rate_hz: int = RATE_HZ) -> Path:
        """Write a sample aside for the judges."""
        self._written += 1
        path = self._work_dir / f"{self._written:05d}.wav"
        soundfile.write(path, np.clip(samples, -1, 1), rate_hz, subtype="PCM_16")
        return path

    def rows(self, paths: Sequence[Path]) -> Samples:
        """Embed clips, each once however often it is asked for."""
        new = [path for path in paths if path not in self._rows]
        self._rows |= zip(new, self._measurer.speaker_embeddings(new), strict=True)
        return np.stack([self._rows[path] for path in paths])

    def centroid(self, paths: Sequence[Path]) -> Samples:
        """The direction of a voice: the mean of its clips' embeddings at length 1."""
        mean = np.nanmean(self.rows(paths), axis=0)
        return np.asarray(mean / np.linalg.norm(mean), dtype=np.float32)

    def joined(self, paths: Sequence[Path]) -> Samples:
        """Embed clips as one utterance."""
        return self._measurer.speaker_embedding_of_all(paths)

    def apart(self, paths: Sequence[Path], target: Samples) -> list[float]:
        """Cosine of each clip to a centroid."""
        return [float(row @ target) for row in self.rows(paths)]

    def hear(self, row: Row, paths: Sequence[Path], texts: Sequence[str] = ()) -> None:
        """Add naturalness, and words where the texts are known."""
        for said in self._measurer.dnsmos(paths):
            row.ovrl.append(said.ovrl)
            row.sig.append(said.sig)
            row.bak.append(said.bak)
        if texts:
            heard = self._measurer.recognise(paths, LANGUAGE)
            row.pairs += [(text, said.text) for text, said in zip(texts, heard, strict=True)]


def speaker_table(bench: Bench, speakers: Sequence[Speaker]) -> list[Row]:
    """Who sounds like whom: halves of one person's clips against each other, and people against people."""
    same = Row("one person: half of the clips, joined, to the other half")
    clip = Row("one person: one clip to the other half")
    near = Row("two people of one sex: half of the clips, joined")
    far = Row("a woman and a man: half of the clips, joined")
    other = Row("two people of one sex: one clip")
    centroids = {(s.name, half): bench.centroid(s.paths[half::2]) for s in speakers for half in (0, 1)}
    for s in speakers:
        for half in (0, 1):
            paths = s.paths[half::2]
            whole = bench.joined(paths)
            same.cosines.append(float(whole @ centroids[s.name, 1 - half]))
            clip.cosines += bench.apart(paths, centroids[s.name, 1 - half])
            for t in speakers:
                if t is s:
                    continue
                alike = (s.name in WOMEN) == (t.name in WOMEN)
                (near if alike else far).cosines.append(float(whole @ centroids[t.name, 1 - half]))
                if alike:
                    other.cosines += bench.apart(paths, centroids[t.name, 1 - half])
    return [same, clip, near, far, other]


def quality_table(bench: Bench, speakers: Sequence[Speaker]) -> list[Row]:
    """What recordings, spoilt recordings and espeak-ng are like, against the other half of the clips."""
    rows = [Row("recordings as they are")] + [Row(title) for title in SPOILS]
    synthetic = Row("espeak-ng, raw")
    for s in speakers:
        target = bench.centroid(s.paths[1::2])
        paths, texts = s.paths[::2][:JUDGED_CLIPS], s.texts[::2][:JUDGED_CLIPS]
        clean = [read_mono(path, RATE_HZ) for path in paths]
        for row, spoil in zip(rows, [lambda x: x, *SPOILS.values()], strict=True):
            spoilt = [bench.write(spoil(samples)) for samples in clean]
            row.cosines.append(float(bench.joined(spoilt) @ target))
            bench.hear(row, spoilt, texts)
        if texts:
            spoken = [bench.write(espeak_reference.speak(text)) for text in texts]
            bench.hear(synthetic, spoken, texts)
        else:
            spoken = [bench.write(espeak_reference.speak(text)) for text in speakers[0].texts[:JUDGED_CLIPS]]
        synthetic.cosines.append(float(bench.joined(spoken) @ target))
        print(f"{s.name} done", file=sys.stderr)
    return [*rows, synthetic]


def spread_table(bench: Bench, speakers: Sequence[Speaker]) -> list[tuple[str, float]]:
    """How much the speaker cosine varies from clip to clip: one person, and two who take turns."""
    lines = []
    for s in speakers:
        own = bench.apart(s.paths[::2], bench.centroid(s.paths[1::2]))
        lines.append((f"{s.name}, clip by clip", float(np.std(own))))
    for s, t in zip(speakers, [*speakers[1:], speakers[0]], strict=True):
        target = bench.centroid(s.paths[1::2])
        mixed = bench.apart(s.paths[:8:2], target) + bench.apart(t.paths[:8:2], target)
        lines.append((f"{s.name} and {t.name} in turn", float(np.std(mixed))))
    return lines


def mean(values: Sequence[float]) -> float:
    """The mean, NaN of nothing."""
    return float(np.mean(values)) if values else math.nan


def cell(value: float, digits: int = 2) -> str:
    """Write a figure; nothing where there is none."""
    return "" if math.isnan(value) else f"{value:.{digits}f}"


def report(bench: Bench, speakers: Sequence[Speaker]) -> str:
    """Measure everything and write it as markdown."""
    who = table(
        ["pair", "n", "cosine", "lowest", "highest", "similarity"],
        [
            [
                row.title,
                str(len(row.cosines)),
                cell(mean(row.cosines), 3),
                cell(min(row.cosines), 3),
                cell(max(row.cosines), 3),
                cell(mean([maps.similarity(value) for value in row.cosines])),
            ]
            for row in speaker_table(bench, speakers)
        ],
    )
    lines = []
    for row in quality_table(bench, speakers):
        wer = word_error_rate(row.pairs)
        lines.append(
            [
                row.title,
                cell(mean(row.cosines), 3),
                cell(mean([maps.similarity(value) for value in row.cosines])),
                " / ".join(cell(mean(values)) for values in (row.ovrl, row.sig, row.bak)),
                cell(maps.naturalness(mean(row.ovrl))),
                cell(math.nan if wer is None else wer),
                cell(math.nan if wer is None else maps.clarity(wer)),
            ]
        )
    what = table(
        ["sound", "cosine", "similarity", "OVRL / SIG / BAK", "naturalness", "WER", "clarity"], lines
    )
    spread = table(
        ["speech", "spread", "consistency"],
        [
            [title, cell(value, 3), cell(maps.consistency(value))]
            for title, value in spread_table(bench, speakers)
        ],
    )
    return f"{who}\n\n{what}\n\n{spread}"


def main() -> None:
    """Run the measurements on the recordings beside the repository."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    beside = Path(__file__).resolve().parents[2] / "shared" / "speech"
    parser.add_argument("--speech", type=Path, default=beside, help="the folder of real recordings")
    options = parser.parse_args()
    if not options.speech.is_dir():
        raise SystemExit(f"There are no recordings in {options.speech}. Name their folder with --speech.")
    started = time.monotonic()
    with Measurer() as measurer, tempfile.TemporaryDirectory() as folder:
        print(report(Bench(measurer, Path(folder)), speakers_in(options.speech)))
    print(
        f"\n`python benchmarks/calibration.py`, {time.monotonic() - started:.0f} s on {os.cpu_count()} "
        f"processors ({platform.machine()}), Python {platform.python_version()}."
    )


if __name__ == "__main__":
    main()
