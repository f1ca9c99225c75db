"""`EngineClient`: an engine as the rest of the platform sees it, safely away in its own process."""

from __future__ import annotations

import contextlib
import logging
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from voicewright.engines import messages
from voicewright.engines.errors import EngineContractBroken
from voicewright.engines.host.events import LogLine
from voicewright.engines.host.process import HostProcess
from voicewright.engines.port import AudioChunk, EngineSetup

if TYPE_CHECKING:
    import threading
    from collections.abc import Generator, Mapping

    from voicewright.engines.host.events import Event, HostUsage, OnEvent
    from voicewright.engines.port import (
        EngineInfo,
        SpokenWord,
        StockVoice,
        SynthesisRequest,
        TrainingOutcome,
        TrainingRequest,
    )

_SERVICE = "voicewright.engines.service:EngineService"
_ENVIRONMENT = {"OMP_WAIT_POLICY": "PASSIVE"}
"""Threads that spin while they wait starve each other where other work runs: a training took 12 x as long."""

_LOG = logging.getLogger(__name__)


class EngineClient:
    """Runs one engine in a host process of its own, which starts with the first request and stays warm.

    May be shared by threads: one request at a time, the others wait. A host that died, hung or was killed is
    replaced by the next request. For the arguments see `HostProcess`.

    Every method may raise, besides what it names: `EngineNotInstalled`, `EngineContractBroken` (the engine
    is not what it declares), `EngineFailed`, `HostDied`, `HostHung`, `HostStartFailed`, `HostClosed`,
    `Cancelled` (`cancel` was set) and `HostTimedOut`.
    """

    def __init__(
        self,
        info: EngineInfo,
        *,
        setup: EngineSetup | None = None,
        python: str = sys.executable,
        env: Mapping[str, str] | None = None,
        start_timeout_s: float = 120.0,
        hang_timeout_s: float = 30.0,
        cancel_grace_s: float = 0.9,
        stall_timeout_s: float = 60.0,
    ) -> None:
        self.info = info
        self._host = HostProcess(
            _SERVICE,
            name=f"The engine {info.title}",
            arguments={
                "engine": messages.write_info(info),
                "setup": messages.write_setup(setup or EngineSetup()),
            },
            python=python,
            env={**_ENVIRONMENT, **(env or {})},
            start_timeout_s=start_timeout_s,
            hang_timeout_s=hang_timeout_s,
            cancel_grace_s=cancel_grace_s,
            stall_timeout_s=stall_timeout_s,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def pid(self) -> int | None:
        """Of the running host process; None where there is none."""
        return self._host.pid

    def start(self, on_event: OnEvent | None = None, cancel: threading.Event | None = None) -> None:
        """Start the host and load the engine now instead of with the first request."""
        self._host.start(on_event=on_event, cancel=cancel)

    def train(
        self,
        request: TrainingRequest,
        on_event: OnEvent | None = None,
        cancel: threading.Event | None = None,
        *,
        timeout_s: float | None = None,
    ) -> TrainingOutcome:
        """Train a voice into `request.artefact_dir`, which is empty again if anything goes wrong.

        Raises:
            ValueError: the directory is not empty.
            OptionsInvalid, LanguageUnsupported: before any work was done.
            EngineError: the clips can't make a voice; the message says why.
        """
        return self._make_voice("train", request, on_event, cancel, timeout_s)

    def clone(
        self,
        request: TrainingRequest,
        on_event: OnEvent | None = None,
        cancel: threading.Event | None = None,
        *,
        timeout_s: float | None = None,
    ) -> TrainingOutcome:
        """Make a voice from a short sample; otherwise as `train`."""
        return self._make_voice("clone", request, on_event, cancel, timeout_s)

    def load(
        self, voice_dir: Path, cancel: threading.Event | None = None, *, timeout_s: float | None = None
    ) -> None:
        """Load a voice, so that its next sentence starts at once.

        Raises:
            ArtefactInvalid: the directory holds no voice of this engine, or a damaged one.
        """
        params = {"voice_dir": str(voice_dir.absolute())}
        self._host.call("load", params, cancel=cancel, timeout_s=timeout_s)

    def synthesize(
        self,
        request: SynthesisRequest,
        on_event: OnEvent | None = None,
        cancel: threading.Event | None = None,
        *,
        timeout_s: float | None = None,
    ) -> Generator[AudioChunk, None, None]:
        """Speak; the chunks come as they are made, in order, with the words that the engine told.

        The request is sent with the first `next`; errors come from there too. Closing the iterator, or
        dropping it, cancels the synthesis. `timeout_s` limits the wait for each chunk. What the engine says
        on purpose is logged where nobody listens to events.

        Raises:
            ArtefactInvalid, LanguageUnsupported, OptionsInvalid: as the message says.
            StreamStalled: the iterator was left alone for too long.
        """
        params = messages.write_synthesis_request(request)
        items = self._host.stream(
            "synthesize", params, on_event=on_event or self._log, cancel=cancel, timeout_s=timeout_s
        )
        sample_rate_hz: int | None = None
        words: tuple[SpokenWord, ...] = ()
        with contextlib.closing(items):
            for item in items:
                if isinstance(item, dict):
                    sample_rate_hz = item.get("sample_rate_hz", sample_rate_hz)
                    words += messages.read_words(item)
                elif sample_rate_hz is None:
                    raise EngineContractBroken(f"The engine {self.info.title} spoke without a sample rate.")
                else:
                    yield AudioChunk(item, sample_rate_hz, words)
                    words = ()
            if words and sample_rate_hz is not None:
                yield AudioChunk(b"", sample_rate_hz, words)

    def stock_voices(
        self, cancel: threading.Event | None = None, *, timeout_s: float | None = None
    ) -> tuple[StockVoice, ...]:
        """List the voices that the engine has without learning them (`capabilities.has_stock_voices`)."""
        answer = self._host.call("stock_voices", {}, cancel=cancel, timeout_s=timeout_s)
        return tuple(messages.read_stock_voice(each) for each in answer["voices"])

    def write_stock_voice(
        self,
        voice: str,
        artefact_dir: Path,
        cancel: threading.Event | None = None,
        *,
        timeout_s: float | None = None,
    ) -> StockVoice:
        """Write one of them into a directory, which is empty again if anything goes wrong.

        Raises:
            ValueError: the directory is not empty.
            StockVoiceNotFound: the engine has none of this name.
        """
        _require_empty(artefact_dir)
        params = {"voice": voice, "artefact_dir": str(artefact_dir.absolute())}
        try:
            wire = self._host.call("write_stock_voice", params, cancel=cancel, timeout_s=timeout_s)
        except BaseException:
            _empty(artefact_dir)
            raise
        return messages.read_stock_voice(wire)

    def forget(
        self, voice_dir: Path, cancel: threading.Event | None = None, *, timeout_s: float | None = None
    ) -> None:
        """Delete a voice at the provider (`provider.keeps_voices`); one that is gone already is no error."""
        params = {"voice_dir": str(voice_dir.absolute())}
        self._host.call("forget", params, cancel=cancel, timeout_s=timeout_s)

    def usage(self) -> HostUsage:
        """Return peak memory and CPU time of the host process, as of its last answer or heartbeat."""
        return self._host.usage()

    def close(self) -> None:
        """End the host process; a request in flight ends with `HostClosed`."""
        self._host.close()

    def _log(self, event: Event) -> None:
        if isinstance(event, LogLine) and event.source == "service":
            _LOG.info("%s: %s", self.info.id, event.text)

    def _make_voice(
        self,
        method: str,
        request: TrainingRequest,
        on_event: OnEvent | None,
        cancel: threading.Event | None,
        timeout_s: float | None,
    ) -> TrainingOutcome:
        directory = request.artefact_dir
        _require_empty(directory)
        params: dict[str, Any] = messages.write_training_request(request)
        try:
            wire = self._host.call(method, params, on_event=on_event, cancel=cancel, timeout_s=timeout_s)
        except BaseException:
            # Here and not in the host, which may have been killed in the middle of a file.
            _empty(directory)
            raise
        return messages.read_outcome(wire)


def _require_empty(directory: Path) -> None:
    directory.mkdir(parents=True, exist_ok=True)
    if any(directory.iterdir()):
        raise ValueError(f"{directory} is not empty; a voice needs a directory of its own")


def _empty(directory: Path) -> None:
    for entry in directory.iterdir():
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry, ignore_errors=True)
        else:
            entry.unlink(missing_ok=True)
