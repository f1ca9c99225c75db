"""Blind tests as people use them: made, spoken, listened to, voted on, and then told."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import numpy as np
from sqlalchemy import func, select, update

from voicewright.audio.decode import read_mono
from voicewright.audio.encode import write_audio
from voicewright.errors import AppError
from voicewright.home.layout import Home
from voicewright.listening.drafting import draft_test
from voicewright.listening.errors import (
    ListeningTestFinished,
    ListeningTestNotFinished,
    ListeningTestNotFound,
    ListeningTestNotReady,
    ListeningTrialNotFound,
    ListeningTrialNotHeard,
)
from voicewright.listening.levels import RATE_HZ, matched
from voicewright.listening.models import ListeningSound, ListeningTest, ListeningTrial
from voicewright.listening.recordings import recorded_speakers
from voicewright.listening.sounds import SoundFiles
from voicewright.listening.sweeping import delete_test
from voicewright.quality.languages import primary_language
from voicewright.speech.keeping import scratch
from voicewright.speech.order import SpeechOrder
from voicewright.storage.trees import StoredTree
from voicewright.storage.vault import Vault
from voicewright.voices.models import VoiceModel
from voicewright.voices.sharing.speaking import find_to_speak

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from pathlib import Path
    from typing import Literal

    from numpy.typing import NDArray
    from sqlalchemy.orm import Session

    from voicewright.db.server import Database
    from voicewright.listening.bodies import NewListeningTestBody, VoteBody
    from voicewright.listening.models import ListeningSide
    from voicewright.settings import Settings
    from voicewright.speech.service import SpeechService
    from voicewright.storage.user_keys import KeyRing


class ListeningService:
    """The blind tests of everybody; each sees their own. Safe for threads.

    Every method may raise the errors of `db.errors`, those that deal with files `storage.errors` too.

    Args:
        settings: where files are kept.
        database: open.
        keys: of the users.
        speech: speaks the sentences.
    """

    def __init__(self, settings: Settings, database: Database, keys: KeyRing, speech: SpeechService) -> None:
        self.work_dir: Path = Home(settings.home).work_dir
        self._database = database
        self._speech = speech
        self._files = SoundFiles(Vault.of_speech(settings, keys))
        self._recordings = Vault.of_samples(settings, keys)
        self._voices = Vault.of_voices(settings, keys)

    def create(self, user_id: uuid.UUID, body: NewListeningTestBody) -> ListeningTest:
        """Make a test; its sentences are spoken by `prepare`.

        Raises:
            AppError: as `draft_test`.
        """
        held_out = self._held_out(user_id, body)
        with self._database.session() as session:
            test = draft_test(session, user_id, body, held_out=held_out)
            session.add(test)
        return self.get(user_id, test.id)

    def recorded_speakers(self, user_id: uuid.UUID) -> set[str]:
        """Of whom somebody has recordings that can be compared with a voice, as `speaker_key`s."""
        with self._database.session() as session:
            return recorded_speakers(session, user_id)

    def page(self, user_id: uuid.UUID, *, limit: int, offset: int) -> tuple[Sequence[ListeningTest], int]:
        """Somebody's tests, the newest first, and how many there are."""
        mine = ListeningTest.user_id == user_id
        newest_first = (ListeningTest.created_at.desc(), ListeningTest.id)
        with self._database.session() as session:
            total = session.scalar(select(func.count()).select_from(ListeningTest).where(mine)) or 0
            page = select(ListeningTest).where(mine).order_by(*newest_first).limit(limit).offset(offset)
            return session.scalars(page).all(), total

    def get(self, user_id: uuid.UUID, test_id: uuid.UUID) -> ListeningTest:
        """One of somebody's tests.

        Raises:
            ListeningTestNotFound: there is none, or it is somebody else's.
        """
        with self._database.session() as session:
            return _find(session, user_id, test_id)

    def delete(self, user_id: uuid.UUID, test_id: uuid.UUID) -> None:
        """Delete a test with its sounds and votes; errors as `get`."""
        delete_test(self._database, self._files, self.get(user_id, test_id))

    def prepare(self, user_id: uuid.UUID, test_id: uuid.UUID) -> ListeningTest:
        """Have the next sentence spoken by everybody who is compared; nothing is left to do where all are.

        The voices speak as they are: nobody stands in for one of them, and nothing is said again.

        Raises:
            AppError: as `get`, and as `SpeechService.begin`: a voice may be gone, or its engine away.
        """
        test = self.get(user_id, test_id)
        missing = [sound.sentence for sound in test.sounds if sound.file_id is None]
        if not missing:
            return test
        sounds = [sound for sound in test.sounds if sound.sentence == missing[0]]
        with scratch(self.work_dir) as folder:
            made = matched([self._make(test, sound, folder) for sound in sounds])
            files = [self._keep(test, samples, folder) for samples in made]
        taken: Collection[uuid.UUID] = ()
        try:
            with self._database.session() as session:
                taken = _take(session, sounds, files)
        finally:
            for file_id in set(files) - set(taken):  # another call was faster
                self._files.delete(user_id, file_id)
        return self.get(user_id, test_id)

    def hear(
        self, user_id: uuid.UUID, test_id: uuid.UUID, number: int, letter: Literal["a", "b"], target: Path
    ) -> None:
        """Write one of the two sounds of a trial, as FLAC, and note that it was heard.

        Raises:
            ListeningTrialNotFound: there is no such trial.
            ListeningTestNotReady: not everything is spoken yet.
            AppError: as `get`.
        """
        with self._database.session() as session:
            test = _find(session, user_id, test_id)
            trial = _ready_trial(test, number)
            side = trial.side_a if letter == "a" else trial.side_b
            found = next(
                sound for sound in test.sounds if (sound.sentence, sound.side) == (trial.sentence, side)
            )
            now = datetime.now(UTC)
            if letter == "a":
                trial.heard_a_at = trial.heard_a_at or now
            else:
                trial.heard_b_at = trial.heard_b_at or now
        assert found.file_id is not None  # noqa: S101 - it is ready
        self._files.fetch(user_id, found.file_id, target)

    def vote(self, user_id: uuid.UUID, test_id: uuid.UUID, number: int, body: VoteBody) -> ListeningTest:
        """Say which of a trial was better; a second time replaces the first.

        Raises:
            ListeningTrialNotHeard: one of the two was never played.
            ListeningTestFinished: it is known who is who.
            AppError: as `hear`.
        """
        with self._database.session() as session:
            test = _find(session, user_id, test_id, lock=True)
            trial = _ready_trial(test, number)
            if test.finished_at is not None:
                raise ListeningTestFinished("This test is finished: votes count no more. Make another one.")
            if trial.heard_a_at is None or trial.heard_b_at is None:
                raise ListeningTrialNotHeard("Listen to both, A and B, before you choose.")
            trial.choice, trial.voted_at = body.choice, datetime.now(UTC)
            trial.naturalness_a, trial.naturalness_b = body.naturalness_a, body.naturalness_b
        return test

    def finish(self, user_id: uuid.UUID, test_id: uuid.UUID) -> ListeningTest:
        """End a test, so that its result is told; trials without a vote do not count. Once is enough.

        Raises:
            ListeningTestNotReady: nothing was listened to.
            ListeningTestNotFound: as `get`.
        """
        with self._database.session() as session:
            test = _find(session, user_id, test_id, lock=True)
            if not test.voted:
                raise ListeningTestNotReady("Nothing was voted on yet. Listen to a trial and choose first.")
            test.finished_at = test.finished_at or datetime.now(UTC)
        return test

    def finished(self, user_id: uuid.UUID, test_id: uuid.UUID) -> ListeningTest:
        """One whose result may be told.

        Raises:
            ListeningTestNotFinished: it goes on.
            ListeningTestNotFound: as `get`.
        """
        test = self.get(user_id, test_id)
        if test.finished_at is None:
            raise ListeningTestNotFinished(
                "This test goes on, and its result would tell who is who. Finish it first."
            )
        return test

    def _make(
        self, test: ListeningTest, sound: ListeningSound, folder: Path
    ) -> tuple[NDArray[np.float32], int]:
        """One sentence by one side, as it comes."""
        side = test.sides[sound.side]
        if sound.clip_digest is None:
            return self._speak(test, side, sound.sentence)
        path = folder / "clip.wav"
        self._recordings.of(test.user_id).fetch_file(sound.clip_digest, path)
        return read_mono(path, RATE_HZ), RATE_HZ

    def _speak(
        self, test: ListeningTest, side: ListeningSide, sentence: int
    ) -> tuple[NDArray[np.float32], int]:
        text = test.sentences[sentence]
        order = SpeechOrder(
            text=text,
            seed=test.sentences[:sentence].count(text),  # said otherwise, where it comes once more
            voice=side.model_id,
            language=self._language(test, side),
            check="off",
            fallback=False,
            choose="named",
            store=False,
            source="listening",
            output_format="flac",
        )
        with self._speech.begin(test.user_id, order) as speech:
            blocks = list(speech)
        return np.concatenate(blocks or [np.zeros(0, np.float32)]), speech.sample_rate_hz

    def _language(self, test: ListeningTest, side: ListeningSide) -> str | None:
        """The voice's own way to speak the language of the test, where it has one."""
        with self._database.session() as session:
            voice = find_to_speak(session, test.user_id, side.model_id)
        own = primary_language(voice.language) == primary_language(test.language)
        return None if own else test.language

    def _keep(self, test: ListeningTest, samples: NDArray[np.float32], folder: Path) -> uuid.UUID:
        file_id = uuid.uuid4()
        path = folder / f"{file_id}.flac"
        write_audio(path, [samples], RATE_HZ, "flac", durable=False)
        self._files.put(test.user_id, file_id, path)
        return file_id

    def _held_out(self, user_id: uuid.UUID, body: NewListeningTestBody) -> set[str]:
        """Which clips the voice was judged by whose recordings are compared.

        None where there is no such voice of theirs, or its files can't be read. It asks the store, so no
        transaction waits for it.
        """
        wanted = [side.model_id for side in body.sides if side.recording]
        mine = (VoiceModel.owner_id == user_id) & VoiceModel.id.in_(wanted)
        with self._database.session() as session:
            voice = session.scalars(select(VoiceModel).where(mine).limit(1)).one_or_none()
        if voice is None:
            return set()
        try:
            tree = StoredTree(self._voices.of(voice.owner_id), voice.references_digest)
            return {file.sha256 for file in tree.files()}
        except AppError:
            return set()


def _find(session: Session, user_id: uuid.UUID, test_id: uuid.UUID, *, lock: bool = False) -> ListeningTest:
    found = session.get(ListeningTest, test_id, with_for_update=True if lock else None)
    if found is None or found.user_id != user_id:
        raise ListeningTestNotFound(f"You have no blind test {test_id}.")
    return found


def _ready_trial(test: ListeningTest, number: int) -> ListeningTrial:
    if not test.is_ready:
        raise ListeningTestNotReady(
            f"{test.ready_sentences} of {len(test.sentences)} sentences are spoken. "
            f"POST /listening-tests/{test.id}/prepare until all are."
        )
    found = next((trial for trial in test.trials if trial.number == number), None)
    if found is None:
        raise ListeningTrialNotFound(f"This test has the trials 1 to {len(test.trials)}, and no {number}.")
    return found


def _take(
    session: Session, sounds: Sequence[ListeningSound], files: Sequence[uuid.UUID]
) -> Collection[uuid.UUID]:
    """Note the files of a sentence, all of them or, where it has some already, none."""
    for sound, file_id in zip(sounds, files, strict=True):
        free = (
            (ListeningSound.test_id == sound.test_id)
            & (ListeningSound.sentence == sound.sentence)
            & (ListeningSound.side == sound.side)
            & ListeningSound.file_id.is_(None)
        )
        noted = update(ListeningSound).where(free).values(file_id=file_id).returning(ListeningSound.side)
        if session.scalar(noted) is None:
            session.rollback()
            return ()
    return files
