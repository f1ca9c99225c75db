"""Keeps what is sent while it is sent: the bytes that the client gets, with their length and a signature."""

from __future__ import annotations

import logging
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, BinaryIO

from voicewright.errors import AppError
from voicewright.speech.keeping import scratch
from voicewright.storage.faults import clear_errors

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from voicewright.audio.codecs import AudioFormat
    from voicewright.audio.streaming import EncodedStream
    from voicewright.speech.history import HistoryService
    from voicewright.speech.speaking import Speech

_LOG = logging.getLogger(__name__)


class Recording:
    """What was sent so far; a disk that is full ends it, and never the speech."""

    def __init__(self, path: Path | None, file: BinaryIO | None) -> None:
        self._path = path
        self._file = file

    def write(self, data: bytes) -> None:
        """Keep some more."""
        if self._file is None:
            return
        try:
            self._file.write(data)
        except OSError as error:
            _LOG.warning("a speech is not kept: %s", error)
            self._file = None

    def keep(self, history: HistoryService, speech: Speech, stream: EncodedStream) -> None:
        """It was all; raises nothing.

        Args:
            history: where it is kept.
            speech: not ended yet.
            stream: all of whose bytes were written.
        """
        if self._file is None or self._path is None:
            return
        try:
            with clear_errors("keep a speech", str(self._path.parent)):
                self._file.close()
                stream.complete(self._path)
            history.keep(speech, self._path, stream.format, stream.sample_rate_hz)
        except AppError as error:
            _LOG.warning("the speech %s is not kept: %s", speech.id, error.message)


@contextmanager
def recording(history: HistoryService, speech: Speech, format_: AudioFormat) -> Iterator[Recording]:
    """Record a speech, where its user wants it kept."""
    with ExitStack() as opened:
        path, file = None, None
        if history.keeps_audio_of(speech):
            try:
                path = opened.enter_context(scratch(history.work_dir)) / f"speech.{format_}"
                file = opened.enter_context(path.open("xb"))
            except (AppError, OSError) as error:
                _LOG.warning("the speech %s is not kept: %s", speech.id, error)
        yield Recording(path, file)
