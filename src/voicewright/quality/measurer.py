"""The client of the measures: asks the judges in host processes and brings their answers back.

    with Measurer() as measurer:
        rows = measurer.speaker_embeddings(paths)
        opinions = measurer.dnsmos(paths)
        heard = measurer.recognise(paths, "en-us")

Nothing is started before the first question. Recognition is spread over several processes, because
pocketsphinx holds its interpreter while it works; everything else runs in the first one.
"""

from __future__ import annotations

import base64
import logging
import os
import threading
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any, Self, TypeAlias

import numpy as np
from numpy.typing import NDArray

from voicewright.engines.host.process import HostProcess
from voicewright.quality.figures import UNKNOWN_DNSMOS, Dnsmos, Recognition
from voicewright.quality.recognisers import RecogniserName, Recognisers

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from voicewright.engines.host.events import Event

_LOG = logging.getLogger(__name__)

Embeddings: TypeAlias = NDArray[np.float32]

EMBEDDING_SIZE = 256
SERVICE = "voicewright.quality.service:MeasureService"
MOST_PROCESSES = 8
HANG_TIMEOUT_S = 300.0
"""pocketsphinx holds the interpreter, and with it the heartbeat, for about half the length of a clip."""
_TICK_S = 0.05


@dataclass(frozen=True, slots=True)
class _Terms:
    """Whom to tell and when to stop."""

    progress: Callable[[float], None] | None
    cancel: threading.Event | None


class Measurer:
    """Asks the judges; safe to share between threads. Close it, or use it as a context manager.

    Every question takes `progress` (called with 0..1 while the work goes on) and `cancel` (set it and the
    question ends with `Cancelled` within about a second).

    Args:
        whisper_dir: a directory with the weights of a Whisper model (CTranslate2 form), used where
            faster-whisper is installed.
        processes: how many processes may recognise words at a time; as many as there are processors by
            default, at most 8.
    """

    def __init__(self, *, whisper_dir: Path | None = None, processes: int | None = None) -> None:
        processors = _processors()
        self._recognisers = Recognisers(whisper_dir)
        fault = self._recognisers.whisper_fault
        if fault is not None:
            _LOG.warning("faster-whisper is not used: %s. %s", fault.what, fault.fix)
        arguments = {
            "threads": processors,
            "whisper_dir": None if whisper_dir is None else str(whisper_dir),
        }
        self._hosts = [
            HostProcess(
                SERVICE,
                name="The judge of the recordings",
                arguments=arguments,
                # Spinning threads starve each other where anything else runs, say a training: 50 x as slow.
                env={"OMP_NUM_THREADS": str(processors), "OMP_WAIT_POLICY": "PASSIVE"},
                hang_timeout_s=HANG_TIMEOUT_S,
            )
            for _ in range(min(processes or processors, MOST_PROCESSES))
        ]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the host processes; questions in flight end with `HostClosed`."""
        for host in self._hosts:
            host.close()

    @property
    def pids(self) -> list[int]:
        """The numbers of the processes that run."""
        return [host.pid for host in self._hosts if host.pid is not None]

    def speaker_embeddings(
        self,
        paths: Sequence[Path],
        *,
        progress: Callable[[float], None] | None = None,
        cancel: threading.Event | None = None,
    ) -> Embeddings:
        """Embed each clip: (n, 256), unit rows; a row of NaN where a clip has less than 0.3 s of speech.

        Raises:
            AudioError: when a file can't be read.
            JudgeMissing: when Resemblyzer is not installed.
            AppError: as `HostProcess.call`.
        """
        return self._embed([[path] for path in paths], _Terms(progress, cancel))

    def speaker_embedding_of_all(
        self, paths: Sequence[Path], *, cancel: threading.Event | None = None
    ) -> NDArray[np.float32]:
        """Embed several clips as one utterance, one after the other: (256,), or NaN without speech.

        Raises:
            AppError: as `speaker_embeddings`.
        """
        row: NDArray[np.float32] = self._embed([paths], _Terms(None, cancel))[0]
        return row

    def dnsmos(
        self,
        paths: Sequence[Path],
        max_windows: int = 1,
        *,
        progress: Callable[[float], None] | None = None,
        cancel: threading.Event | None = None,
    ) -> list[Dnsmos]:
        """Judge how natural and clean each clip sounds; NaN for silent ones.

        `max_windows` windows of 9 s with the most speech are judged per clip; 0 judges all that speechmos
        would, at 0.7 CPU seconds each.

        Raises:
            AppError: as `speaker_embeddings`.
        """
        params = {"paths": [str(path) for path in paths], "max_windows": max_windows}
        answer = self._ask("dnsmos", params, _Terms(progress, cancel)) if paths else {"clips": []}
        return [UNKNOWN_DNSMOS if row is None else Dnsmos(*row) for row in answer["clips"]]

    def supports_recognition(self, language: str) -> bool:
        """Whether speech in this language can be recognised on this machine."""
        return self._recognisers.for_language(language) is not None

    def recogniser(self, language: str) -> RecogniserName | None:
        """Name what recognises this language here; None where nothing does."""
        return self._recognisers.for_language(language)

    def recognise(
        self,
        paths: Sequence[Path],
        language: str,
        *,
        progress: Callable[[float], None] | None = None,
        cancel: threading.Event | None = None,
    ) -> list[Recognition]:
        """Hear the words of each clip, best shorter than a minute.

        Raises:
            LanguageUnrecognised: when nothing recognises this language.
            AppError: as `speaker_embeddings`.
        """
        name = self._recognisers.require(language)
        # Whisper brings its own threads; a second copy of its weights would cost more than it gains.
        hosts = self._hosts[:1] if name is RecogniserName.WHISPER else self._hosts
        terms = _Terms(progress, cancel)
        return [
            _recognition(clip) for clip in self._each("recognise", paths, hosts, terms, language=language)
        ]

    def supports_phones(self) -> bool:
        """Whether the sounds of a language that nothing here recognises can be heard at least."""
        return self._recognisers.hears_phones

    def recognise_phones(
        self,
        paths: Sequence[Path],
        *,
        progress: Callable[[float], None] | None = None,
        cancel: threading.Event | None = None,
    ) -> list[tuple[str, ...]]:
        """Hear the sounds of each clip, in any language, as phones of English in IPA.

        Raises:
            JudgeMissing: when pocketsphinx is not installed.
            AppError: as `speaker_embeddings`.
        """
        heard = self._each("recognise_phones", paths, self._hosts, _Terms(progress, cancel))
        return [tuple(phones) for phones in heard]

    def _each(
        self, method: str, paths: Sequence[Path], hosts: Sequence[HostProcess], terms: _Terms, **params: Any
    ) -> list[Any]:
        """Ask about each clip by itself, spread over the processes; answers in the order of the paths."""
        found: dict[int, Any] = {}
        # The longest first, so that no process is left with a long clip at the end.
        waiting: SimpleQueue[int] = SimpleQueue()
        for index in sorted(range(len(paths)), key=lambda index: -_size(paths[index])):
            waiting.put(index)
        stop = threading.Event()

        def work(host: HostProcess) -> None:
            while not stop.is_set():
                try:
                    index = waiting.get_nowait()
                except Empty:
                    return
                answer = host.call(method, {"paths": [str(paths[index])], **params}, cancel=stop)
                [found[index]] = answer["clips"]

        self._share_out(
            work,
            hosts[: len(paths)],
            stop,
            terms.cancel,
            lambda: _tell(terms.progress, len(found), len(paths)),
        )
        return [found[index] for index in range(len(paths))]

    def _share_out(
        self,
        work: Callable[[HostProcess], None],
        hosts: Sequence[HostProcess],
        stop: threading.Event,
        cancel: threading.Event | None,
        tell: Callable[[], None],
    ) -> None:
        """Run `work` once per host, each in a thread; whatever ends one early ends all."""
        with ThreadPoolExecutor(max(1, len(hosts)), thread_name_prefix="measure") as pool:
            try:
                jobs = {pool.submit(work, host) for host in hosts}
                while jobs:
                    done, jobs = wait(jobs, timeout=_TICK_S, return_when=FIRST_EXCEPTION)
                    for job in done:
                        job.result()
                    if cancel is not None and cancel.is_set():
                        stop.set()
                    tell()
            except BaseException:
                stop.set()
                raise

    def _embed(self, groups: Sequence[Sequence[Path]], terms: _Terms) -> Embeddings:
        rows = np.full((len(groups), EMBEDDING_SIZE), np.nan, dtype=np.float32)
        if not groups:
            return rows
        params = {"groups": [[str(path) for path in group] for group in groups]}
        for index, row in enumerate(self._ask("speaker_embeddings", params, terms)["rows"]):
            if row is not None:
                rows[index] = np.frombuffer(base64.b64decode(row), dtype="<f4")
        return rows

    def _ask(self, method: str, params: dict[str, Any], terms: _Terms) -> dict[str, Any]:
        def on_event(event: Event) -> None:
            fraction = getattr(event, "fraction", None)
            if terms.progress is not None and fraction is not None:
                terms.progress(fraction)

        return self._hosts[0].call(method, params, on_event=on_event, cancel=terms.cancel)


def _tell(progress: Callable[[float], None] | None, done: int, total: int) -> None:
    if progress is not None and total:
        progress(done / total)


def _recognition(clip: dict[str, Any]) -> Recognition:
    words = tuple((str(word), float(start_s), float(end_s)) for word, start_s, end_s in clip["words"])
    return Recognition(clip["text"], words, clip["confidence"])


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0  # the judge that opens it says what is wrong


def _processors() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
