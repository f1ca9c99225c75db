"""What was spoken: entered before the first sound, ended with the last one, looked through and deleted.

Its user says how much of it is kept (`Preferences`), and each order may ask for less. The text that is not
kept is still known by its SHA-256. Entries and their files go after a time, files also when an account has
too many of them, the oldest first. The fingerprint of what was spoken holds no text and is no part of its
entry: it stays for the same time whatever is deleted here, so that nobody can have a voice speak and wipe the
traces.
"""

from __future__ import annotations

import hashlib
import logging
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final, Literal

from sqlalchemy import Text, cast, delete, func, select, text, update
from sqlalchemy.dialects.postgresql import JSONPATH, distinct_on, insert

from voicewright.db.patterns import contains
from voicewright.errors import OPERATORS, AppError
from voicewright.home.layout import Home
from voicewright.provenance.identifying import forget
from voicewright.speech.claims import claim_of
from voicewright.speech.errors import SynthesisAudioNotKept, SynthesisNotFound
from voicewright.speech.keeping import KeptFiles
from voicewright.speech.lost import end_lost
from voicewright.speech.models import SpeechPreferences, Synthesis
from voicewright.speech.signs import LOST_AFTER_S, Signs
from voicewright.storage.vault import Vault

if TYPE_CHECKING:
    import uuid
    from collections.abc import Collection, Iterator, Sequence
    from pathlib import Path

    from sqlalchemy import ColumnElement
    from sqlalchemy.orm import Session

    from voicewright.audio.codecs import AudioFormat
    from voicewright.db.server import Database
    from voicewright.provenance.service import ProvenanceService
    from voicewright.settings import Settings
    from voicewright.speech.order import Choose
    from voicewright.speech.speaking import Outcome, Speech
    from voicewright.storage.user_keys import KeyRing

_LOG = logging.getLogger(__name__)

State = Literal["speaking", "completed", "failed", "cancelled"]
KeepText = Literal["whole", "hash"]

_NO_FILE: Final = dict.fromkeys(("file_digest", "file_bytes", "file_format", "file_rate_hz", "file_signed"))
_NAMES_OF_ITEMS: Final = func.jsonb_path_query_array(Synthesis.voices, cast("$[*].name", JSONPATH))
_AT_ONCE: Final = 500
BLIND: Final = "listening"
"""The source of what is spoken for blind tests. Nobody sees it: how long it is would tell who speaks."""
_MIB: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class Preferences:
    """What somebody wants kept of what they have spoken, and which voice is to speak."""

    keep_text: KeepText = "whole"
    keep_audio: bool = True
    choose: Choose = "named"
    """Where no order says otherwise, see `speech.choosing`."""


@dataclass(frozen=True, slots=True)
class Search:
    """Which entries are asked for.

    Attributes:
        words: all of them are in the text or in the name of the voice, in any spelling of capitals.
        model_id: spoken by this voice; of a batch, also an item of it.
        state: in this state.
        since: entered at this moment or later.
        until: entered before it.
        limit: at most so many.
        offset: leave out so many.
    """

    words: str | None = None
    model_id: uuid.UUID | None = None
    state: State | None = None
    since: datetime | None = None
    until: datetime | None = None
    limit: int = 20
    offset: int = 0


@dataclass(frozen=True, slots=True)
class LastSaid:
    """What a voice said last that can be heard."""

    id: uuid.UUID
    text: str | None


class HistoryService:
    """The history of everybody; safe for threads and processes (`speech.hooks.History`).

    Every method may raise the errors of `db.errors`, those that deal with files `storage.errors` too.

    Args:
        settings: for how long and how much is kept.
        database: open.
        keys: of the users.
        provenance: signs what is kept; None: nobody does.
    """

    def __init__(
        self,
        settings: Settings,
        database: Database,
        keys: KeyRing,
        provenance: ProvenanceService | None = None,
    ) -> None:
        self.vault = Vault.of_speech(settings, keys)
        self.work_dir: Path = Home(settings.home).work_dir
        self._settings = settings
        self._database = database
        self._provenance = provenance
        self._files = KeptFiles(self.vault)
        self._wanted: dict[uuid.UUID, Preferences] = {}
        """Of speeches that go on."""
        self._signs = Signs(database)

    def begin(self, speech: Speech) -> None:
        """Enter a speech before its first sound."""
        with self._database.session() as session:
            # nothing is lost with a row that a power failure takes: nobody has heard anything yet
            session.execute(text("SET LOCAL synchronous_commit TO OFF"))
            wanted = _preferences(session, speech.user_id)
            if not speech.order.store:
                wanted = replace(wanted, keep_text="hash", keep_audio=False)
            session.add(_entry(speech, wanted))
        self._wanted[speech.id] = wanted
        self._signs.begin(speech)

    def end(self, speech: Speech) -> None:
        """Note how a speech ended; raises nothing."""
        self._signs.end(speech)
        wanted = self._wanted.pop(speech.id, Preferences())
        outcome: Outcome = speech.outcome or "cancelled"
        figures, now = speech.figures, datetime.now(UTC)
        first_s = figures.first_audio_s
        words = [[word.text, round(word.start_s, 3), round(word.end_s, 3)] for word in speech.words]
        values = {
            **_voice_of(speech),  # another one may have taken over
            "state": outcome,
            "error_code": None if speech.error is None else speech.error.code,
            "error": None if speech.error is None else _reason(speech.error),
            "audio_s": figures.output_s,
            "watermark": figures.watermark,
            "first_audio_ms": None if first_s is None else first_s * 1000,
            "total_ms": (now - speech.begun_at).total_seconds() * 1000,
            "synthesis_ms": figures.synthesis_s * 1000,
            "cost_usd": Decimal(str(figures.cost_usd)),
            "cached_pieces": figures.cached_pieces,
            "retried_pieces": figures.retried_pieces,
            "checks": _checks_of(speech),
            # they are the text as well
            "words": words if words and wanted.keep_text == "whole" else None,
            "words_estimated": speech.words_estimated,
            "finished_at": now,
        }
        self._change(speech.id, values)

    def checked(self, speech: Speech) -> None:
        """Note what was heard after the end; raises nothing."""
        self._change(speech.id, {"checks": _checks_of(speech)})

    def keeps_audio_of(self, speech: Speech) -> bool:
        """Whether the sound of a speech that goes on is to be kept."""
        return self._wanted.get(speech.id, Preferences(keep_audio=False)).keep_audio

    def keep(self, speech: Speech, path: Path, format_: AudioFormat, rate_hz: int) -> bool:
        """Sign a whole file of a speech and keep it; the file may change. Answers whether it was signed.

        Raises:
            StorageFull, StorageUnavailable, KeyDestroyed: it is not kept.
        """
        signed = self.sign(speech, path, format_)
        stored = self._files.put(speech.user_id, speech.id, path)
        values = {
            "file_digest": stored.digest,
            "file_bytes": stored.size_bytes,
            "file_format": format_,
            "file_rate_hz": rate_hz,
            "file_signed": signed,
        }
        with self._database.session() as session:
            changed = update(Synthesis).where(Synthesis.id == speech.id).values(values)
            is_there = session.scalar(changed.returning(Synthesis.id)) is not None
        if not is_there:  # it was deleted meanwhile
            self._files.delete(speech.user_id, speech.id)
            return signed
        self._make_room(speech.user_id, speech.id)
        return signed

    def sign(self, speech: Speech, path: Path, format_: AudioFormat) -> bool:
        """Put the signed manifest into a whole file; False: its format has no place, or it could not be."""
        provenance = self._provenance
        return provenance is not None and provenance.sign_if_possible(path, format_, claim_of(speech))

    def search(self, user_id: uuid.UUID, wanted: Search) -> tuple[Sequence[Synthesis], int]:
        """A page of somebody's entries, the newest first, and how many there are on all pages."""
        where = _where(user_id, wanted)
        page = (
            select(Synthesis)
            .where(where)
            .order_by(Synthesis.created_at.desc(), Synthesis.id)
            .limit(wanted.limit)
            .offset(wanted.offset)
        )
        with self._database.session() as session:
            total = session.scalar(select(func.count()).select_from(Synthesis).where(where)) or 0
            return session.scalars(page).all(), total

    def last_said(self, user_id: uuid.UUID, model_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, LastSaid]:
        """What some voices said last for somebody, by their ids; where no file is kept they are left out."""
        newest = (
            select(Synthesis.voice_model_id, Synthesis.id, Synthesis.text)
            .ext(distinct_on(Synthesis.voice_model_id))
            .where(
                Synthesis.user_id == user_id,
                Synthesis.voice_model_id.in_(model_ids),
                Synthesis.state == "completed",
                Synthesis.file_digest.is_not(None),
                Synthesis.source.not_in(("long", "batch")),
            )
            .order_by(Synthesis.voice_model_id, Synthesis.created_at.desc(), Synthesis.id)
        )
        if not model_ids:
            return {}
        with self._database.session() as session:
            return {model_id: LastSaid(said_id, said) for model_id, said_id, said in session.execute(newest)}

    def get(self, user_id: uuid.UUID, synthesis_id: uuid.UUID) -> Synthesis:
        """One entry.

        Raises:
            SynthesisNotFound: there is none, or it is somebody else's.
        """
        with self._database.session() as session:
            found = session.get(Synthesis, synthesis_id)
        if found is None or found.user_id != user_id or found.source == BLIND:
            raise SynthesisNotFound(f"The history has no synthesis {synthesis_id}.")
        return found

    def fetch(self, entry: Synthesis, target: Path) -> None:
        """Write the file of an entry out.

        Raises:
            SynthesisAudioNotKept: there is none.
            SealBroken, BlobCorrupt: it was changed.
        """
        if entry.file_digest is None:
            raise SynthesisAudioNotKept(f"No file is kept of the synthesis {entry.id}. Have it spoken again.")
        self._files.fetch(entry, target)

    def stream(self, entry: Synthesis) -> Iterator[bytes]:
        """The file of an entry that has one, in chunks; a damaged one is known after the last of them.

        Raises:
            ObjectNotFound, SealBroken, BlobCorrupt: it is gone, or was changed.
        """
        return self._files.stream(entry)

    def delete(self, user_id: uuid.UUID, synthesis_id: uuid.UUID) -> None:
        """Delete an entry with its file.

        Raises:
            SynthesisNotFound: there is none, or it is somebody else's.
        """
        entry = self.get(user_id, synthesis_id)
        self._delete([(entry.user_id, entry.id)])

    def delete_all(self, user_id: uuid.UUID) -> int:
        """Delete all of somebody's entries with their files; answers how many there were."""
        return self._delete_where(Synthesis.user_id == user_id)

    def preferences(self, user_id: uuid.UUID) -> Preferences:
        """What somebody wants kept."""
        with self._database.session() as session:
            return _preferences(session, user_id)

    def prefer(
        self,
        user_id: uuid.UUID,
        *,
        keep_text: KeepText | None = None,
        keep_audio: bool | None = None,
        choose: Choose | None = None,
    ) -> Preferences:
        """Change it for what is spoken from now on; answers what holds then."""
        with self._database.session() as session:
            was = _preferences(session, user_id)
            now = Preferences(
                keep_text or was.keep_text,
                was.keep_audio if keep_audio is None else keep_audio,
                choose or was.choose,
            )
            values = {
                "keep_text": now.keep_text,
                "keep_audio": now.keep_audio,
                "choose": now.choose,
                "changed_at": datetime.now(UTC),
            }
            new = insert(SpeechPreferences).values(user_id=user_id, **values)
            session.execute(
                new.on_conflict_do_update(index_elements=[SpeechPreferences.user_id], set_=values)
            )
        return now

    def end_lost(self, *, lost_after_s: float = LOST_AFTER_S) -> int:
        """End the entries that gave no sign of life for so long; answers how many."""
        return end_lost(self._database, self._files, lost_after_s=lost_after_s)

    def sweep(self) -> int:
        """Delete the entries and the fingerprints that are too old; answers how many entries."""
        days = self._settings.history_days
        if not days:
            return 0
        before = datetime.now(UTC) - timedelta(days=days)
        with self._database.session() as session:
            forget(session, before)
        return self._delete_where(Synthesis.created_at < before)

    def _change(self, synthesis_id: uuid.UUID, values: dict[str, Any]) -> None:
        try:
            with self._database.session() as session:
                session.execute(update(Synthesis).where(Synthesis.id == synthesis_id).values(values))
        except AppError as error:
            _LOG.warning("the history does not say all of the speech %s: %s", synthesis_id, error.message)

    def _make_room(self, user_id: uuid.UUID, new_id: uuid.UUID) -> None:
        """Remove the oldest files of somebody who has too many; the entries stay."""
        most = self._settings.history_user_mb * _MIB
        so_far = func.sum(Synthesis.file_bytes).over(order_by=(Synthesis.created_at.desc(), Synthesis.id))
        mine = (Synthesis.user_id == user_id) & Synthesis.file_digest.is_not(None)
        kept = select(Synthesis.id, so_far.label("so_far")).where(mine).subquery()
        with self._database.session() as session:
            over = session.scalars(select(kept.c.id).where(kept.c.so_far > most, kept.c.id != new_id)).all()
            for synthesis_id in over:
                self._files.delete(user_id, synthesis_id)
            session.execute(update(Synthesis).where(Synthesis.id.in_(over)).values(_NO_FILE))

    def _delete_where(self, where: ColumnElement[bool]) -> int:
        count = 0
        while True:
            with self._database.session() as session:
                some = select(Synthesis.user_id, Synthesis.id).where(where).limit(_AT_ONCE)
                found = [(user_id, synthesis_id) for user_id, synthesis_id in session.execute(some)]
            if not found:
                return count
            self._delete(found)
            count += len(found)

    def _delete(self, entries: Sequence[tuple[uuid.UUID, uuid.UUID]]) -> None:
        for user_id, synthesis_id in entries:
            self._files.delete(user_id, synthesis_id)
        with self._database.session() as session:
            ids = [one for _, one in entries]
            session.execute(delete(Synthesis).where(Synthesis.id.in_(ids)))


def _entry(speech: Speech, wanted: Preferences) -> Synthesis:
    order = speech.order
    return Synthesis(
        **_voice_of(speech),
        id=speech.id,
        user_id=speech.user_id,
        source=order.source,
        text=order.text if wanted.keep_text == "whole" else None,
        text_digest=hashlib.sha256(order.text.encode()).hexdigest(),
        markup=order.markup,
        characters=len(order.text),
        parameters={
            "speed": order.speed,
            "pitch_semitones": order.pitch_semitones,
            "seed": order.seed,
            "normalise": order.normalise,
            "check": order.check,
            "cache": order.cache,
            "choose": order.choose or "named",
        },
        output_format=order.output_format,
        request_id=order.request_id,
        created_at=speech.begun_at,
    )


def _voice_of(speech: Speech) -> dict[str, Any]:
    """Who speaks, and how."""
    voice, fallback = speech.voice, speech.fallback
    return {
        "voice_model_id": voice.id,
        "wanted_model_id": None if fallback is None else fallback.wanted.id,
        "fallback_reason": None if fallback is None else fallback.reason,
        "voice_name": voice.name,
        "voice_version": voice.version,
        "voice_owner_id": voice.owner_id,
        "engine": voice.engine,
        "engine_version": voice.engine_version,
        "language": speech.language,
        "pieces": len(speech.script.pieces),
    }


def _checks_of(speech: Speech) -> list[dict[str, Any]]:
    return [
        {"piece": one.piece, "verdict": one.verdict, "attempts": one.attempts, "reason": one.reason}
        for one in speech.figures.checks
    ]


def _reason(error: AppError) -> str:
    """Why, for its user: what is for whoever runs the service stays in the log."""
    if type(error).__module__.startswith(OPERATORS):
        return "Something that the service needs failed; its log has the details."
    return error.message


def _preferences(session: Session, user_id: uuid.UUID) -> Preferences:
    found = session.get(SpeechPreferences, user_id)
    if found is None:
        return Preferences()
    keep_text: Any = found.keep_text
    choose: Any = found.choose
    return Preferences(keep_text, found.keep_audio, choose)


def _where(user_id: uuid.UUID, wanted: Search) -> ColumnElement[bool]:
    where = (Synthesis.user_id == user_id) & (Synthesis.source != BLIND)
    if wanted.model_id is not None:
        of_item = Synthesis.voices.contains([{"model_id": str(wanted.model_id)}])
        where &= (Synthesis.voice_model_id == wanted.model_id) | of_item
    if wanted.state is not None:
        where &= Synthesis.state == wanted.state
    if wanted.since is not None:
        where &= Synthesis.created_at >= wanted.since
    if wanted.until is not None:
        where &= Synthesis.created_at < wanted.until
    for word in (wanted.words or "").split():
        in_names = contains(Synthesis.voice_name, word) | contains(cast(_NAMES_OF_ITEMS, Text), word)
        where &= contains(Synthesis.text, word) | in_names
    return where
