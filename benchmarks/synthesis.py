"""Times speech: through the platform, from the engine itself, and from espeak-ng, in one run and one table.

    python benchmarks/synthesis.py [--voice FOLDER] [--repeats 5] [--sentences N] [--epochs N]
                                   [--recordings FOLDER]

One voice is trained, on all 222 s of LJ Speech where they are there: the more a voice has learnt from, the
more there is to search when it speaks. `--voice` keeps it in a folder, or takes the one that is there. Then
every sentence is spoken in every way in turn, so that all ways meet the same load, over several rounds after
a first one that does not count:

- the engine in this process: `BuiltinEngine.synthesize`, with nothing around it;
- through `EngineClient`: the same, in the host process;
- a stream into a WAV file: with cutting into sentences, encoding and syncing to disk;
- espeak-ng: the library in this process. It speaks at its own pace and answers when it has finished.

All are warm: started, loaded, one round spoken. The real-time factor is the sum over the sentences of the
median seconds of each, over the sum of their lengths. The ratios of such factors, to the engine itself and to
espeak-ng, are medians over all pairs of one sentence in one round.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from _recordings import find_recordings
from _report import machine, megabytes, table
from voicewright.audio.encode import write_audio
from voicewright.engines.client import EngineClient
from voicewright.engines.port import SynthesisRequest, TrainingClip, TrainingRequest
from voicewright.engines.registry import get_engine
from voicewright.plugins.builtin.engine import BuiltinEngine
from voicewright.plugins.builtin.espeak import SAMPLE_RATE_HZ, Guide
from voicewright.quality.sentences import test_sentences
from voicewright.recordings.intake import take_in
from voicewright.speech.stream import SpeechStream, spoken_by
from voicewright.text.reading import read_script

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from _recordings import Recordings
    from voicewright.engines.port import AudioChunk, EngineInfo

LANGUAGE = "en-us"
LONG_SENTENCE = (
    "When the last of the passengers had left the platform, the old guard folded his yellow flag, "
    "counted the empty carriages once more and walked slowly home along the river, "
    "where the lamps were just being lit."
)
"""The first audio waits for the plan of a whole sentence, so a long one is the worst case."""
LENGTHS_DIFFER = 0.02
"""Share of its length by which a sentence may differ from one time to the next."""
ENGINE, CLIENT, SAY, ESPEAK = (
    "the engine in this process",
    "through EngineClient",
    "a stream into a WAV file",
    "espeak-ng",
)
HEADER = (
    "way",
    "real-time factor",
    "fastest round",
    "to the engine itself",
    "to espeak-ng",
    "first audio, ms",
    "slowest sentence, ms",
)


@dataclass(frozen=True, slots=True)
class Spoken:
    """One text, spoken once."""

    first_s: float
    """From the request to the first audio."""
    total_s: float
    """From the request to the end."""
    audio_s: float
    """Length of the speech."""


Rounds = dict[str, list[list[Spoken]]]
"""By way: for each round, what was measured of each sentence."""


class Unwatched:
    """A run that nobody listens to: what the engine reports goes nowhere, and costs nothing."""

    def progress(self, stage: str, fraction: float) -> None:
        """Take notice of nothing."""

    def metric(self, name: str, value: float, *, step: int) -> None:
        """Take notice of nothing."""

    def log(self, message: str) -> None:
        """Take notice of nothing."""

    def spoke(self, path: Path, text: str, *, step: int) -> None:
        """Take notice of nothing."""

    def check_cancelled(self) -> None:
        """Never cancelled."""


def main() -> None:
    """Run the benchmark from the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--voice", type=Path, help="an unpacked voice to speak with; made where there is none"
    )
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--sentences", type=int, help="only the first so many")
    parser.add_argument("--epochs", type=int, help="of training, for trying the benchmark")
    parser.add_argument("--recordings", type=Path, help="a folder of clips with metadata.csv")
    arguments = parser.parse_args()
    info = get_engine("builtin")
    with tempfile.TemporaryDirectory(prefix="voicewright-bench-") as name:
        work_dir = Path(name)
        voice_dir = (arguments.voice or work_dir / "voice").absolute()
        if not voice_dir.is_dir() or not any(voice_dir.iterdir()):
            train(info, find_recordings(arguments.recordings), voice_dir, work_dir, epochs=arguments.epochs)
        texts = [*test_sentences(LANGUAGE), LONG_SENTENCE][: arguments.sentences]
        measure(info, voice_dir, work_dir, texts, repeats=max(1, arguments.repeats))


def train(
    info: EngineInfo, recordings: Recordings, voice_dir: Path, work_dir: Path, *, epochs: int | None
) -> None:
    """Train a voice without judging it."""
    print(f"Training a voice from {recordings.length_s:.0f} s of {recordings.title} ...", flush=True)
    intake = take_in(recordings.lay_out(work_dir / "recordings"), work_dir / "clips", measurer=None)
    clips = tuple(TrainingClip(clip.path, clip.text) for clip in intake.accepted if clip.text)
    options = {} if epochs is None else {"epochs": epochs}
    with EngineClient(info) as client:
        client.train(TrainingRequest(clips, LANGUAGE, options, voice_dir))


def measure(info: EngineInfo, voice_dir: Path, work_dir: Path, texts: Sequence[str], *, repeats: int) -> None:
    """Speak every text in every way, in turn, and print the table."""
    with ExitStack() as stack:
        engine = BuiltinEngine()
        engine.load(voice_dir)
        started_s = time.perf_counter()
        client = stack.enter_context(EngineClient(info))
        client.load(voice_dir)
        ready_s = time.perf_counter() - started_s
        ways: dict[str, Callable[[str], Spoken]] = {
            ENGINE: lambda text: drain(engine.synthesize(request(voice_dir, text), Unwatched())),
            CLIENT: lambda text: drain(client.synthesize(request(voice_dir, text))),
            SAY: lambda text: say_into(voice_dir, text, work_dir / "said.wav", client),
            ESPEAK: espeak,
        }
        rounds: Rounds = {name: [] for name in ways}
        at_once: list[Spoken] = []
        for _ in range(1 + repeats):
            spoken = [{name: speak(text) for name, speak in ways.items()} for text in texts]
            for name, kept in rounds.items():
                kept.append([of_text[name] for of_text in spoken])
            at_once.append(ways[SAY](" ".join(texts)))
        usage = client.usage()
    warm = {name: kept[1:] for name, kept in rounds.items()}
    check_same_speech(warm)
    length_s = sum(one.audio_s for one in warm[ENGINE][0])
    print(f"{len(texts)} sentences, {length_s:.0f} s of speech, {repeats} rounds; {machine()}")
    print(
        f"The host process was ready, the voice loaded, {ready_s:.1f} s after it was asked for; "
        f"its peak memory is {megabytes(usage.peak_rss_bytes)}."
    )
    rows = [row_of(name, warm) for name in warm]
    print(table(HEADER, [*rows, row_of_text(at_once[1:])]))


def request(voice_dir: Path, text: str) -> SynthesisRequest:
    """Ask for a text in the voice's own language and pace."""
    return SynthesisRequest(voice_dir=voice_dir, text=text)


def drain(chunks: Iterable[AudioChunk]) -> Spoken:
    """Take the speech as it comes; nothing is done before the first chunk is asked for."""
    started_s = time.perf_counter()
    first_s, size = 0.0, 0
    for chunk in chunks:
        if not size:
            first_s = time.perf_counter() - started_s
        size += len(chunk.pcm)
    return Spoken(first_s, time.perf_counter() - started_s, size / 2 / SAMPLE_RATE_HZ)


def say_into(voice_dir: Path, text: str, path: Path, client: EngineClient) -> Spoken:
    """Speak into a file; the first audio as the stream itself reports it, the rest by the clock."""
    started_s = time.perf_counter()
    speak = spoken_by(client, request(voice_dir, ""))
    stream = SpeechStream(read_script(text, language=LANGUAGE), speak, sample_rate_hz=SAMPLE_RATE_HZ)
    write_audio(path, stream, SAMPLE_RATE_HZ, "wav")
    return Spoken(stream.first_audio_s, time.perf_counter() - started_s, stream.output_s)


def espeak(text: str) -> Spoken:
    """Speak with espeak-ng's own voice."""
    started_s = time.perf_counter()
    wave = Guide.shared().render(text, LANGUAGE).wave
    total_s = time.perf_counter() - started_s
    return Spoken(total_s, total_s, len(wave) / SAMPLE_RATE_HZ)


def check_same_speech(rounds: Rounds) -> None:
    """Refuse to print figures for different work: a sentence is as long in one way as in the others.

    Not to the sample: espeak-ng, which guides the voice, carries its phase from one text to the next.
    """
    for name in (CLIENT, SAY):
        for ours, bare in zip(rounds[name], rounds[ENGINE], strict=True):
            for one, other in zip(ours, bare, strict=True):
                if abs(one.audio_s / other.audio_s - 1) > LENGTHS_DIFFER:
                    raise SystemExit(f"{name}: {one.audio_s} s of speech, {ENGINE}: {other.audio_s} s.")


def real_time_factor(rounds: Sequence[Sequence[Spoken]], pick: Callable[[list[float]], float]) -> float:
    """Seconds per second of speech, each sentence's own chosen among the rounds by `pick`."""
    sentences: list[tuple[Spoken, ...]] = list(zip(*rounds, strict=True))
    total_s = sum(pick([one.total_s for one in of_one]) for of_one in sentences)
    return total_s / sum(of_one[0].audio_s for of_one in sentences)


def ratio(ours: Sequence[Sequence[Spoken]], theirs: Sequence[Sequence[Spoken]]) -> float:
    """Real-time factor of one way to that of another: the median over all pairs of a sentence in a round."""
    pairs = [pair for rows in zip(ours, theirs, strict=True) for pair in zip(*rows, strict=True)]
    return statistics.median(
        one.total_s / one.audio_s * other.audio_s / other.total_s for one, other in pairs
    )


def row_of(name: str, rounds: Rounds) -> list[str]:
    """One line of the table: one way, sentence by sentence."""
    own = rounds[name]
    firsts_s = [statistics.median(one.first_s for one in of_one) for of_one in zip(*own, strict=True)]
    return [
        name,
        f"{real_time_factor(own, statistics.median):.4f}",
        f"{real_time_factor(own, min):.4f}",
        f"{ratio(own, rounds[ENGINE]):.2f}",
        f"{ratio(own, rounds[ESPEAK]):.1f}",
        f"{1000 * statistics.median(firsts_s):.1f}",
        f"{1000 * max(firsts_s):.1f}",
    ]


def row_of_text(spoken: Sequence[Spoken]) -> list[str]:
    """The last line: all sentences as one text, so that first audio can be seen not to wait for its end."""
    rounds = [[one] for one in spoken]
    return [
        "a stream, all sentences as one text",
        f"{real_time_factor(rounds, statistics.median):.4f}",
        f"{real_time_factor(rounds, min):.4f}",
        "",
        "",
        f"{1000 * statistics.median(one.first_s for one in spoken):.1f}",
        "",
    ]


if __name__ == "__main__":
    main()
