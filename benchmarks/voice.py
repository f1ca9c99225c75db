"""Train voices through the command line and measure them against held-out recordings (`make bench-voice`).

    python benchmarks/voice.py [--quick]        # train, speak, measure, print the tables
    python benchmarks/voice.py score DIR ...    # measure folders of spoken sentences

A folder to score holds `<id>.wav` and `texts.json` ({id: text}), `texts.tsv` (id, tab, text) or
`metadata.csv` (id|text); the ids of this benchmark's own sentences are known. Files without a text count for
the speaker and the naturalness only.

Cosines are between Resemblyzer's embedding of all sentences, one after the other, and the centroid of the
held-out recordings; DNSMOS is the mean over the sentences; words are heard by pocketsphinx. The sentences are
the eight that the platform judges every voice by, and eight short plain ones; the texts of the held-out
recordings, long and full of names, are listed apart.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import soundfile
from numpy.typing import NDArray

import espeak_reference
from _report import machine, megabytes, table
from voicewright.db.server import Database
from voicewright.engines.client import EngineClient
from voicewright.engines.port import SynthesisRequest
from voicewright.engines.registry import get_engine
from voicewright.quality.measurer import Measurer
from voicewright.quality.sentences import test_sentences
from voicewright.quality.wer import word_error_rate, words_of
from voicewright.settings import Settings
from voicewright.voices.service import VoiceService

Speak: TypeAlias = Callable[[str, Path], None]
"""Says a text into a WAV file."""
Centroid: TypeAlias = NDArray[np.float32]

SPEECH_DIR = Path(__file__).resolve().parents[2] / "shared" / "speech"
LANGUAGE = "en-us"
HELD_OUT = ("LJ001-0029", "LJ001-0030", "LJ001-0031", "LJ001-0032")
PLAIN = {
    "X00": "The boy was there when the sun rose.",
    "X01": "A large size in stockings is hard to sell.",
    "X02": "She had your dark suit in greasy wash water all year.",
    "X03": "They told him that the letter would arrive in the morning.",
    "X04": "The government said that the new law will help people find work.",
    "X05": "I have never seen so many people in one place before.",
    "X06": "We will go to the market and buy some bread and milk for dinner.",
    "X07": "The weather was cold and the roads were covered with snow.",
}
UNSEEN = PLAIN | {f"Q{number:02d}": text for number, text in enumerate(test_sentences(LANGUAGE))}
LIBRISPEECH = ("1998", "3331", "2609", "3005")
ANOTHER_WOMAN = "1998"
LIBRISPEECH_HELD_OUT = 2
"""The last clips of each LibriSpeech reader are kept out of training."""


@dataclass(frozen=True)
class Score:
    """The figures of one voice, or of recordings in its place."""

    name: str
    cosine: float
    """Of the sentences, one after the other; NaN where there is no target."""
    ovrl: float
    sig: float
    bak: float
    wer: float | None
    """On the unseen sentences."""
    wer_held_out: float | None
    """On the texts of the held-out recordings, longer and harder."""
    wer_all: float | None
    """On both, pooled over the words."""
    seconds: float
    """Of speech that was judged."""


@dataclass(frozen=True)
class Goal:
    """Figures to reach; None where nothing is asked."""

    cosine: float
    ovrl: float | None = None
    wer: float | None = None

    def missed_by(self, score: Score) -> list[str]:
        """The figures that were not reached."""
        missed = [] if score.cosine >= self.cosine else ["cosine"]
        if self.ovrl is not None and score.ovrl < self.ovrl:
            missed.append("OVRL")
        if self.wer is not None and (score.wer is None or score.wer > self.wer):
            missed.append("WER")
        return missed

    def __str__(self) -> str:
        return " / ".join(figure(value) for value in (self.cosine, self.ovrl, self.wer) if value is not None)


@dataclass(frozen=True)
class Case:
    """One voice to train: from how much of whose speech."""

    name: str
    clips: tuple[Path, ...]
    texts: Mapping[str, str] | None
    """By clip id; None trains without transcripts."""
    references: tuple[Path, ...]
    """Held-out recordings of the same person."""
    must: Goal | None = None
    aim: Goal | None = None


@dataclass(frozen=True)
class Trained:
    """What the command line said about a training."""

    report: Mapping[str, Any]
    wall_s: float


def ljspeech_clips() -> tuple[Path, ...]:
    """The LJ clips that may be trained on, in order."""
    clips = sorted((SPEECH_DIR / "ljspeech" / "wavs").glob("*.flac"))
    return tuple(clip for clip in clips if clip.stem not in HELD_OUT)


def held_out_clips() -> tuple[Path, ...]:
    """The LJ clips that are only measured against."""
    return tuple(SPEECH_DIR / "ljspeech" / "wavs" / f"{name}.flac" for name in HELD_OUT)


def ljspeech_texts() -> dict[str, str]:
    """The normalised transcripts of the LJ clips, by id."""
    path = SPEECH_DIR / "ljspeech" / "metadata.csv"
    rows = [line.split("|") for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    return {row[0]: row[-1] for row in rows}


def librispeech_clips(speaker: str) -> tuple[Path, ...]:
    """All clips of one LibriSpeech reader."""
    return tuple(sorted((SPEECH_DIR / "librispeech" / speaker).glob("*.flac")))


def length_s(path: Path) -> float:
    """How long a recording is."""
    return float(soundfile.info(path).duration)


def first_seconds(clips: Iterable[Path], seconds: float) -> tuple[Path, ...]:
    """The first clips that together hold at least this much sound."""
    chosen: list[Path] = []
    for clip in clips:
        if sum(map(length_s, chosen)) >= seconds:
            break
        chosen.append(clip)
    return tuple(chosen)


def cases(*, quick: bool) -> list[Case]:
    """The voices of the benchmark, the main one first."""
    clips, texts, references = ljspeech_clips(), ljspeech_texts(), held_out_clips()
    main = Case("LJ, 195 s", clips, texts, references, Goal(0.92, 2.85, 0.30), Goal(0.95, 3.1, 0.12))
    if quick:
        return [main]
    return [
        main,
        Case("LJ, 60 s", first_seconds(clips, 60), texts, references, Goal(0.89), Goal(0.93)),
        Case("LJ, 20 s", first_seconds(clips, 20), texts, references, Goal(0.84), Goal(0.89)),
        Case("LJ, 195 s, no transcripts", clips, None, references, Goal(0.88), Goal(0.93)),
        *(librispeech_case(speaker) for speaker in LIBRISPEECH),
    ]


def librispeech_case(speaker: str) -> Case:
    """A LibriSpeech reader, without transcripts, the last clips held out."""
    clips = librispeech_clips(speaker)
    kept, held = clips[:-LIBRISPEECH_HELD_OUT], clips[-LIBRISPEECH_HELD_OUT:]
    return Case(f"{speaker}, no transcripts", kept, None, held)


def lay_out(case: Case, folder: Path) -> Path:
    """Make the folder that a user would have: the clips and, where known, `metadata.csv`."""
    folder.mkdir(parents=True)
    for clip in case.clips:
        shutil.copyfile(clip, folder / clip.name)
    if case.texts is not None:
        lines = [f"{clip.stem}|{case.texts[clip.stem]}\n" for clip in case.clips]
        (folder / "metadata.csv").write_text("".join(lines), encoding="utf-8")
    return folder


def command_line(home: Path, *arguments: str) -> dict[str, Any]:
    """Run `voicewright ... --json` in a data directory of its own and read what it prints."""
    program = Path(sys.executable).with_name("voicewright")
    environment = {**os.environ, "VOICEWRIGHT_HOME": str(home)}  # noqa: TID251 - handed on to the program
    environment.pop("DATABASE_URL", None)
    done = subprocess.run(
        [str(program), *arguments, "--json"], env=environment, stdout=subprocess.PIPE, check=False
    )
    if done.returncode:
        raise SystemExit(f"voicewright {' '.join(arguments)} ended with status {done.returncode}.")
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def train(case: Case, home: Path, folder: Path) -> Trained:
    """Clone the voice of a case through the command line, as a user would who hears it say a sentence."""
    arguments = ("--name", case.name, "--say", PLAIN["X06"], "--out", str(folder / "said.wav"))
    started = time.monotonic()
    report = command_line(home, "clone", str(lay_out(case, folder / "recordings")), *arguments)
    return Trained(report, time.monotonic() - started)


def speaker_of(case: Case, home: Path, engine: EngineClient) -> Speak:
    """Say texts with the voice of a case, all with one warm engine."""
    settings = Settings(home=home, database_url=None)
    with Database.open(settings) as database:
        voices = VoiceService.open(settings, database)
        voice_dir = voices.materialise(voices.get(case.name))

    def speak(text: str, path: Path) -> None:
        chunks = engine.synthesize(SynthesisRequest(voice_dir, text))
        samples = np.frombuffer(b"".join(chunk.pcm for chunk in chunks), "<i2")
        soundfile.write(path, samples, engine.info.capabilities.sample_rate_hz)

    return speak


def speak_all(speak: Speak, texts: Mapping[str, str], folder: Path) -> Path:
    """Say every text into `<id>.wav`."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in texts.items():
        speak(text, folder / f"{name}.wav")
    return folder


def centroid_of(measurer: Measurer, paths: Sequence[Path]) -> Centroid:
    """The direction of a voice: the mean of its clips' embeddings at length 1."""
    mean = np.nanmean(measurer.speaker_embeddings(paths), axis=0)
    return np.asarray(mean / np.linalg.norm(mean), dtype=np.float32)


def measure_files(
    measurer: Measurer,
    name: str,
    paths: Sequence[Path],
    target: Centroid | None,
    texts: Mapping[str, str],
    *,
    windows: int = 1,
) -> Score:
    """Measure recordings of a voice; words where a clip's text is known by its id."""
    said = [opinion for opinion in measurer.dnsmos(paths, windows) if opinion.is_known]
    known = [path for path in paths if path.stem in texts]
    heard = measurer.recognise(known, LANGUAGE)
    words = {path.stem: (texts[path.stem], clip.text) for path, clip in zip(known, heard, strict=True)}

    def wer(*, held_out: bool) -> float | None:
        return word_error_rate(pair for key, pair in words.items() if key.startswith("LJ") == held_out)

    whole = measurer.speaker_embedding_of_all(paths)
    return Score(
        name=name,
        cosine=math.nan if target is None else float(whole @ target),
        ovrl=float(np.mean([opinion.ovrl for opinion in said])),
        sig=float(np.mean([opinion.sig for opinion in said])),
        bak=float(np.mean([opinion.bak for opinion in said])),
        wer=wer(held_out=False),
        wer_held_out=wer(held_out=True),
        wer_all=word_error_rate(words.values()),
        seconds=sum(map(length_s, paths)),
    )


def measure_voice(
    speak: Speak,
    measurer: Measurer,
    name: str,
    references: Sequence[Path],
    folder: Path,
    *,
    windows: int = 1,
) -> Score:
    """Let a voice say the unseen sentences and the held-out texts, and measure it on the unseen ones.

    The texts of the held-out recordings count for `wer_held_out` alone.
    """
    held_out = {key: text for key, text in ljspeech_texts().items() if key in HELD_OUT}
    unseen = speak_all(speak, UNSEEN, folder / "unseen")
    apart = speak_all(speak, held_out, folder / "held-out")
    target = centroid_of(measurer, references)
    score = measure_files(
        measurer, name, [unseen / f"{key}.wav" for key in UNSEEN], target, UNSEEN, windows=windows
    )
    others = measure_files(
        measurer, name, [apart / f"{key}.wav" for key in held_out], target, held_out, windows=windows
    )
    words, other_words = (sum(len(words_of(text)) for text in some.values()) for some in (UNSEEN, held_out))
    wrong = (score.wer or 0.0) * words + (others.wer_held_out or 0.0) * other_words
    return replace(score, wer_held_out=others.wer_held_out, wer_all=wrong / (words + other_words))


def espeak_says(text: str, path: Path) -> None:
    """Say a text with raw espeak-ng."""
    soundfile.write(path, espeak_reference.speak(text), espeak_reference.RATE_HZ)


def flite_says(text: str, path: Path) -> None:
    """Say a text with the voice of the sample recordings, a synthetic one that is easily understood."""
    subprocess.run(["flite", "-voice", "rms", "-t", text, "-o", str(path)], check=True)


def reference_scores(measurer: Measurer, work_dir: Path, *, windows: int) -> list[Score]:
    """What the figures of a voice are to be read against, on this machine in this run."""
    references = held_out_clips()
    target = centroid_of(measurer, references)
    real = ljspeech_clips()[:4]
    texts = ljspeech_texts()
    speakers: dict[str, Speak] = {"espeak-ng, raw": espeak_says}
    if shutil.which("flite"):
        speakers["flite, its voice rms"] = flite_says
    else:
        print("flite is not here (Debian: apt-get install flite): left out.", file=sys.stderr)
    return [
        measure_files(measurer, "real recordings, same reader", real, target, texts, windows=windows),
        measure_files(
            measurer,
            "real recordings, another woman",
            librispeech_clips(ANOTHER_WOMAN),
            target,
            texts,
            windows=windows,
        ),
        *(
            measure_voice(speak, measurer, name, references, work_dir / name, windows=windows)
            for name, speak in speakers.items()
        ),
    ]


def people(measurer: Measurer) -> dict[str, Centroid]:
    """The direction of every real speaker, from recordings that no voice was trained on."""
    found = {"LJ": centroid_of(measurer, held_out_clips())}
    for speaker in LIBRISPEECH:
        found[speaker] = centroid_of(measurer, librispeech_clips(speaker)[-LIBRISPEECH_HELD_OUT:])
    return found


def cross_table(measurer: Measurer, voices: Mapping[str, Sequence[Path]]) -> str:
    """Every voice against every real speaker; `voices` is keyed by `<speaker>, ...`."""
    known = people(measurer)
    lines = []
    for name, paths in voices.items():
        whole = measurer.speaker_embedding_of_all(paths)
        cosines = {speaker: float(whole @ target) for speaker, target in known.items()}
        own = name.partition(",")[0]
        nearest = max(cosines, key=lambda speaker: cosines[speaker])
        cells = [figure(value, 3) for value in cosines.values()]
        lines.append([name, *cells, "yes" if nearest == own else f"NO: {nearest}"])
    return table(["voice", *known, "own speaker nearest"], lines)


def figure(value: float | None, digits: int = 2) -> str:
    """Write a figure; nothing where there is none."""
    return "" if value is None or math.isnan(value) else f"{value:.{digits}f}"


def score_line(score: Score) -> list[str]:
    """Write one line of the table of figures."""
    return [
        score.name,
        figure(score.cosine, 3),
        f"{score.ovrl:.2f} / {score.sig:.2f} / {score.bak:.2f}",
        figure(score.wer),
        figure(score.wer_held_out),
        figure(score.wer_all),
    ]


def cost_line(case: Case, trained: Trained) -> list[str]:
    """Write one line of the table of costs."""
    report = trained.report
    return [
        case.name,
        f"{report['speech_seconds']:.0f}",
        f"{trained.wall_s:.0f}",
        f"{report['train_seconds']:.0f}",
        megabytes(report["peak_memory_bytes"]),
        megabytes(report["artefact_bytes"]),
        figure(report["synthesis_rtf"], 3),
        f"{report['first_audio_seconds'] * 1000:.0f}",
    ]


def goal_line(case: Case, score: Score) -> list[str]:
    """Write which of the figures that were asked for a voice has reached."""
    cells = [case.name]
    for goal in (case.must, case.aim):
        missed = [] if goal is None else goal.missed_by(score)
        cells += [str(goal), f"not reached: {', '.join(missed)}" if missed else "reached"]
    return cells


FIGURES = ("voice", "cosine", "OVRL / SIG / BAK", "WER", "WER, held-out texts", "WER, both")
COSTS = (
    "voice", "speech s", "clone, wall s", "training s", "peak memory", "artefact", "real-time factor",
    "first audio ms",
)  # fmt: skip
GOALS = ("voice", "must (cosine / OVRL / WER)", "", "aim", "")


def run_benchmark(measurer: Measurer, work_dir: Path, *, quick: bool, windows: int) -> None:
    """Train every case, speak, measure, and print the tables."""
    print(machine())
    references = reference_scores(measurer, work_dir, windows=windows)
    scores: list[tuple[Case, Score, Trained]] = []
    voices: dict[str, Sequence[Path]] = {}
    with closing(EngineClient(get_engine("builtin"))) as engine:
        for number, case in enumerate(cases(quick=quick)):
            print(f"{case.name}: {sum(map(length_s, case.clips)):.0f} s of sound ...", file=sys.stderr)
            home, folder = work_dir / "home", work_dir / f"case-{number}"
            trained = train(case, home, folder)
            speak = speaker_of(case, home, engine)
            score = measure_voice(speak, measurer, case.name, case.references, folder, windows=windows)
            scores.append((case, score, trained))
            voices[case.name] = [folder / "unseen" / f"{key}.wav" for key in UNSEEN]
            print("  " + " | ".join(score_line(score)), file=sys.stderr)
    espeak = next(score for score in references if score.name.startswith("espeak"))
    ratio = (scores[0][1].wer or 0.0) / (espeak.wer or math.nan)
    told = [
        table(FIGURES, [score_line(score) for score in (*references, *(score for _, score, _ in scores))]),
        table(GOALS, [goal_line(case, score) for case, score, _ in scores if case.must]),
        f"Words misheard of {scores[0][0].name}, to raw espeak-ng's: {ratio:.2f} (must: .50).",
        table(COSTS, [cost_line(case, trained) for case, _, trained in scores]),
        cross_table(measurer, voices),
    ]
    print("\n\n".join(told))
    print(machine())


def texts_beside(folder: Path) -> dict[str, str]:
    """The texts of a folder's sentences by id: those of the benchmark, and those of the file beside them."""
    texts = {**ljspeech_texts(), **UNSEEN}
    if (folder / "texts.json").exists():
        texts |= json.loads((folder / "texts.json").read_text(encoding="utf-8"))
    for name, separator in (("texts.tsv", "\t"), ("metadata.csv", "|")):
        if (folder / name).exists():
            lines = (folder / name).read_text(encoding="utf-8").splitlines()
            texts |= {row[0]: row[-1] for row in (line.split(separator) for line in lines if line.strip())}
    return texts


def run_score(
    measurer: Measurer, folders: Sequence[Path], references: Sequence[Path], *, windows: int
) -> None:
    """Measure folders of spoken sentences and print one JSON object each."""
    target = centroid_of(measurer, references)
    for folder in folders:
        paths = sorted(path for path in folder.iterdir() if path.suffix in {".wav", ".flac", ".mp3"})
        if not paths:
            raise SystemExit(f"No .wav, .flac or .mp3 in {folder}.")
        score = measure_files(measurer, folder.name, paths, target, texts_beside(folder), windows=windows)
        values = {key: round(v, 3) if isinstance(v, float) else v for key, v in asdict(score).items()}
        print(json.dumps(values), flush=True)


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="only the voice from 195 s with transcripts")
    parser.add_argument("--keep", type=Path, help="keep voices and sentences in this folder")
    parser.add_argument(
        "--windows", type=int, default=1, help="DNSMOS windows per sentence; 0 = all, as speechmos (slow)"
    )
    commands = parser.add_subparsers(dest="command")
    score = commands.add_parser("score", help="measure folders of spoken sentences")
    score.add_argument("folders", nargs="+", type=Path)
    score.add_argument(
        "--references", nargs="+", type=Path, help="recordings; default: the held-out LJ clips"
    )
    score.add_argument("--windows", type=int, default=1)
    options = parser.parse_args()
    if not SPEECH_DIR.is_dir():
        raise SystemExit(f"There are no recordings in {SPEECH_DIR}; this benchmark needs them.")
    with Measurer() as measurer, tempfile.TemporaryDirectory() as temporary:
        if options.command == "score":
            run_score(
                measurer, options.folders, options.references or held_out_clips(), windows=options.windows
            )
        else:
            work_dir = options.keep or Path(temporary)
            run_benchmark(measurer, work_dir, quick=options.quick, windows=options.windows)


if __name__ == "__main__":
    main()
