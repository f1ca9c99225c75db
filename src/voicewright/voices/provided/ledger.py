"""Notes the voices that lie at providers: as soon as they are made, and which files speak with them.

A note is made before anything is done with the voice, so that it is found again whatever becomes of the
training. Only what this installation had made is noted, and nothing else is taken from elsewhere
(`voices.uploads.require_made_here`).
"""

from __future__ import annotations

import hashlib
import logging
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert

from voicewright.engines.errors import EngineContractBroken
from voicewright.engines.port import PROVIDER_VOICE, PROVIDER_VOICE_BYTES
from voicewright.errors import AppError
from voicewright.storage.user_keys import PLATFORM_ID
from voicewright.voices.provided.models import ProviderVoice

if TYPE_CHECKING:
    import uuid
    from pathlib import Path

    from sqlalchemy import ColumnElement
    from sqlalchemy.orm import Session

    from voicewright.db.server import Database
    from voicewright.engines.port import EngineInfo
    from voicewright.storage.user_keys import KeyRing

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ProviderVoices:
    """The notes of an installation; safe for threads and processes.

    Args:
        database: open.
        keys: have the installation's own.
    """

    database: Database
    keys: KeyRing

    def note(self, info: EngineInfo, folder: Path, *, training_job_id: uuid.UUID | None = None) -> str | None:
        """Note the voice that a folder of an engine names, as one that is wanted.

        Args:
            info: of the engine.
            folder: an artefact, or checkpoints.
            training_job_id: the job that had it made.

        Returns:
            Its digest; None: the folder names none.

        Raises:
            EngineContractBroken: what names it is too much.
            AppError: as the database.
        """
        content = _read(info.id, folder)
        if content is None:
            return None
        digest = _digest_of(info.id, content)
        now = datetime.now(UTC)
        new = insert(ProviderVoice).values(
            digest=digest,
            engine=info.id,
            sealed=b"".join(self.keys.cipher(PLATFORM_ID).seal([content], digest)),
            training_job_id=training_job_id,
            noted_at=now,
            tries=0,
        )
        again = {"noted_at": now, "unwanted_since": None, "next_try_at": None, "tries": 0, "last_error": None}
        with self.database.session() as session:
            session.execute(new.on_conflict_do_update(index_elements=[ProviderVoice.digest], set_=again))
        return digest

    def content_of(self, voice: ProviderVoice) -> bytes:
        """What names a voice at its provider.

        Raises:
            SealBroken: the row was changed.
        """
        return b"".join(self.keys.cipher(PLATFORM_ID).open([voice.sealed], voice.digest))

    def has_any(self) -> bool:
        """Whether any voice lies at a provider."""
        with self.database.session() as session:
            return session.scalar(select(ProviderVoice.digest).limit(1)) is not None

    def waiting(self) -> list[ProviderVoice]:
        """Those that nobody needs and that are still at their provider, the oldest first."""
        unwanted = ProviderVoice.unwanted_since
        with self.database.session() as session:
            found = select(ProviderVoice).where(unwanted.is_not(None)).order_by(unwanted)
            return list(session.scalars(found))


class Noting:
    """Notes the voice of one training, once, as soon as its folders name it.

    Args:
        voices: the notes.
        info: of the engine; where its voices lie nowhere else, there is nothing to do.
        training_job_id: the job, if there is one.
    """

    def __init__(
        self, voices: ProviderVoices, info: EngineInfo, training_job_id: uuid.UUID | None = None
    ) -> None:
        self._voices = voices
        self._info = info
        self._training_job_id = training_job_id
        self._noted: bytes | None = None

    def look(self, folder: Path) -> None:
        """Note what a folder names.

        Raises:
            EngineContractBroken, AppError: as `ProviderVoices.note`.
        """
        provider = self._info.provider
        if provider is None or not provider.keeps_voices:
            return
        named = _read(self._info.id, folder)
        if named is not None and named != self._noted:
            self._voices.note(self._info, folder, training_job_id=self._training_job_id)
            self._noted = named

    def glance(self, folder: Path) -> None:
        """The same, where a later look does what is not possible now."""
        try:
            self.look(folder)
        except (AppError, OSError) as error:
            _LOG.warning("a voice at the provider of %s is noted later: %s", self._info.id, error)


def note_files(
    session: Session, engine: str, folder: Path, artefact_digest: str, training_job_id: uuid.UUID | None
) -> None:
    """Note which stored files speak with the voice that a folder names, if it was made here.

    What is known of a voice is changed by its own training only: files that name it may come from anybody.

    Args:
        session: the transaction that stores them.
        engine: its id.
        folder: the artefact.
        artefact_digest: of its tree.
        training_job_id: the job that made it.
    """
    content = _read(engine, folder)
    if content is None:
        return
    its_own: ColumnElement[bool] = ProviderVoice.artefact_digest.is_(None)
    if training_job_id is not None:
        its_own |= ProviderVoice.training_job_id == training_job_id
    session.execute(
        update(ProviderVoice)
        .where(ProviderVoice.digest == _digest_of(engine, content), its_own)
        .values(artefact_digest=artefact_digest)
    )


def is_made_here(session: Session, engine: str, content: bytes) -> bool:
    """Whether this installation had a voice made, and has not deleted it at its provider since.

    Args:
        session: a unit of work.
        engine: its id.
        content: what names the voice there.
    """
    made = select(ProviderVoice.digest).where(ProviderVoice.digest == _digest_of(engine, content))
    return session.scalar(made) is not None


def _read(engine: str, folder: Path) -> bytes | None:
    path = folder / PROVIDER_VOICE
    if not path.is_file():
        return None
    with path.open("rb") as file:
        content = file.read(PROVIDER_VOICE_BYTES + 1)
    if len(content) > PROVIDER_VOICE_BYTES:
        raise EngineContractBroken(
            f"The engine {engine} names a voice at its provider with more than {PROVIDER_VOICE_BYTES} bytes."
        )
    return content or None


def _digest_of(engine: str, content: bytes) -> str:
    return hashlib.sha256(b"\0".join((engine.encode(), content))).hexdigest()
