"""The program of the host process: `python -m voicewright.engines.host.child module:Class`.

It takes its standard input and output away from everybody else, makes the service that it was told to, and
then answers one request at a time. A service is any class whose public methods have the form
`method(self, params: dict, context: HostContext) -> dict | Iterator[bytes | dict]`.

Three threads: the main one runs the service (signal handlers and some libraries want that), one reads frames,
so that a cancellation arrives while the service works, and one sends a heartbeat while there is work.
"""

from __future__ import annotations

import contextlib
import importlib
import os
import queue
import sys
import threading
import time
from typing import Any

from voicewright.engines.errors import EngineContractBroken
from voicewright.engines.host import failures, frames, lifeline, usage
from voicewright.engines.host.context import HostContext

_Work = tuple[frames.Header, HostContext] | None
"""A request and its context; None asks the main thread to end."""


class Host:
    """Serves one service to the parent until it is told to stop."""

    def __init__(self, factory: str, source: frames.ByteSource, writer: frames.FrameWriter) -> None:
        self._factory = factory
        self._source = source
        self._writer = writer
        self._work: queue.SimpleQueue[_Work] = queue.SimpleQueue()
        self._contexts: dict[int, HostContext] = {}
        self._working = threading.Event()
        self._name = factory
        self._beat_s = 1.0

    def run(self) -> None:
        """Make the service and answer requests until the parent says stop."""
        threading.Thread(target=self._read_frames, name="host-frames", daemon=True).start()
        service: Any = None
        while (work := self._work.get()) is not None:
            header, context = work
            self._working.set()
            try:
                if header["type"] == "init":
                    service = self._start(header)
                    value: dict[str, Any] = {"pid": os.getpid(), "python": sys.version.split()[0]}
                else:
                    value = self._answer(service, header, context)
                answer: frames.Header = {"type": "result", "value": value}
            except BaseException as error:  # noqa: BLE001 - also SystemExit: some libraries exit to report
                answer = {"type": "error", "error": self._describe(error, header, context)}
            self._working.clear()
            self._contexts.pop(context.request_id, None)
            self._finish(answer, header, context)

    def _start(self, header: frames.Header) -> Any:
        self._name, self._beat_s = header["name"], header["beat_s"]
        threading.Thread(target=self._beat, name="host-heartbeat", daemon=True).start()
        module, _, attribute = self._factory.partition(":")
        return getattr(importlib.import_module(module), attribute)(**header["arguments"])

    def _answer(self, service: Any, header: frames.Header, context: HostContext) -> dict[str, Any]:
        name = header["method"]
        method = None if name.startswith("_") else getattr(service, name, None)
        if not callable(method):
            raise EngineContractBroken(f"{self._name} has no method `{name}`.")
        answer = method(header["params"], context)
        if isinstance(answer, dict):
            return answer
        if not hasattr(answer, "__next__"):
            raise EngineContractBroken(
                f"{self._name} answered `{name}` with a {type(answer).__name__}; only a dict or an iterator "
                "can be sent."
            )
        # Closing the iterator runs its clean-up now, also when it was cancelled between two items.
        with contextlib.closing(answer) if hasattr(answer, "close") else contextlib.nullcontext():
            for item in answer:
                self._send_item(item, name, context)
                context.check_cancelled()
        return {}

    def _send_item(self, item: object, method: str, context: HostContext) -> None:
        header: frames.Header = {"type": "item", "id": context.request_id}
        if isinstance(item, bytes | bytearray | memoryview):
            self._writer.write(header, bytes(item))
        elif isinstance(item, dict):
            self._writer.write({**header, "value": item})
        else:
            raise EngineContractBroken(
                f"{self._name} put a {type(item).__name__} into the stream of `{method}`; only bytes and "
                "dicts can be sent."
            )

    def _describe(self, error: BaseException, header: frames.Header, context: HostContext) -> dict[str, Any]:
        if failures.is_foreign(error):
            import traceback  # noqa: PLC0415 - a tenth of the child's start, and hardly ever needed

            context.log("".join(traceback.format_exception(error)).rstrip())
        doing = header["method"] if header["type"] == "call" else "starting"
        return failures.to_wire(error, service=self._name, doing=doing)

    def _finish(self, answer: frames.Header, header: frames.Header, context: HostContext) -> None:
        last = {"id": context.request_id, "usage": usage.measure()}
        try:
            self._writer.write({**answer, **last})
        except frames.FrameError as error:
            refused = EngineContractBroken(f"{self._name} answered what can't be sent: {error}.")
            self._writer.write({"type": "error", "error": self._describe(refused, header, context), **last})

    def _read_frames(self) -> None:
        with contextlib.suppress(frames.FrameError):
            while (frame := frames.read(self._source)) is not None:
                header, _ = frame
                if header["type"] == "stop":
                    self._work.put(None)
                elif header["type"] == "cancel":
                    if (context := self._contexts.get(header["id"])) is not None:
                        context.cancel()
                else:
                    context = HostContext(header["id"], self._writer)
                    self._contexts[header["id"]] = context
                    self._work.put((header, context))
        lifeline.end_at_once()

    def _beat(self) -> None:
        while self._working.wait():
            time.sleep(self._beat_s)
            if self._working.is_set():
                self._writer.write({"type": "beat", "usage": usage.measure()})


def main(arguments: list[str]) -> None:
    """Take over the standard streams and serve the factory named by the only argument."""
    [factory] = arguments
    frames_in, frames_out = os.dup(0), os.dup(1)
    # From here on a `print`, in Python or in C, is a log line, and `input()` finds the end of the file.
    os.dup2(2, 1)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(line_buffering=True, errors="backslashreplace")  # type: ignore[union-attr]
    lifeline.bind_to_parent()
    writer = frames.FrameWriter(frames_out)
    writer.write_raw(frames.PREAMBLE)
    Host(factory, os.fdopen(frames_in, "rb"), writer).run()


if __name__ == "__main__":
    main(sys.argv[1:])
