"""Pieces that were spoken before, so that the same is not computed twice.

A piece lies sealed at `{user}/cache/<2 hex>/<62 hex>`, its key, as FLAC behind a line that says what else is
known of it. Nobody is answered with what another one had spoken, and whoever may not speak with a voice any
more is stopped before anything is looked up here. The row comes before the object and goes after it, so
nothing lies there that no row tells of.
"""

from __future__ import annotations

import hashlib
import io
import json
import logging
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from sqlalchemy import delete, func, select, text, update
from sqlalchemy.dialects.postgresql import insert

from voicewright.engines.port import SpokenWord
from voicewright.errors import AppError
from voicewright.speech.hooks import SpokenPiece
from voicewright.speech.models import CachedPiece
from voicewright.storage.vault import Vault
from voicewright.voices.models import VoiceModel
from voicewright.voices.sharing.models import VoiceShare

if TYPE_CHECKING:
    import uuid
    from collections.abc import Collection, Iterable

    from sqlalchemy import ColumnElement

    from voicewright.db.server import Database
    from voicewright.engines.port import SynthesisRequest
    from voicewright.settings import Settings
    from voicewright.storage.user_keys import KeyRing

_LOG = logging.getLogger(__name__)

_FORMAT: Final = 1
"""Of what is kept, and of what goes into a key: another one, and nothing of before is found."""
_SAME_USE: Final = timedelta(minutes=1)
"""A piece that is used again so soon is not noted again."""
_MIB: Final = 1 << 20
_AT_ONCE: Final = 500


def piece_key(voice: VoiceModel, engine_version: str, request: SynthesisRequest) -> str:
    """What tells a spoken piece from all others: the voice's files, the engine, the words and the manner."""
    parts = [
        _FORMAT,
        voice.engine,
        engine_version,
        voice.artefact_digest,
        request.text,
        request.language,
        request.speed,
        request.pitch_semitones,
        request.seed,
    ]
    return hashlib.sha256(json.dumps(parts, ensure_ascii=True).encode()).hexdigest()


class SpeechCache:
    """The pieces of everybody; safe for threads and processes (`speech.hooks.PieceCache`).

    Args:
        settings: how much is kept for one user.
        database: open.
        keys: of the users.
    """

    def __init__(self, settings: Settings, database: Database, keys: KeyRing) -> None:
        self._most_bytes = settings.speech_cache_mb * _MIB
        self._database = database
        self._vault = Vault.of_speech(settings, keys)

    def get(self, user_id: uuid.UUID, key: str) -> SpokenPiece | None:
        """What was kept under a key; None where nothing is, or where it can't be read."""
        if not self._most_bytes:
            return None
        try:
            if not self._note_use(user_id, key):
                return None
            try:
                return _read(self._vault.of(user_id).get_named(_path(user_id, key)))
            except (AppError, ValueError, RuntimeError) as error:  # soundfile's errors are RuntimeErrors
                _LOG.warning("a piece of the speech cache can't be read, so it goes: %s", error)
                self._remove(user_id, [key])
        except AppError as error:
            _LOG.warning("the speech cache can't be read: %s", error.message)
        return None

    def among(self, user_id: uuid.UUID, keys: Collection[str]) -> frozenset[str]:
        """Those keys under which something was kept: one question for a whole text."""
        if not self._most_bytes or not keys:
            return frozenset()
        this = (CachedPiece.user_id == user_id) & CachedPiece.key.in_(keys)
        try:
            with self._database.session() as session:
                return frozenset(session.scalars(select(CachedPiece.key).where(this)))
        except AppError as error:
            _LOG.warning("the speech cache can't be read: %s", error.message)
        return frozenset()

    def put(self, user_id: uuid.UUID, model_id: uuid.UUID, key: str, piece: SpokenPiece) -> None:
        """Keep a piece of a voice, with which it goes; raises nothing."""
        if not self._most_bytes:
            return
        try:
            data = _written(piece)
            if len(data) > self._most_bytes:
                return
            now = datetime.now(UTC)
            values = {"voice_model_id": model_id, "bytes": len(data), "used_at": now}
            new = insert(CachedPiece).values(user_id=user_id, key=key, **values)
            with self._database.session() as session:
                session.execute(
                    new.on_conflict_do_update(
                        index_elements=[CachedPiece.user_id, CachedPiece.key], set_=values
                    )
                )
            self._vault.of(user_id).put_named(_path(user_id, key), data)
            self._make_room(user_id)
        except AppError as error:
            _LOG.warning("a piece is not kept in the speech cache: %s", error.message)

    def sweep(self) -> int:
        """Remove the pieces of voices that are gone or no longer shared; answers how many."""
        voice = select(VoiceModel.id).where(
            VoiceModel.id == CachedPiece.voice_model_id, VoiceModel.deleted_at.is_(None)
        )
        own = voice.where(VoiceModel.owner_id == CachedPiece.user_id).exists()
        shared = (
            select(VoiceShare.id)
            .where(
                VoiceShare.model_id == CachedPiece.voice_model_id,
                VoiceShare.target_user_id == CachedPiece.user_id,
                VoiceShare.revoked_at.is_(None),
            )
            .exists()
        )
        return self._remove_where(~own & ~(shared & voice.exists()))

    def clear(self, user_id: uuid.UUID) -> int:
        """Remove all pieces of somebody; answers how many there were."""
        return self._remove_where(CachedPiece.user_id == user_id)

    def _note_use(self, user_id: uuid.UUID, key: str) -> bool:
        """Whether a piece is there, by its row."""
        this = (CachedPiece.user_id == user_id) & (CachedPiece.key == key)
        now = datetime.now(UTC)
        with self._database.session() as session:
            used_at = session.scalar(select(CachedPiece.used_at).where(this))
            if used_at is None:
                return False
            if now - used_at > _SAME_USE:
                session.execute(text("SET LOCAL synchronous_commit TO OFF"))
                session.execute(update(CachedPiece).where(this).values(used_at=now))
        return True

    def _make_room(self, user_id: uuid.UUID) -> None:
        so_far = func.sum(CachedPiece.bytes).over(order_by=(CachedPiece.used_at.desc(), CachedPiece.key))
        mine = select(CachedPiece.key, so_far.label("so_far")).where(CachedPiece.user_id == user_id)
        kept = mine.subquery()
        with self._database.session() as session:
            over = session.scalars(select(kept.c.key).where(kept.c.so_far > self._most_bytes)).all()
        self._remove(user_id, over)

    def _remove_where(self, where: ColumnElement[bool]) -> int:
        count = 0
        while True:
            with self._database.session() as session:
                some = select(CachedPiece.user_id, CachedPiece.key).where(where).limit(_AT_ONCE)
                found = [(user_id, key) for user_id, key in session.execute(some)]
            for user_id, key in found:
                self._remove(user_id, [key])
            count += len(found)
            if len(found) < _AT_ONCE:
                return count

    def _remove(self, user_id: uuid.UUID, keys: Iterable[str]) -> None:
        for key in keys:
            self._vault.objects.delete(_path(user_id, key))
            this = (CachedPiece.user_id == user_id) & (CachedPiece.key == key)
            with self._database.session() as session:
                session.execute(delete(CachedPiece).where(this))


def _path(user_id: uuid.UUID, key: str) -> str:
    return f"{user_id}/cache/{key[:2]}/{key[2:]}"


def _written(piece: SpokenPiece) -> bytes:
    import soundfile  # noqa: PLC0415 - only when something is written

    said: dict[str, Any] = {
        "format": _FORMAT,
        "words": [[word.text, word.start_s, word.end_s] for word in piece.words],
    }
    sound = io.BytesIO()
    samples = np.frombuffer(piece.pcm, "<i2")
    soundfile.write(sound, samples, piece.sample_rate_hz, format="FLAC", subtype="PCM_16")
    return json.dumps(said).encode() + b"\n" + sound.getvalue()


def _read(data: bytes) -> SpokenPiece:
    """What was written.

    Raises:
        ValueError, RuntimeError: it is something else.
    """
    import soundfile  # noqa: PLC0415 - only when something is read

    head, _, sound = data.partition(b"\n")
    said = json.loads(head)
    if not isinstance(said, dict) or said.get("format") != _FORMAT:
        raise ValueError("it has another form")
    samples, rate_hz = soundfile.read(io.BytesIO(sound), dtype="int16")
    words = tuple(SpokenWord(spoken, start_s, end_s) for spoken, start_s, end_s in said["words"])
    return SpokenPiece(samples.astype("<i2", copy=False).tobytes(), rate_hz, words)
