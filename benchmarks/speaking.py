"""Times the service that speaks against a bare call of the engine in one run, with a real built-in voice.

    python benchmarks/speaking.py [--voice FOLDER] [--rounds 15] [--streams 8] [--requests 2000]

Three parts, in this process unless it says otherwise:

- **Overhead.** Each text is spoken by `EngineClient.synthesize`, sentence by sentence, with nothing around
  it, and right after it by `SpeechService` (choice of the voice, its files, reading, admission, pool, permit
  before each sentence), with and without history and cache, watermark, and a listener (for the short text:
  the next way waits until all was heard). The figures are medians over these pairs; "at best"
  compares the fastest round of each, which is what a quiet machine would show; "ended" is until the entry in
  the history is closed, when all sound is there already. Encoding is left out, and what is recorded later:
  the use, with the audit trail. Nothing is taken from the cache: each text is new to it. `--voice` keeps the
  voice, or takes the one that is there.
- **Streams.** So many players at once, of as many users, each of which plays what it gets in real time and
  takes no more than two seconds ahead. A player that has nothing to play has an underrun.
- **Memory.** `voicewright serve` in a process of its own, and so many requests for short texts over HTTP with
  the tone engine; the resident memory of the process of the API and of the process of the engine.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import threading
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import httpx

from _recordings import find_recordings
from _report import machine, megabytes, table
from _service import running
from voicewright.db.server import Database
from voicewright.engines.client import EngineClient
from voicewright.engines.port import SynthesisRequest, TrainingClip, TrainingRequest
from voicewright.engines.registry import get_engine
from voicewright.engines.testing import write_plugin
from voicewright.provenance.marker import Marker
from voicewright.provenance.service import ProvenanceService
from voicewright.recordings.intake import take_in
from voicewright.settings import Settings
from voicewright.speech.cache import SpeechCache
from voicewright.speech.history import HistoryService
from voicewright.speech.hooks import Hooks
from voicewright.speech.order import SpeechOrder
from voicewright.speech.remembering import SpeechMemory
from voicewright.speech.service import SpeechService
from voicewright.text.reading import read_script
from voicewright.voices.schemas import LOCAL_USER_ID, NewVoice
from voicewright.voices.service import VoiceService

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    import psutil

LANGUAGE = "en-us"
LISTENED = "and a listener beside"
SHORT = "Please call me when you arrive at the station."
SENTENCE = (
    "When the last of the passengers had left the platform, the old guard folded his yellow flag, counted "
    "the empty carriages once more and walked slowly home along the river, where lamps were being lit."
)
PARAGRAPH = (
    "The train to the north leaves at seven in the morning. The one to the south leaves a little later. "
    "Nobody in the village remembers why that is so. It has been like that for as long as anybody can tell, "
    "and it will stay like that. There is a good breakfast at the station. The coffee is better than the tea."
)
TEXTS = (SHORT, SENTENCE, PARAGRAPH)
LONG = " ".join([PARAGRAPH] * 3)
PLAYER_AHEAD_S = 2.0
WARM_UP = 100
NOTICED_S = 0.001


@dataclass(frozen=True, slots=True)
class Spoken:
    """One text, spoken once."""

    first_s: float
    heard_s: float
    """Until all of its sound was there."""
    total_s: float
    """Until it had ended, with its entry in the history."""


@dataclass(frozen=True, slots=True)
class Pair:
    """One text, spoken by the bare engine and right after it in another way."""

    bare: Spoken
    own: Spoken


def main() -> None:
    """Run the benchmark from the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--voice", type=Path, help="an unpacked voice; made where there is none")
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--streams", type=int, default=8)
    parser.add_argument("--requests", type=int, default=2000)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="vw-speaking-") as name:
        folder = Path(name)
        folder.chmod(0o711)  # root's database runs as another user
        voice_dir = (arguments.voice or folder / "voice").absolute()
        if not voice_dir.is_dir() or not any(voice_dir.iterdir()):
            train(voice_dir, folder)
        print(machine())
        settings = Settings(home=folder / "home", speech_per_user=100)
        with Database.open(settings) as database:
            voices = VoiceService.open(settings, database)
            voices.register(new_voice("builtin", voice_dir))
            overhead(settings, database, voices, voice_dir, rounds=arguments.rounds)
            streams(settings, database, voices, voice_dir, count=arguments.streams)
        memory(folder, arguments.requests)


def train(voice_dir: Path, work_dir: Path) -> None:
    """Train a voice without judging it."""
    recordings = find_recordings(None)
    print(f"Training a voice from {recordings.length_s:.0f} s of {recordings.title} ...", flush=True)
    intake = take_in(recordings.lay_out(work_dir / "recordings"), work_dir / "clips", measurer=None)
    clips = tuple(TrainingClip(clip.path, clip.text) for clip in intake.accepted if clip.text)
    with EngineClient(get_engine("builtin")) as client:
        client.train(TrainingRequest(clips, LANGUAGE, {}, voice_dir))


def new_voice(engine: str, voice_dir: Path) -> NewVoice:
    """A voice to register."""
    return NewVoice(
        name="Bench",
        engine=engine,
        engine_version="1",
        language=LANGUAGE,
        speech_s=1.0,
        train_s=1.0,
        artefact_dir=voice_dir,
    )


def overhead(
    settings: Settings, database: Database, voices: VoiceService, voice_dir: Path, *, rounds: int
) -> None:
    """Print what the platform adds to a bare call."""
    keys = voices.vault.keys
    history, cache = HistoryService(settings, database, keys), SpeechCache(settings, database, keys)
    seeds = iter(range(1 << 30))  # each text is new to the cache, and the same one for both of a pair
    with ExitStack() as stack:
        client = stack.enter_context(EngineClient(get_engine("builtin")))

        def service(hooks: Hooks) -> SpeechService:
            return stack.enter_context(SpeechService(settings, database, voices, hooks=hooks))

        plain, kept = service(Hooks()), service(Hooks(history=history, cache=cache))
        provenance = stack.enter_context(ProvenanceService(settings, database, keys))
        marker, memory = provenance.marker, SpeechMemory(database, provenance)
        known = service(Hooks(history=history, cache=cache, memory=memory))
        marked = service(Hooks(history=history, cache=cache, memory=memory, marker=marker))

        def through(speeches: SpeechService, *, check: bool = False) -> Callable[[str, int], Spoken]:
            def speak(text: str, seed: int) -> Spoken:
                order = SpeechOrder(text, seed=seed, check="after" if check else "off")
                started_s = time.perf_counter()
                with speeches.begin(LOCAL_USER_ID, order) as speech:
                    first_s, heard_s = drain(iter(speech), started_s)
                spoken = Spoken(first_s, heard_s, time.perf_counter() - started_s)
                speeches.settle()  # what is done afterwards is not to slow down the next way
                return spoken

            return speak

        ways: dict[str, Callable[[str, int], Spoken]] = {
            "the service": through(plain),
            "with history and cache": through(kept),
            "and fingerprint": through(known),
            "and watermark": through(marked),
            LISTENED: through(marked, check=True),
        }
        measured: dict[str, list[list[Pair]]] = {name: [] for name in ways}
        for number in range(1 + rounds):
            for name, speak in ways.items():
                texts = TEXTS[:1] if name == LISTENED else TEXTS
                # its process has been idle, and what a processor keeps at hand is not its own
                speak(SHORT, next(seeds))
                bare_way, own_first = partial(bare, client, voice_dir), number % 2 == 1
                pairs = [pair_of(bare_way, speak, text, next(seeds), own_first=own_first) for text in texts]
                if number:
                    measured[name].append(pairs)
    rows = [row for name in ways for row in rows_of(name, measured[name])]
    lengths = ", ".join(f"{len(text)}" for text in TEXTS)
    print(f"\nTexts of {lengths} characters, {rounds} rounds; milliseconds, medians. {machine()}\n")
    header = ("way", "text", "first / bare", "later", "at best", "all / bare", "more", "at best", "ended")
    print(table(header, rows), flush=True)


def pair_of(
    bare_way: Callable[[str, int], Spoken],
    own_way: Callable[[str, int], Spoken],
    text: str,
    seed: int,
    *,
    own_first: bool,
) -> Pair:
    """One text in both ways."""
    if own_first:
        own = own_way(text, seed)
        return Pair(bare_way(text, seed), own)
    return Pair(bare_way(text, seed), own_way(text, seed))


def bare(client: EngineClient, voice_dir: Path, text: str, seed: int) -> Spoken:
    """What the platform asks the engine for, and nothing else."""
    requests = [
        SynthesisRequest(voice_dir, piece.spoken, language=LANGUAGE, seed=seed)
        for piece in read_script(text, language=LANGUAGE).pieces
    ]
    started_s = time.perf_counter()
    chunks = (chunk.pcm for request in requests for chunk in client.synthesize(request))
    first_s, heard_s = drain(chunks, started_s)
    return Spoken(first_s, heard_s, heard_s)


def drain(blocks: Iterator[object], started_s: float) -> tuple[float, float]:
    """Take all, and say when the first came, and when all was there."""
    next(blocks)
    first_s = time.perf_counter() - started_s
    for _ in blocks:
        pass
    return first_s, time.perf_counter() - started_s


def rows_of(name: str, rounds: Sequence[Sequence[Pair]]) -> Iterator[list[str]]:
    """A line for each text."""
    for text, pairs in zip(TEXTS, zip(*rounds, strict=True), strict=False):
        own, other = [pair.own for pair in pairs], [pair.bare for pair in pairs]
        first, bare_first = [one.first_s for one in own], [one.first_s for one in other]
        heard, bare_heard = [one.heard_s for one in own], [one.heard_s for one in other]
        share = statistics.median(pair.own.heard_s / pair.bare.heard_s for pair in pairs)
        ended = statistics.median(pair.own.total_s / pair.bare.heard_s for pair in pairs)
        yield [
            name,
            f"{len(text)}",
            f"{statistics.median(first) * 1000:.0f} / {statistics.median(bare_first) * 1000:.0f}",
            f"{statistics.median(one - two for one, two in zip(first, bare_first, strict=True)) * 1000:+.1f}",
            f"{(min(first) - min(bare_first)) * 1000:+.1f}",
            f"{statistics.median(heard) * 1000:.0f} / {statistics.median(bare_heard) * 1000:.0f}",
            f"{(share - 1) * 100:+.1f} %",
            f"{(min(heard) / min(bare_heard) - 1) * 100:+.1f} %",
            f"{(ended - 1) * 100:+.1f} %",
        ]


class Player:
    """Plays as a person listens; counts the times that there was nothing to play."""

    def __init__(self) -> None:
        self.underruns = 0
        self.first_s = 0.0
        self.played_s = 0.0
        self.least_lead_s = float("inf")
        """What was left to play when more came, at worst, after the first second."""

    def play(self, speeches: SpeechService, user_id: uuid.UUID, begin: threading.Barrier) -> None:
        """Have a text spoken, and play it."""
        begin.wait()
        asked_s = time.perf_counter()
        order = SpeechOrder(LONG, seed=user_id.int, check="off", cache=False)
        with speeches.begin(user_id, order) as speech:
            dry_s = began_s = 0.0
            for block in speech:
                now_s = time.perf_counter()
                if not began_s:
                    began_s = dry_s = now_s
                    self.first_s = now_s - asked_s
                if now_s > dry_s:
                    self.underruns += now_s - dry_s > NOTICED_S and self.played_s > 0
                    dry_s = now_s
                if now_s - began_s > 1.0:
                    self.least_lead_s = min(self.least_lead_s, dry_s - now_s)
                length_s = len(block) / speech.sample_rate_hz
                dry_s += length_s
                self.played_s += length_s
                time.sleep(max(0.0, dry_s - time.perf_counter() - PLAYER_AHEAD_S))


def streams(
    settings: Settings, database: Database, voices: VoiceService, voice_dir: Path, *, count: int
) -> None:
    """Print how many of so many players ran dry."""
    users = [uuid.UUID(int=number + 1) for number in range(count)]
    for user_id in users:
        voices.of(user_id).register(new_voice("builtin", voice_dir))
    players = [Player() for _ in users]
    marker = Marker()
    with SpeechService(settings, database, voices, hooks=Hooks(marker=marker)) as speeches:
        with ThreadPoolExecutor(count) as threads:
            list(threads.map(lambda user_id: warm(speeches, user_id), users))
            begin = threading.Barrier(count)
            working = [
                threads.submit(player.play, speeches, user_id, begin)
                for player, user_id in zip(players, users, strict=True)
            ]
            for future in working:
                future.result()
        processes = sum(len(pids) for pids in speeches.pool.processes().values())
    marker.close()
    firsts_ms = sorted(player.first_s * 1000 for player in players)
    print(
        f"\n{count} players at once, {players[0].played_s:.0f} s of speech each, marked, of {processes} "
        f"engine processes: {sum(player.underruns for player in players)} underruns; first audio after "
        f"{firsts_ms[0]:.0f} to {firsts_ms[-1]:.0f} ms; at worst "
        f"{min(player.least_lead_s for player in players):.2f} s were left to play. {machine()}",
        flush=True,
    )


def warm(speeches: SpeechService, user_id: uuid.UUID) -> None:
    """Have every process started and every voice loaded."""
    with speeches.begin(user_id, SpeechOrder("Hello there.", check="off", cache=False)) as speech:
        for _ in speech:
            pass


def memory(folder: Path, requests: int) -> None:
    """Print the memory of a service over many requests."""
    plugin, home = write_plugin(folder / "plugin"), folder / "served"
    limits = {
        "VOICEWRIGHT_SPEECH_REQUESTS_PER_MINUTE": "1000000",
        "VOICEWRIGHT_SPEECH_CHECK": "false",
        "PYTHONPATH": str(plugin),
    }
    with running(home, "--no-worker", **limits) as service:
        client = httpx.Client(
            base_url=service.url, headers={"X-API-Key": service.api_key}, timeout=60, trust_env=False
        )
        with client:
            user_id = uuid.UUID(client.get("/auth/me").json()["id"])
            register_tone(home, folder / "tone", user_id)
            seen: list[tuple[int, int]] = []
            for number in range(WARM_UP + requests):
                body = {
                    "model": "tts-1",
                    "voice": "Bench",
                    "input": f"Number {number}.",
                    "response_format": "wav",
                }
                answer = client.post("/v1/audio/speech", json=body)
                answer.raise_for_status()
                if number >= WARM_UP and number % 20 == 0:
                    seen.append(resident_bytes(service.process))
            seen.append(resident_bytes(service.process))
    print(f"\n{requests} requests for a short text over HTTP, after {WARM_UP} that do not count.\n")
    rows = [
        [name, *(megabytes(size) for size in (sizes[0], sizes[len(sizes) // 2], sizes[-1], max(sizes)))]
        for name, sizes in (
            ("the API", [api for api, _ in seen]),
            ("the engine", [engine for _, engine in seen]),
        )
    ]
    print(table(("resident memory of", "at first", "half way", "at last", "at most"), rows), flush=True)


def register_tone(home: Path, voice_dir: Path, user_id: uuid.UUID) -> None:
    """Give somebody a voice that hums."""
    voice_dir.mkdir()
    voice = {"format": 1, "pitch_hz": 150.0, "speaking_fault": "none"}
    (voice_dir / "voice.json").write_text(json.dumps(voice))
    settings = Settings(home=home)
    with Database.open(settings) as database:
        VoiceService.open(settings, database).of(user_id).register(new_voice("tone", voice_dir))


def resident_bytes(service: psutil.Process) -> tuple[int, int]:
    """Of the API and of the engine's process."""
    engines = [child for child in service.children(recursive=True) if is_engine(child.cmdline())]
    return service.memory_info().rss, sum(engine.memory_info().rss for engine in engines)


def is_engine(command: Sequence[str]) -> bool:
    """Whether a process runs an engine."""
    return any("EngineService" in word for word in command)


if __name__ == "__main__":
    main()
