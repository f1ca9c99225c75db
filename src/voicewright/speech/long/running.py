"""Speaks a long text or a batch, chunk by chunk, and makes its files: the work of one attempt.

Each chunk is kept when it is spoken, so a worker that is lost costs one chunk. A chunk that fails is tried
again after a pause; one that fails for good stops only the file that it belongs to. What would fail for
every chunk (the voice is gone, the disk is full) ends the part, or the whole text, at once.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import select

from voicewright.db.errors import DatabaseUnavailable
from voicewright.engines.errors import Cancelled
from voicewright.errors import AppError
from voicewright.speech.long.chunk_speaking import LASTING, ChunkSpeaker
from voicewright.speech.long.errors import ChunksFailed, LongSpeechLost, told
from voicewright.speech.long.files import storing
from voicewright.speech.long.making import FileMaker
from voicewright.speech.long.models import LongChunk, LongPart
from voicewright.speech.long.transitions import end

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from contextlib import AbstractContextManager

    from sqlalchemy.orm import Session

    from voicewright.speech.long.making import Made
    from voicewright.speech.long.runs import LongRun
    from voicewright.speech.long.tools import LongTools

_LOG = logging.getLogger(__name__)

_FAILED_SHOWN: Final = 10
_IN_A_ROW: Final = 3
"""After so many chunks that failed one after the other, the engine is not asked for the others."""


def speak_long(run: LongRun, tools: LongTools) -> None:
    """Speak what is not spoken yet, make the files, and end it; all that goes wrong is written down."""
    try:
        _Speaker(run, tools).speak()
    except (LongSpeechLost, Cancelled):
        if not run.is_lost:
            _LOG.info("the long text %s is given back: this worker ends", run.speech.id)
            _unless_lost(run.give_back)
    except DatabaseUnavailable as error:
        # it can't be written down; another worker takes over once the database is back
        _LOG.warning("the long text %s stops: %s", run.speech.id, error.message)
    except AppError as error:
        _fail(run, error)
    except Exception as error:
        _fail(run, AppError(f"Something unforeseen happened, which is a bug: {type(error).__name__}."))
        raise


class _Speaker:
    """One attempt."""

    def __init__(self, run: LongRun, tools: LongTools) -> None:
        self._run = run
        self._tools = tools
        self._speech = run.speech
        self._blobs = tools.vault.of(run.speech.owner_id)
        self._speaker = ChunkSpeaker(run, tools, self._blobs)
        self._files = FileMaker(run, self._blobs, tools.work_dir, tools.provenance)

    def speak(self) -> None:
        with self._tools.database.session() as session:
            parts = session.scalars(
                select(LongPart).where(LongPart.speech_id == self._speech.id).order_by(LongPart.number)
            ).all()
        for part in parts:
            if part.state == "waiting" and self._can_speak(part):
                self._speak_part(part)
        if any(part.state == "waiting" and not self._can_speak(part) for part in parts):
            self._run.give_back()  # into the queue of the engine that comes next
        elif self._speech.kind == "batch":
            self._end_batch()
        else:
            self._end_text(parts)

    def _can_speak(self, part: LongPart) -> bool:
        return part.engine in self._tools.engines

    def _speak_part(self, part: LongPart) -> None:
        """Its chunks, and its file where it gets one; in a batch it fails alone."""
        try:
            if self._speak_chunks(part) and self._has_file:
                self._make_part_file(part)
        except AppError as error:
            if self._speech.kind == "text" or error.kind not in LASTING:
                raise
            self._fail_part(part, error.code, told(error))

    @property
    def _has_file(self) -> bool:
        return self._speech.kind == "batch" or self._speech.paragraphs

    def _speak_chunks(self, part: LongPart) -> bool:
        """Speak what is waiting; answers whether all of the part is spoken now."""
        in_a_row = 0
        for number in self._waiting(part.number):
            self._run.require()
            error = self._speaker.speak(number)
            in_a_row = in_a_row + 1 if error else 0
            if error is not None and in_a_row == _IN_A_ROW and self._speech.kind == "text":
                raise self._given_up()
        chunks = self._chunks(part.number)
        failed = [chunk for chunk in chunks if chunk.state == "failed"]
        if failed and self._speech.kind == "batch":
            code, why = failed[0].error_code or AppError.code, failed[0].error or ""
            self._fail_part(part, code, why)
        return not failed

    def _make_part_file(self, part: LongPart) -> None:
        part = self._now(part)
        with self._files.made(part, self._chunks(part.number)) as made, self._storing(made) as session:
            self._run.locked(session)
            stored = self._blobs.put_file(made.path)
            file = {"file_digest": stored.digest, "file_bytes": stored.size_bytes, "file_signed": made.signed}
            self._set_part(
                session, part, state="completed", error_code=None, error=None, audio_s=made.audio_s, **file
            )
            made.remember(session)  # it may leave from now on

    def _end_text(self, parts: Sequence[LongPart]) -> None:
        chunks = self._chunks()
        if any(chunk.state != "spoken" for chunk in chunks):
            raise self._given_up()
        part = self._now(parts[0])
        with self._files.made(part, chunks, whole=True) as made, self._storing(made) as session:
            speech = self._run.locked(session)
            stored = self._blobs.put_file(made.path)
            speech.file_digest, speech.file_bytes = stored.digest, stored.size_bytes
            speech.audio_s, speech.file_signed = made.audio_s, made.signed
            made.remember(session)
            if not speech.paragraphs:
                self._set_part(session, parts[0], state="completed", audio_s=made.audio_s)
            end(session, speech, "completed")

    def _storing(self, made: Made) -> AbstractContextManager[Session]:
        return storing(self._tools.database, self._blobs, [made.digest])

    def _end_batch(self) -> None:
        """It has failed only where every item has."""
        with self._run.writing() as (session, speech):
            theirs = select(LongPart).where(LongPart.speech_id == speech.id).order_by(LongPart.number)
            parts = session.scalars(theirs).all()
            if any(part.state == "completed" for part in parts):
                speech.audio_s = sum(part.audio_s or 0.0 for part in parts)
                end(session, speech, "completed")
            else:
                end(
                    session,
                    speech,
                    "failed",
                    parts[0].error_code,
                    f"No item could be spoken. {parts[0].error}",
                )

    def _given_up(self) -> ChunksFailed:
        chunks = self._chunks()
        failed = [chunk for chunk in chunks if chunk.state == "failed"]
        shown = ", ".join(str(chunk.number) for chunk in failed[:_FAILED_SHOWN])
        more = " and others" if len(failed) > _FAILED_SHOWN else ""
        why = failed[0].error if failed else "they were not reached"
        is_begun = any(chunk.state == "spoken" for chunk in chunks)
        same = ", with the same voice: no other one goes on in the middle" if is_begun else ""
        return ChunksFailed(
            f"{len(failed)} of {len(chunks)} chunks could not be spoken ({shown}{more}): {why} "
            f"A retry speaks only those that are missing{same}."
        )

    def _fail_part(self, part: LongPart, code: str, why: str) -> None:
        with self._run.writing() as (session, _):
            self._set_part(session, part, state="failed", error_code=code, error=why)

    @staticmethod
    def _set_part(session: Session, part: LongPart, **values: Any) -> None:
        row = session.get_one(LongPart, (part.speech_id, part.number), with_for_update=True)
        for name, value in values.items():
            setattr(row, name, value)

    def _now(self, part: LongPart) -> LongPart:
        """The same with the voice that spoke it, which may be another one than was asked for."""
        with self._tools.database.session() as session:
            return session.get_one(LongPart, (part.speech_id, part.number))

    def _waiting(self, part: int) -> Sequence[int]:
        with self._tools.database.session() as session:
            return session.scalars(
                select(LongChunk.number)
                .where(
                    LongChunk.speech_id == self._speech.id,
                    LongChunk.part == part,
                    LongChunk.state == "waiting",
                )
                .order_by(LongChunk.number)
            ).all()

    def _chunks(self, part: int | None = None) -> Sequence[LongChunk]:
        mine = select(LongChunk).where(LongChunk.speech_id == self._speech.id)
        if part is not None:
            mine = mine.where(LongChunk.part == part)
        with self._tools.database.session() as session:
            return session.scalars(mine.order_by(LongChunk.number)).all()


def _fail(run: LongRun, error: AppError) -> None:
    def write() -> None:
        with run.writing() as (session, speech):
            end(session, speech, "failed", error.code, told(error))

    _LOG.warning("the long text %s failed: %s", run.speech.id, error.message)
    _unless_lost(write)


def _unless_lost(write: Callable[[], None]) -> None:
    try:
        write()
    except (LongSpeechLost, DatabaseUnavailable) as error:
        _LOG.info("nothing more is written of a long text: %s", error.message)
