"""What survives of the watermark and of the fingerprints, what they cost, and how often they are wrong.

python benchmarks/provenance.py [--clips 24] [--speeches 2000] [--no-quality]

Clips of real speech are marked as they would be while they stream, in blocks of 0.2 s. Then much is done to
them, and each result is listened to and looked for among `--speeches` others. The false alarms are those of
all recordings, unmarked, in windows of 3 s.
"""

from __future__ import annotations

import argparse
import io
import statistics
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypeAlias

import av
import numpy as np
from numpy.typing import NDArray
from psycopg import sql

from _recordings import ROOT, SAMPLES
from _report import machine, table
from voicewright.audio.decode import read_mono
from voicewright.audio.encode import write_audio
from voicewright.audio.resample import resample
from voicewright.db.server import Database
from voicewright.provenance import sounds
from voicewright.provenance.claims import Claim
from voicewright.provenance.fingerprints import Prints, fingerprint
from voicewright.provenance.identifying import identify, remember
from voicewright.provenance.listener import FOUND, WatermarkListener
from voicewright.provenance.marker import Marker
from voicewright.provenance.matching import Sought
from voicewright.quality.measurer import Measurer
from voicewright.settings import Settings

Samples: TypeAlias = NDArray[np.float32]
Attack: TypeAlias = Callable[[Samples], Samples]

SPEECH = ROOT.parent / "shared" / "speech"
RATE_HZ = 24_000
BLOCK = RATE_HZ // 5
QUALITY_CLIPS = 12


@dataclass(frozen=True, slots=True)
class Clip:
    """Some speech, as it is and marked, and what it was remembered as."""

    path: Path
    plain: Samples
    marked: Samples
    id: uuid.UUID


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--clips", type=int, default=24, help="clips to which everything is done")
    parser.add_argument("--speeches", type=int, default=2000, help="other speeches that are remembered")
    parser.add_argument("--no-quality", action="store_true", help="leave DNSMOS and the speaker out")
    arguments = parser.parse_args()
    paths = find_speech()
    with tempfile.TemporaryDirectory(dir="/tmp") as folder, Marker("required") as marker:
        print(f"{machine()}; {len(paths)} recordings in {paths[0].parents[1].name}\n")
        clips = mark_all(paths[:: max(1, len(paths) // arguments.clips)][: arguments.clips], marker)
        with closing(Ear(Path(folder))) as ear:
            print_false_alarms(paths, ear)
            with Database.open(Settings(home=Path(folder) / "home")) as database:
                print_index(database, clips, arguments.speeches)
                print_survival(clips, ear, database)
        if not arguments.no_quality:
            print_quality(clips[:QUALITY_CLIPS], Path(folder))


def find_speech() -> list[Path]:
    """The recordings beside the repository; where they are absent, the samples."""
    folder = SPEECH if SPEECH.is_dir() else SAMPLES
    return sorted(path for path in folder.rglob("*.flac") if path.is_file())


def blocks(samples: Samples) -> Iterator[Samples]:
    """As an engine would give them."""
    for start in range(0, len(samples), BLOCK):
        yield samples[start : start + BLOCK]


def mark_all(paths: Sequence[Path], marker: Marker) -> list[Clip]:
    """Mark the clips as they stream; print what that costs."""
    plain = [read_mono(path, RATE_HZ) for path in paths]
    began_s = time.perf_counter()
    marker.warm()
    start_s = time.perf_counter() - began_s
    clips, first_ms = [], []
    took_s = 0.0
    for path, samples in zip(paths, plain, strict=True):
        began_s = time.perf_counter()
        stream = marker.mark(blocks(samples), RATE_HZ)
        first = next(stream)
        first_ms.append((time.perf_counter() - began_s) * 1000)
        marked = np.concatenate([first, *stream])
        took_s += time.perf_counter() - began_s
        clips.append(Clip(path, samples, marked, uuid.uuid4()))
    length_s = sum(map(len, plain)) / RATE_HZ
    began_s = time.perf_counter()
    for samples in plain:
        fingerprint(samples, RATE_HZ).prints()
    prints_s = time.perf_counter() - began_s
    rows = [
        ["start of the process", f"{start_s * 1000:.0f} ms"],
        ["first block of 0.2 s, median", f"{statistics.median(first_ms):.1f} ms"],
        ["first block of 0.2 s, slowest", f"{max(first_ms):.1f} ms"],
        ["a whole speech in such blocks", f"{length_s / took_s:.0f} x real time"],
        ["its fingerprint", f"{length_s / prints_s:.0f} x real time"],
    ]
    print(table(["marking", "measured"], rows), end="\n\n")
    return clips


class Ear:
    """Listens as `voicewright verify` does."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "samples"
        self._listener = WatermarkListener()

    def close(self) -> None:
        """End its process."""
        self._listener.close()

    def __call__(self, samples: Samples) -> float | None:
        """How surely a sound is marked; None: it can't be told."""
        sound = np.clip(resample(samples, RATE_HZ, sounds.RATE_HZ), -1, 1)
        self._path.write_bytes((sound * 32767).astype("<i2").tobytes())
        return self._listener.listen(sounds.Sound(self._path, len(sound), "wav")).confidence


def print_false_alarms(paths: Sequence[Path], ear: Ear) -> None:
    """How sure the listener is of what nobody marked: of each file, in its most suspicious window."""
    sure = [one for one in (ear(read_mono(path, RATE_HZ)) for path in paths) if one is not None]
    rows = [
        ["files", f"{len(paths)}"],
        *(
            [f"files at {limit:g} and above", f"{sum(one >= limit for one in sure)}"]
            for limit in (0.3, 0.4, 0.5)
        ),
        [f"files that are called marked ({FOUND:g} and above)", f"{sum(one >= FOUND for one in sure)}"],
        ["the surest", f"{max(sure):.2f}"],
    ]
    print(table(["unmarked speech", "measured"], rows), end="\n\n")


def print_index(database: Database, clips: Sequence[Clip], speeches: int) -> None:
    """Remember the clips among others; print what that and looking for them costs."""
    prints = np.concatenate([fingerprint(clip.plain, RATE_HZ).prints() for clip in clips])
    enter_others(database, prints[prints != 0], speeches)
    enter_ms, find_ms = [], []
    for clip in clips:
        heard_whole = fingerprint(clip.marked, RATE_HZ)
        someone = uuid.uuid4()
        began_s = time.perf_counter()
        with database.session() as session:
            remember(session, Claim(clip.id, someone, someone, 1, someone, "benchmark"), heard_whole)
        enter_ms.append((time.perf_counter() - began_s) * 1000)
    for clip in clips:
        sought = Sought(fingerprint(clip.marked[: 10 * RATE_HZ], RATE_HZ))
        began_s = time.perf_counter()
        with database.session() as session:
            identify(session, sought)
        find_ms.append((time.perf_counter() - began_s) * 1000)
    with database.session() as session:
        size = session.connection().exec_driver_sql("SELECT pg_total_relation_size('speech_fingerprints')")
        kib = size.scalar_one() / (speeches + len(clips)) / 1024
    rows = [
        ["speeches that are remembered", f"{speeches + len(clips)}"],
        ["remember one, median", f"{statistics.median(enter_ms):.1f} ms"],
        ["find up to 10 s of one, median", f"{statistics.median(find_ms):.1f} ms"],
        ["find up to 10 s of one, slowest", f"{max(find_ms):.1f} ms"],
        ["a speech of 10 s on the disk, with its index", f"{kib:.1f} KiB"],
    ]
    print(table(["fingerprints", "measured"], rows), end="\n\n")


def enter_others(database: Database, real: Prints, count: int) -> None:
    """Speeches of 3 to 17 s made of real prints, with six bits in each changed at random."""
    rng = np.random.default_rng(1)
    columns = "synthesis_id, user_id, owner_id, model_id, model_version, engine, made_at, duration_s, prints"
    index = "ix_speech_fingerprints_prints"
    with database.engine.begin() as connection:
        cursor = connection.connection.cursor()
        cursor.execute(f"DROP INDEX {index}")
        command = sql.SQL("COPY speech_fingerprints ({}) FROM STDIN").format(sql.SQL(columns))
        with cursor.copy(command) as copy:
            for _ in range(count):
                length = int(rng.integers(60, 370))
                prints = rng.choice(real, length).astype(np.int64)
                for _ in range(6):
                    prints ^= np.int64(1) << rng.integers(0, 32, length)
                someone = uuid.uuid4()
                row = (someone, someone, someone, someone, 1, "benchmark", "now", length / 21.55)
                copy.write_row((*row, prints.astype(np.uint64).astype(np.uint32).view(np.int32).tolist()))
        cursor.execute(f"CREATE INDEX {index} ON speech_fingerprints USING gin (prints)")
        cursor.execute("ANALYZE speech_fingerprints")


def print_survival(clips: Sequence[Clip], ear: Ear, database: Database) -> None:
    """What is found of marked and remembered clips after each attack."""
    rows = []
    for name, attack in attacks().items():
        sure: list[float | None] = []
        right = wrong = 0
        for clip in clips:
            changed = attack(clip.marked)
            sure.append(ear(changed))
            found = look_for(changed, database, search_speeds=name.startswith("speed"))
            right += clip.id in found
            wrong += bool(found - {clip.id})
        known = [one for one in sure if one is not None]
        middle = f"{statistics.median(known):.2f}" if known else ""
        marked = sum(one >= FOUND for one in known)
        rows.append(
            [name, f"{marked}/{len(clips)}", middle, f"{right}/{len(clips)}", f"{wrong}/{len(clips)}"]
        )
    header = ["after", "watermark found", "confidence, median", "speech identified", "another one named"]
    print(table(header, rows), end="\n\n")


def look_for(samples: Samples, database: Database, *, search_speeds: bool) -> set[uuid.UUID]:
    """The speeches that are in a sound, as `voicewright verify` finds them."""
    speeds = (1.0, 1.02, 0.98, 1.04, 0.96, 1.06, 0.94, 1.08, 0.92, 1.1, 0.9) if search_speeds else (1.0,)
    for speed in speeds:
        sought = Sought(fingerprint(samples, round(RATE_HZ / speed)))
        with database.session() as session:
            found = identify(session, sought, with_doubts=speed == 1.0)
            if found:
                return {one.speech.synthesis_id for one in found}
    return set()


def attacks() -> Mapping[str, Attack]:
    """What is done to the clips."""
    rng = np.random.default_rng(2)
    found: dict[str, Attack] = {"nothing": lambda samples: samples}
    for kbit in (128, 64):
        found[f"MP3, {kbit} kbit/s"] = partial(coded, codec="libmp3lame", container="mp3", kbit=kbit)
    for kbit in (64, 32):
        found[f"Opus, {kbit} kbit/s"] = partial(
            coded, codec="libopus", container="ogg", kbit=kbit, rate_hz=48_000
        )
    for rate_hz in (8000, 16_000, 48_000):
        found[f"resampled to {rate_hz // 1000} kHz"] = partial(through_rate, rate_hz=rate_hz)
    for length_s in (3.0, 1.0, 0.5):
        found[f"cut to {length_s:g} s"] = partial(cut, length_s=length_s, rng=rng)
    for gain_db in (12, -12):
        found[f"gain {gain_db:+d} dB"] = partial(louder, gain_db=gain_db)
    found["clipped, 12 dB over"] = lambda samples: np.clip(louder(samples, 12), -0.7, 0.7)
    for snr_db in (30, 20, 10):
        found[f"noise, {snr_db} dB below"] = partial(noisy, snr_db=snr_db, rng=rng)
    for percent in (2, -2, 5, -5, 10, -10):
        found[f"speed {percent:+d} %"] = partial(faster, factor=1 + percent / 100)
    return found


def coded(samples: Samples, *, codec: str, container: str, kbit: int, rate_hz: int = RATE_HZ) -> Samples:
    """Through an encoder and a decoder."""
    file = io.BytesIO()
    sound = (np.clip(resample(samples, RATE_HZ, rate_hz), -1, 1) * 32767).astype(np.int16)
    with av.open(file, "w", format=container) as output:
        stream: Any = output.add_stream(codec, rate=rate_hz, layout="mono")
        stream.bit_rate = kbit * 1000
        frame = av.AudioFrame.from_ndarray(sound[np.newaxis], format="s16", layout="mono")
        frame.sample_rate = rate_hz
        context = stream.codec_context
        cutter = av.AudioResampler(context.format, "mono", rate_hz, frame_size=context.frame_size or 960)
        for part in [*cutter.resample(frame), *cutter.resample(None)]:
            output.mux(stream.encode(part))
        output.mux(stream.encode(None))
    with tempfile.NamedTemporaryFile(suffix=f".{container}") as target:
        target.write(file.getvalue())
        target.flush()
        return read_mono(Path(target.name), RATE_HZ)


def through_rate(samples: Samples, *, rate_hz: int) -> Samples:
    """To another rate and back."""
    return resample(resample(samples, RATE_HZ, rate_hz), rate_hz, RATE_HZ)


def cut(samples: Samples, *, length_s: float, rng: np.random.Generator) -> Samples:
    """A part in which somebody speaks: of ten at random, the loudest."""
    length = round(length_s * RATE_HZ)
    starts = rng.integers(0, max(1, len(samples) - length), 10)
    parts = [samples[start : start + length] for start in starts]
    return max(parts, key=lambda part: float(np.square(part).sum()))


def louder(samples: Samples, gain_db: float) -> Samples:
    """Without clipping."""
    return np.asarray(samples * 10 ** (gain_db / 20), dtype=np.float32)


def noisy(samples: Samples, *, snr_db: float, rng: np.random.Generator) -> Samples:
    """With white noise so far below the speech, pauses included."""
    level = float(np.sqrt(np.mean(np.square(samples)))) * 10 ** (-snr_db / 20)
    return np.asarray(samples + rng.normal(0, level, len(samples)), dtype=np.float32)


def faster(samples: Samples, *, factor: float) -> Samples:
    """As a tape that runs faster: the pitch changes, too."""
    return resample(samples, RATE_HZ, round(RATE_HZ / factor))


def print_quality(clips: Sequence[Clip], folder: Path) -> None:
    """What marking does to the sound: its naturalness, and who is heard in it."""
    before: list[Path] = []
    after: list[Path] = []
    for number, clip in enumerate(clips):
        for samples, paths in ((clip.plain, before), (clip.marked, after)):
            paths.append(folder / f"{number}-{len(after)}-{'ab'[paths is after]}.wav")
            write_audio(paths[-1], [samples], RATE_HZ, "wav", durable=False)
    with Measurer() as measurer:
        natural = [statistics.mean(one.ovrl for one in measurer.dnsmos(paths)) for paths in (before, after)]
        first, second = (measurer.speaker_embeddings(paths) for paths in (before, after))
    cosines = np.sum(first * second, axis=1)
    residuals = [
        10 * np.log10(np.square(clip.plain).sum() / np.square(clip.marked - clip.plain).sum())
        for clip in clips
    ]
    rows = [
        ["DNSMOS OVRL before", f"{natural[0]:.2f}"],
        ["DNSMOS OVRL after", f"{natural[1]:.2f}"],
        ["cosine of the speaker, before to after, mean", f"{cosines.mean():.3f}"],
        ["the same, least", f"{cosines.min():.3f}"],
        ["the mark lies below the speech by", f"{statistics.mean(residuals):.1f} dB"],
    ]
    print(table([f"quality, {len(clips)} clips", "measured"], rows))


if __name__ == "__main__":
    main()
