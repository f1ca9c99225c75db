"""Takes long texts and batches, and lets their owners watch, pause, resume, cancel, retry and delete them.

A worker does the rest (`running`). Each change is one transaction: the rows and the entry in the queue are
there together or not at all.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import func, select, update

from voicewright.engines.registry import get_engine
from voicewright.home.layout import Home
from voicewright.speech.long.drafting import Drafting
from voicewright.speech.long.errors import (
    LongSpeechPartNotFound,
    LongSpeechState,
    TooManyLongSpeeches,
)
from voicewright.speech.long.files import delete_speeches
from voicewright.speech.long.models import OPEN, LongChunk, LongSpeech, is_open
from voicewright.speech.long.retaking import take_again
from voicewright.speech.long.showing import (
    Progress,
    Shown,
    find,
    find_same,
    in_detail,
    joined_files,
    parts_of,
    progress_of,
)
from voicewright.speech.long.transitions import end, halt, issue_ticket
from voicewright.storage.space import require_space
from voicewright.storage.vault import Vault

if TYPE_CHECKING:
    import uuid
    from collections.abc import Callable, Collection, Mapping, Sequence
    from typing import Self

    from sqlalchemy.orm import Session

    from voicewright.db.server import Database
    from voicewright.engines.port import EngineInfo
    from voicewright.settings import Settings
    from voicewright.speech.history_views import JoinedFile
    from voicewright.speech.long.bodies import BatchBody, LongTextBody
    from voicewright.speech.long.drafting import Draft
    from voicewright.speech.models import Synthesis
    from voicewright.storage.user_keys import KeyRing

BYTES_PER_CHARACTER: Final = 3000
"""Of what is kept: 15 characters are a second, which is 44 kB, two thirds of it as FLAC, and the file."""


class LongSpeechService:
    """The long texts of all users; callers see their own. Safe for threads.

    Every method may raise the errors of `db.errors`.

    Args:
        settings: how much is taken.
        database: open.
        vault: of their files.
        engines: finds an engine by its id.
    """

    def __init__(
        self,
        settings: Settings,
        database: Database,
        vault: Vault,
        *,
        engines: Callable[[str], EngineInfo] = get_engine,
    ) -> None:
        self.vault = vault
        self.work_dir = Home(settings.home).work_dir
        self._settings = settings
        self._database = database
        self._engines = engines

    @classmethod
    def open(
        cls,
        settings: Settings,
        database: Database,
        keys: KeyRing,
        *,
        engines: Callable[[str], EngineInfo] = get_engine,
    ) -> Self:
        """The service with the store of the settings."""
        return cls(settings, database, Vault.of_long_speeches(settings, keys), engines=engines)

    def start_text(self, user_id: uuid.UUID, body: LongTextBody) -> Shown:
        """Queue a text.

        Raises:
            TooManyLongSpeeches: others have to end first.
            StorageFull: the disk has no room for it.
            AppError: as `Drafting.of_text`.
        """
        return self._start(user_id, len(body.text), lambda drafting: drafting.of_text(body))

    def start_batch(self, user_id: uuid.UUID, body: BatchBody) -> Shown:
        """Queue a batch; errors as `start_text`."""
        characters = sum(len(item.text) for item in body.items)
        return self._start(user_id, characters, lambda drafting: drafting.of_batch(body))

    def get(self, user_id: uuid.UUID, speech_id: uuid.UUID) -> Shown:
        """One, in detail.

        Raises:
            LongSpeechNotFound: there is none, or it is somebody else's.
        """
        with self._database.session() as session:
            # one moment for all that is read: who watches sees nothing half deleted
            session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
            return in_detail(session, find(session, user_id, speech_id))

    def joined_files(self, entries: Sequence[Synthesis]) -> Mapping[uuid.UUID, JoinedFile]:
        """The files of those entries of the history that are long texts, where they are still there."""
        ids = [entry.id for entry in entries if entry.source == "long"]
        if not ids:
            return {}
        with self._database.session() as session:
            return joined_files(session, ids)

    def page(
        self, user_id: uuid.UUID, *, limit: int, offset: int, open_only: bool = False
    ) -> tuple[list[Shown], int]:
        """Somebody's, or those of them that go on, the newest first, and how many there are in all."""
        mine = LongSpeech.owner_id == user_id
        if open_only:
            mine &= LongSpeech.state.in_(OPEN)
        newest_first = select(LongSpeech).where(mine).order_by(LongSpeech.created_at.desc(), LongSpeech.id)
        with self._database.session() as session:
            total = session.scalar(select(func.count()).select_from(LongSpeech).where(mine)) or 0
            found = session.scalars(newest_first.limit(limit).offset(offset)).all()
            progress = progress_of(session, [speech.id for speech in found])
        return [Shown(speech, progress.get(speech.id, Progress())) for speech in found], total

    def pause(self, user_id: uuid.UUID, speech_id: uuid.UUID) -> Shown:
        """Have it wait; what is being spoken stops within two seconds, and its chunk is begun anew later.

        Raises:
            LongSpeechNotFound: as `get`.
            LongSpeechState: it neither waits nor is spoken.
        """
        with self._database.session() as session:
            speech = find(session, user_id, speech_id, lock=True)
            if speech.state not in {"queued", "running"}:
                raise LongSpeechState(f"It is {speech.state}, so it can't be paused.")
            halt(session, speech)
            speech.state = "paused"
            return in_detail(session, speech)

    def resume(self, user_id: uuid.UUID, speech_id: uuid.UUID) -> Shown:
        """Go on with one that was paused.

        Raises:
            LongSpeechNotFound: as `get`.
            LongSpeechState: it is not paused.
        """
        with self._database.session() as session:
            speech = find(session, user_id, speech_id, lock=True)
            if speech.state != "paused":
                raise LongSpeechState(f"It is {speech.state}, so it can't be resumed.")
            issue_ticket(session, speech)
            return in_detail(session, speech)

    def cancel(self, user_id: uuid.UUID, speech_id: uuid.UUID) -> Shown:
        """End it; what is being spoken stops within two seconds.

        Raises:
            LongSpeechNotFound: as `get`.
            LongSpeechState: it has ended already.
        """
        with self._database.session() as session:
            speech = find(session, user_id, speech_id, lock=True)
            if not is_open(speech.state):
                raise LongSpeechState(f"It is {speech.state} already, so it can't be cancelled.")
            halt(session, speech)
            end(session, speech, "cancelled")
            return in_detail(session, speech)

    def retry(self, user_id: uuid.UUID, speech_id: uuid.UUID, chunks: Collection[int] | None = None) -> Shown:
        """Queue one again that has ended: what is missing is spoken.

        Args:
            user_id: whose.
            speech_id: which.
            chunks: numbers of those that are to be spoken otherwise as well.

        Raises:
            LongSpeechNotFound: as `get`.
            LongSpeechState: nothing of it is missing for which there is a voice, or it has not ended; or a
                text that is not kept is to be spoken again.
            LongSpeechPartNotFound: it has no such chunk.
            TooManyLongSpeeches: others have to end first.
            StorageFull, StorageReadOnly: nothing was changed.
        """
        with self._database.session() as session:
            speech = find(session, user_id, speech_id, lock=True)
            if chunks is not None:
                if is_open(speech.state):
                    raise LongSpeechState(f"It is {speech.state}. Wait for its end, or cancel it.")
                self._require_room(session, user_id)
                take_again(session, self.vault, speech, chunks)
                self._queue_again(session, speech)
                return in_detail(session, speech)
            with_voice = [part for part in parts_of(session, speech) if part.engine is not None]
            if speech.state == "completed":
                with_voice = [part for part in with_voice if part.state == "failed"]
            if is_open(speech.state) or not with_voice:
                raise LongSpeechState(f"It is {speech.state}, so there is nothing to try again.")
            self._queue_again(session, speech)
            return in_detail(session, speech)

    def delete(self, user_id: uuid.UUID, speech_id: uuid.UUID) -> None:
        """Delete it with all that was made of it; one that is being spoken is cancelled.

        Raises:
            LongSpeechNotFound: as `get`.
            StorageFull, StorageReadOnly: nothing was deleted.
        """
        with self._database.session() as session:
            speech = find(session, user_id, speech_id, lock=True)
            halt(session, speech)
            delete_speeches(session, self.vault, [speech])

    def chunks(
        self, user_id: uuid.UUID, speech_id: uuid.UUID, part: int | None = None
    ) -> tuple[Shown, Sequence[LongChunk]]:
        """One in detail, with its chunks in their order, or with those of one part.

        Raises:
            LongSpeechNotFound: as `get`.
            LongSpeechPartNotFound: it has no such part.
        """
        with self._database.session() as session:
            shown = in_detail(session, find(session, user_id, speech_id))
            if part is not None and not 1 <= part <= len(shown.parts):
                raise LongSpeechPartNotFound(f"It has the parts 1 to {len(shown.parts)}, and no {part}.")
            mine = select(LongChunk).where(LongChunk.speech_id == speech_id).order_by(LongChunk.number)
            if part is not None:
                mine = mine.where(LongChunk.part == part)
            return shown, session.scalars(mine).all()

    def take_up_text(self, user_id: uuid.UUID, body: LongTextBody) -> Shown:
        """Go on with the newest that would sound the same, also one that is spoken, or queue a new one.

        Raises:
            AppError: as `start_text`.
        """
        self._require_space(len(body.text))
        with self._database.session() as session:
            drafted = self._draft(session, user_id, lambda drafting: drafting.of_text(body))
            found = find_same(session, drafted.speech, drafted.parts[0])
            if found is None:
                return self._enter(session, drafted)
            if found.state == "paused":
                issue_ticket(session, found)
            elif found.state in {"failed", "cancelled"}:
                self._queue_again(session, found)
            return in_detail(session, found)

    def _start(self, user_id: uuid.UUID, characters: int, draft: Callable[[Drafting], Draft]) -> Shown:
        self._require_space(characters)
        with self._database.session() as session:
            return self._enter(session, self._draft(session, user_id, draft))

    def _require_space(self, characters: int) -> None:
        if self.vault.objects.directory is not None:
            require_space(
                self.vault.objects.directory,
                needed_bytes=characters * BYTES_PER_CHARACTER,
                reserve_mb=self._settings.min_free_disk_mb,
                purpose="Speaking this text",
            )

    def _draft(self, session: Session, user_id: uuid.UUID, draft: Callable[[Drafting], Draft]) -> Draft:
        # one request of a user at a time, or two would both be the last that fits
        session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(f"long {user_id}", 0))))
        return draft(Drafting(session, user_id, self._settings, self._engines))

    def _enter(self, session: Session, drafted: Draft) -> Shown:
        self._require_room(session, drafted.speech.owner_id)
        for rows in ([drafted.speech], drafted.parts, drafted.chunks):
            session.add_all(rows)
            session.flush()
        issue_ticket(session, drafted.speech)
        return in_detail(session, drafted.speech)

    def _queue_again(self, session: Session, speech: LongSpeech) -> None:
        """With what has failed of it waiting again."""
        self._require_room(session, speech.owner_id)
        for part in parts_of(session, speech):
            if part.state == "failed" and part.engine is not None:
                part.state, part.error_code, part.error = "waiting", None, None
        failed = (LongChunk.speech_id == speech.id) & (LongChunk.state == "failed")
        session.execute(update(LongChunk).where(failed).values(state="waiting", attempts=0))
        speech.takeovers = 0
        speech.error_code = speech.error = None
        issue_ticket(session, speech)

    def _require_room(self, session: Session, user_id: uuid.UUID) -> None:
        mine = (LongSpeech.owner_id == user_id) & LongSpeech.state.in_(OPEN)
        count = session.scalar(select(func.count()).select_from(LongSpeech).where(mine)) or 0
        if count >= self._settings.long_open:
            raise TooManyLongSpeeches(
                f"{count} of your long texts have not ended, and no more than {self._settings.long_open} may "
                "be open at once. Wait for one, or cancel it."
            )
