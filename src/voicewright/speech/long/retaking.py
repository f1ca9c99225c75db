"""Chunks that are spoken, and that somebody wants otherwise: what was made of them is let go."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import func, select, update

from voicewright.provenance.identifying import set_aside
from voicewright.speech.long.errors import LongSpeechPartNotFound, LongSpeechState
from voicewright.speech.long.files import let_go_of
from voicewright.speech.long.models import LongChunk, LongPart

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from sqlalchemy.orm import Session

    from voicewright.speech.long.models import LongSpeech
    from voicewright.storage.vault import Vault

_NO_FILE: Final[dict[str, Any]] = dict.fromkeys(("file_digest", "file_bytes", "file_signed", "audio_s"))
_NO_ERROR: Final[dict[str, Any]] = {"error_code": None, "error": None}
_UNSPOKEN: Final[dict[str, Any]] = {
    **dict.fromkeys(("digest", "bytes", "audio_s", "watermark", "loudness_lufs", "words", "took_s")),
    **_NO_ERROR,
    "state": "waiting",
    "attempts": 0,
    "checks": [],
    "counted": False,
    "takes": LongChunk.takes + 1,
}


def take_again(session: Session, vault: Vault, speech: LongSpeech, numbers: Collection[int]) -> None:
    """Have some chunks of one that has ended wait to be spoken with other seeds, and their files to be made.

    That this instance made what was fetched before stays known.

    Args:
        session: the caller's transaction, in which the row is locked.
        vault: of the files.
        speech: whose chunks.
        numbers: of the chunks.

    Raises:
        LongSpeechPartNotFound: it has no such chunk.
        LongSpeechState: its text was not to be kept.
        StorageFull, StorageReadOnly: the files can't be noted.
    """
    chunks = _chunks(session, speech, numbers)
    touched = (LongPart.speech_id == speech.id) & LongPart.number.in_({chunk.part for chunk in chunks})
    parts = session.scalars(select(LongPart).where(touched)).all()
    digests = {chunk.digest for chunk in chunks} | {part.file_digest for part in parts} | {speech.file_digest}
    let_go_of(session, vault, speech.owner_id, digests)
    set_aside(session, speech.id, [0, *(part.number for part in parts)])
    session.execute(update(LongPart).where(touched).values({**_NO_FILE, **_NO_ERROR, "state": "waiting"}))
    again = (LongChunk.speech_id == speech.id) & LongChunk.number.in_(numbers)
    session.execute(update(LongChunk).where(again).values(_UNSPOKEN))
    speech.file_digest = speech.file_bytes = speech.file_signed = speech.audio_s = None


def _chunks(session: Session, speech: LongSpeech, numbers: Collection[int]) -> Sequence[LongChunk]:
    theirs = LongChunk.speech_id == speech.id
    chunks = session.scalars(select(LongChunk).where(theirs, LongChunk.number.in_(numbers))).all()
    unknown = set(numbers) - {chunk.number for chunk in chunks}
    if unknown:
        most = session.scalar(select(func.count()).where(theirs))
        raise LongSpeechPartNotFound(f"It has the chunks 1 to {most}, and no {min(unknown)}.")
    if not all(chunk.pieces for chunk in chunks):
        raise LongSpeechState(
            "Its text was not to be kept, so none of it can be spoken again. Order the text anew."
        )
    return chunks
