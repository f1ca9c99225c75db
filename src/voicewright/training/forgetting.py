"""Deletes voices at their providers that nobody needs here any more, again and again until it is done.

Whether a voice is needed is read from what there is: a voice with its files, one that was kept without being
good enough, an upload, a training that may still come to its end. So nothing that deletes any of these has to
think of it, however it ends: the deletion of an account, of a voice, a training that fails or is cancelled.
"""

from __future__ import annotations

import logging
import shutil
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from sqlalchemy import and_, delete, or_, select, update

from voicewright.engines.port import PROVIDER_VOICE
from voicewright.errors import AppError
from voicewright.storage.faults import clear_errors
from voicewright.storage.work import work_folder
from voicewright.training.models import TrainingJob, is_open
from voicewright.training.workspace import CHECKPOINTS_KEPT_S
from voicewright.voices.models import KeptTree, VoiceModel, VoiceUpload
from voicewright.voices.provided.models import ProviderVoice
from voicewright.voices.retention import needs_files

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy import ColumnElement

    from voicewright.db.server import Database
    from voicewright.engines.client import EngineClient
    from voicewright.engines.installed import Engines
    from voicewright.engines.port import EngineInfo
    from voicewright.voices.provided.ledger import ProviderVoices

_LOG = logging.getLogger(__name__)

_RETRIED_FOR: Final = timedelta(seconds=CHECKPOINTS_KEPT_S)
"""For so long a training that failed may be gone on with."""
_LEASE: Final = timedelta(minutes=10)
"""How long one process may take before another one tries."""
_TIMEOUT_S: Final = 120.0
_FIRST_DELAY: Final = timedelta(minutes=1)
_LONGEST_DELAY: Final = timedelta(hours=6)
_DOUBLINGS: Final = 10
_OPEN: Final = tuple(state for state in ("queued", "delayed", "running") if is_open(state))
_NEVER_AGAIN: Final = "CONSENT_REQUIRED"
"""A training that ended by this is not gone on with: the speaker took the consent back."""


@dataclass(frozen=True, slots=True)
class Forgotten:
    """What came of one look."""

    done: int
    """Voices that were deleted at their providers."""
    waiting: int
    """Voices that are still there."""


class Forgetting:
    """Deletes at providers what is not needed here; safe for processes.

    Args:
        database: open.
        voices: those that lie at providers.
        engines: which there are, and how they are started.
        work_dir: for the file that an engine needs, while it works.
    """

    def __init__(self, database: Database, voices: ProviderVoices, engines: Engines, work_dir: Path) -> None:
        self._database = database
        self._voices = voices
        self._engines = engines
        self._work_dir = work_dir

    def run(self) -> Forgotten:
        """Find what nobody needs, and delete it where that is possible now.

        Raises:
            DatabaseUnavailable, DatabaseRefused, DatabaseFull: the rest waits for the next time.
        """
        self._find()
        done = 0
        for info in self._due_engines():
            with self._engines.client(info) as client:
                while (claimed := self._claim(info.id)) is not None:
                    done += self._forget(claimed, client)
        return Forgotten(done, len(self._voices.waiting()))

    def _find(self) -> None:
        """Mark what nobody needs, and what somebody needs again."""
        now = datetime.now(UTC)
        needed, marked = _is_needed(now), ProviderVoice.unwanted_since.is_not(None)
        with self._database.session() as session:
            session.execute(
                update(ProviderVoice)
                .where(~marked, ~needed)
                .values(unwanted_since=now, next_try_at=now, tries=0, last_error=None)
            )
            session.execute(
                update(ProviderVoice).where(marked, needed).values(unwanted_since=None, next_try_at=None)
            )

    def _due_engines(self) -> list[EngineInfo]:
        """The engines with something to delete now that can run here; of the others it is noted why not."""
        with self._database.session() as session:
            ids = session.scalars(select(ProviderVoice.engine).where(_is_due()).distinct()).all()
        ready = []
        for engine_id in sorted(ids):
            try:
                info = self._engines.find(engine_id)
                self._engines.require(info)
            except AppError as error:
                self._note_reason(engine_id, error)
            else:
                ready.append(info)
        return ready

    def _note_reason(self, engine_id: str, error: AppError) -> None:
        """Leave the voices of an engine that can't run here to others: they stay due."""
        of_engine = (ProviderVoice.engine == engine_id) & _is_due()
        with self._database.session() as session:
            session.execute(update(ProviderVoice).where(of_engine).values(last_error=error.message))

    def _claim(self, engine_id: str) -> ProviderVoice | None:
        """One that is due, which nobody else tries until the lease ends."""
        now = datetime.now(UTC)
        with self._database.session() as session:
            found = session.scalar(
                select(ProviderVoice)
                .where(ProviderVoice.engine == engine_id, _is_due(), ~_is_needed(now))
                .order_by(ProviderVoice.next_try_at)
                .limit(1)
                .with_for_update(skip_locked=True)
            )
            if found is not None:
                found.next_try_at = now + _LEASE
            return found

    def _forget(self, voice: ProviderVoice, client: EngineClient) -> bool:
        """Delete one there; answers whether that was done."""
        try:
            with work_folder(self._work_dir, f"forget-{uuid.uuid4().hex}") as folder:
                try:
                    with clear_errors("write what names a voice", str(folder.path)):
                        (folder.path / PROVIDER_VOICE).write_bytes(self._voices.content_of(voice))
                    client.forget(folder.path, timeout_s=_TIMEOUT_S)
                finally:
                    shutil.rmtree(folder.path, ignore_errors=True)
        except AppError as error:
            _LOG.warning("a deleted voice stays at the provider of %s: %s", voice.engine, error.message)
            self._note_failure(voice, error)
            return False
        with self._database.session() as session:
            session.execute(delete(ProviderVoice).where(ProviderVoice.digest == voice.digest))
        return True

    def _note_failure(self, voice: ProviderVoice, error: AppError) -> None:
        delay = min(_FIRST_DELAY * 2 ** min(voice.tries, _DOUBLINGS), _LONGEST_DELAY)
        later = datetime.now(UTC) + delay
        with self._database.session() as session:
            session.execute(
                update(ProviderVoice)
                .where(ProviderVoice.digest == voice.digest)
                .values(tries=voice.tries + 1, next_try_at=later, last_error=error.message)
            )


def _is_due() -> ColumnElement[bool]:
    return ProviderVoice.unwanted_since.is_not(None) & (ProviderVoice.next_try_at <= datetime.now(UTC))


def _is_needed(now: datetime) -> ColumnElement[bool]:
    """The voices that somebody speaks with, may bring back, listens to, or is still making."""
    voice, job = ProviderVoice, TrainingJob
    speaks = (VoiceModel.engine == voice.engine) & (VoiceModel.artefact_digest == voice.artefact_digest)
    going_on = and_(
        job.status == "failed", job.completed_at > now - _RETRIED_FOR, job.error_code != _NEVER_AGAIN
    )
    unregistered = and_(
        voice.training_job_id.is_(None),
        voice.artefact_digest.is_(None),
        voice.noted_at > now - _RETRIED_FOR,
    )
    return or_(
        unregistered,
        select(VoiceModel.id).where(speaks, needs_files(now)).exists(),
        select(KeptTree.digest).where(KeptTree.digest == voice.artefact_digest).exists(),
        select(VoiceUpload.id).where(VoiceUpload.digest == voice.artefact_digest).exists(),
        select(job.id).where(job.id == voice.training_job_id, or_(job.status.in_(_OPEN), going_on)).exists(),
    )
