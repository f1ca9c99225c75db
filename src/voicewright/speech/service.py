"""Text in, speech out: every door comes here (HTTP, OpenAI's form, Wyoming, long texts, the command line)."""

from __future__ import annotations

import contextlib
import logging
import os
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TYPE_CHECKING, Final, Self

from voicewright.engines.errors import HostClosed
from voicewright.engines.installed import Engines
from voicewright.engines.languages import language_unsupported, match_language
from voicewright.errors import AppError, ErrorKind
from voicewright.home.layout import Home
from voicewright.quality.measurer import Measurer
from voicewright.speech.admission import Admission, Room
from voicewright.speech.afterwards import Afterwards
from voicewright.speech.choice import (
    Fallback,
    another_may_do,
    choose_by_rule,
    choose_voice,
    find_stand_ins,
    rule_of,
)
from voicewright.speech.errors import SpeechOverloaded
from voicewright.speech.hooks import Hooks
from voicewright.speech.listening import Ears, PieceListener, SpeechListener
from voicewright.speech.meter import Meter
from voicewright.speech.performing import Cast, perform
from voicewright.speech.permission import Permission
from voicewright.speech.pool import EnginePool
from voicewright.speech.shelf import CacheShelf
from voicewright.speech.speaking import Role, Speech
from voicewright.speech.stopping import Stop
from voicewright.speech.stream import check_manner, check_pitches
from voicewright.speech.turns import VOICES_LOADED
from voicewright.speech.warming import load_voices, recent_voices
from voicewright.text.legible import storable
from voicewright.text.reading import read_script
from voicewright.voices.figures.usage import Use

if TYPE_CHECKING:
    import uuid

    from sqlalchemy.orm import Session

    from voicewright.db.server import Database
    from voicewright.engines.client import EngineClient
    from voicewright.engines.port import EngineInfo
    from voicewright.settings import Settings
    from voicewright.speech.order import SpeechOrder
    from voicewright.voices.figures.usage import Outcome
    from voicewright.voices.models import VoiceModel
    from voicewright.voices.service import VoiceService

_LOG = logging.getLogger(__name__)

_MOST_ENGINES: Final = 2
_PERMITS_AT_ONCE: Final = 8
_MOST_KEPT_LATER: Final = 100
"""Pieces that wait to be kept for the next time."""
_MOST_RECORDED_LATER: Final = 1000
"""Uses that wait to be recorded; further ones are recorded at once."""
_RECORD_S: Final = 60.0
"""So long the end of the process waits for that."""
_OUTCOMES: Final[dict[str, Outcome]] = {
    "completed": "spoken",
    "failed": "failed",
    "cancelled": "cancelled",
}


@dataclass(frozen=True, slots=True)
class _Asking:
    """Somebody asks for a speech."""

    user_id: uuid.UUID
    order: SpeechOrder
    voice: VoiceModel
    """The one that was asked for."""
    chosen: Sequence[tuple[VoiceModel, Fallback | None]]
    """Where a rule chooses: who speaks, and who in their place; with why, where another one was asked for."""
    cancel: threading.Event | None
    asked_s: float

    @property
    def language(self) -> str:
        """What is to be spoken in, whoever speaks."""
        return self.order.language or self.voice.language


class SpeechService:
    """Speaks; safe for threads. Close it, or use it as a context manager: it has engine processes.

    Args:
        settings: how much at once.
        database: open.
        voices: the files of voices.
        engines: which there are, and how they are started.
        hooks: what others do with a speech.
        client: makes the client of an engine's process; None: `engines` does.
    """

    def __init__(
        self,
        settings: Settings,
        database: Database,
        voices: VoiceService,
        *,
        engines: Engines = Engines(),  # noqa: B008 - frozen
        hooks: Hooks = Hooks(),  # noqa: B008 - frozen
        client: Callable[[EngineInfo], EngineClient] | None = None,
    ) -> None:
        most = settings.speech_engines or min(_processors(), _MOST_ENGINES)
        self.pool = EnginePool(
            most=most, silent_s=settings.tts_timeout_ms / 1000, client=client or engines.client
        )
        self.admission = Admission(
            Room(
                at_once=settings.speech_at_once,
                of_one_user=settings.speech_per_user,
                waiting=settings.speech_waiting,
                wait_s=settings.speech_wait_s,
            )
        )
        self._ears = Ears(
            lambda: Measurer(whisper_dir=settings.whisper_dir, processes=1),
            work_dir=Home(settings.home).work_dir,
            busy=lambda: self.pool.waiting > 0,
        )
        self._uses = Afterwards("speech-uses", most=_MOST_RECORDED_LATER)
        self._afterwards = Afterwards("speech-cache", most=_MOST_KEPT_LATER)
        self._permits = ThreadPoolExecutor(_PERMITS_AT_ONCE, "speech-permit")
        self.meter = Meter()
        self._settings = settings
        self._database = database
        self._voices = voices
        self._engines = engines
        self._hooks = hooks

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End every process; what is being spoken ends with `HostClosed`."""
        self.pool.close()
        self._ears.close()
        self._permits.shutdown(wait=False)
        self._afterwards.close()
        self._uses.close(_RECORD_S)

    def warm(self) -> None:
        """Start what those who spoke last will need, in a thread of its own; returns at once."""
        threading.Thread(target=self._warm, name="speech-warming", daemon=True).start()

    def _warm(self) -> None:
        try:
            with self._database.session() as session:
                found = recent_voices(session, VOICES_LOADED)
            if found and self._hooks.marker is not None:
                self._hooks.marker.warm()
            if load_voices(found, self._voices, self.pool, self._engines) and self._settings.speech_check:
                self._ears.warm(found[0].language)
        except AppError as error:
            _LOG.info("nothing is started in advance: %s", error.message)
        except Exception:  # noqa: BLE001 - whoever speaks starts what they need
            _LOG.exception("not everything was started in advance")

    def settle(self, timeout_s: float = 60.0) -> bool:
        """Wait until what is done after a speech is done; False: it was not in time."""
        beside = (self._ears.beside, self._afterwards, self._uses)
        return all(one.settle(timeout_s) for one in beside)

    def begin(
        self, user_id: uuid.UUID, order: SpeechOrder, *, cancel: threading.Event | None = None
    ) -> Speech:
        """Enter a speech in the history, and answer when its first sound is there.

        So what can go wrong before a sound is raised here, and what goes wrong later by the iteration.

        Args:
            user_id: who speaks.
            order: what, with which voice, and how.
            cancel: set by another thread to stop, also while this waits.

        Raises:
            VoiceNotFound, VoiceNameAmbiguous, NotAllowed, NoActiveVoice: there is no voice to speak with.
            TextEmpty, SsmlInvalid, SsmlUnsupported: there is nothing that can be said.
            LanguageUnsupported: the voice's engine does not speak it, and no other voice of the same person
                does; names those that it does.
            OptionsInvalid: the speed or the pitch is not what the engine can do.
            VoiceFilesDamaged: files of the voice are missing or were changed.
            EngineNotFound, EngineNotInstalled, HostStartFailed, HostDied and the like: the engine can't be
                had, and no other voice of the same person takes its place.
            EngineError: the engine refuses the text.
            WatermarkUnavailable: nothing may be spoken without a mark, and nothing can be marked.
            SpeechOverloaded: too much is being spoken now.
            Cancelled: `cancel` was set.
        """
        asked_s = time.perf_counter()
        order = _storable(order)
        if self._hooks.marker is not None:
            self._hooks.marker.require()
        with self._database.session() as session:
            voice = choose_voice(session, user_id, order)
            order = replace(order, choose=rule_of(session, user_id, order))
            chosen = self._chosen(session, user_id, order, voice)
        with contextlib.ExitStack() as undo:
            return self._begin(_Asking(user_id, order, voice, chosen, cancel, asked_s), undo)

    def _chosen(
        self, session: Session, user_id: uuid.UUID, order: SpeechOrder, voice: VoiceModel
    ) -> Sequence[tuple[VoiceModel, Fallback | None]]:
        """Who speaks by the order's rule, and who in their place."""
        if order.choose is None or order.choose == "named":
            return ()
        wanted = order.language or voice.language

        def can_speak(one: VoiceModel) -> EngineInfo | None:
            try:
                return self._fit(order, one, wanted)[0]
            except AppError:
                return None

        found = choose_by_rule(session, user_id, voice, order.choose, can_speak)
        return found if order.fallback else found[:1]

    def _begin(self, asking: _Asking, undo: contextlib.ExitStack) -> Speech:
        """Let the voice speak, or the first of those that may take its place and can."""
        speech: Speech | None = None
        failure: AppError | None = None
        told: AppError | None = None
        for voice, why in self._candidates(asking):
            fallback = why
            if failure is not None and voice is not asking.voice:
                fallback = Fallback(asking.voice, failure.message, failure.code)
            try:
                info, role = self._role(asking, voice, fallback)
                if speech is None:
                    speech = self._admit(asking, role, undo)
                else:
                    speech.take(role)
                self._perform(speech, asking, info)
            except AppError as error:
                failure = failure or error
                if told is None or voice is asking.voice:
                    told = error
                if error.kind is ErrorKind.CANCELLED or isinstance(error, SpeechOverloaded):
                    told = error
                    break
                if voice is asking.voice and not another_may_do(error):
                    break
                continue
            undo.pop_all()
            return speech
        assert told is not None  # noqa: S101 - somebody was tried
        if speech is not None:
            with contextlib.suppress(AppError):  # why it failed is what is to be told
                self._enter(speech)
            speech.fail(told)
        raise told

    def _candidates(self, asking: _Asking) -> Iterator[tuple[VoiceModel, Fallback | None]]:
        """Who may speak, in this order, with why it is not the one that was asked for."""
        if asking.chosen:
            yield from asking.chosen
            return
        yield asking.voice, None
        if asking.order.fallback:
            with self._database.session() as session:
                stand_ins = find_stand_ins(session, asking.user_id, asking.voice)
            yield from ((one, None) for one in stand_ins)

    def _fit(self, order: SpeechOrder, voice: VoiceModel, wanted: str) -> tuple[EngineInfo, str]:
        """The engine of a voice and what it calls a language, where it can speak so here."""
        info = self._engines.find(voice.engine)
        self._engines.require(info)
        language = match_language(wanted, info.capabilities.languages)
        if language is None:
            raise language_unsupported(info, wanted)
        check_manner(order.speed, order.pitch_semitones, shifts_pitch=info.capabilities.shifts_pitch)
        return info, language

    def _role(self, asking: _Asking, voice: VoiceModel, fallback: Fallback | None) -> tuple[EngineInfo, Role]:
        order = asking.order
        info, language = self._fit(order, voice, asking.language)
        script = order.script or read_script(
            order.text, language=language, markup=order.markup, normalise=order.normalise
        )
        check_pitches(script, shifts_pitch=info.capabilities.shifts_pitch)
        return info, Role(voice, fallback, language, script, info.capabilities.sample_rate_hz)

    def _admit(self, asking: _Asking, role: Role, undo: contextlib.ExitStack) -> Speech:
        """Take a place, and enter the speech in the history; both end with the speech."""
        waited_s = time.perf_counter()
        try:
            place = self.admission.enter(asking.user_id, asking.cancel)
        except SpeechOverloaded:
            self.meter.note_refusal()
            raise
        undo.callback(place.leave)
        speech = Speech(asking.user_id, asking.order, role, asked_s=asking.asked_s)
        speech.figures.waiting_s = time.perf_counter() - waited_s
        speech.on_end(lambda _speech: place.leave())
        speech.on_end(self.meter.note_end)
        if asking.order.counted:
            speech.on_end(self._note_use, late=True)
        undo.push(speech)
        return speech

    def _perform(self, speech: Speech, asking: _Asking, info: EngineInfo) -> None:
        """Have it made, and wait for the first sound."""
        voice, stop = speech.voice, Stop(speech.stopping, asking.cancel)
        permit = self._voices.of(speech.user_id).permit(voice)
        cast = Cast(
            info=info,
            materialise=lambda: self._voices.materialise(voice),
            permission=Permission(lambda: self._ask(permit), chosen_s=asking.asked_s),
            shelf=self._shelf(speech, info),
            listener=self._listener(speech, stop),
            stop=stop,
        )
        ahead = perform(speech, cast, self.pool, self._hooks, ahead_s=self._settings.speech_ahead_s)
        try:
            ahead.await_begin()  # what is done here meanwhile is not to keep the engine waiting
            self._enter(speech)
            ahead.await_first()
        except BaseException:
            speech.silence()
            raise

    def _ask(self, permit: Callable[[], None]) -> Future[None]:
        """Begin to ask, in a thread of its own."""
        try:
            return self._permits.submit(permit)
        except RuntimeError as error:
            raise HostClosed("The service that speaks has been closed.") from error

    def _shelf(self, speech: Speech, info: EngineInfo) -> CacheShelf | None:
        """Where its pieces are looked up and kept."""
        cache = self._hooks.cache
        if cache is None or not speech.order.cache or not speech.order.store:
            return None
        shelf = CacheShelf(
            cache,
            self._afterwards,
            user_id=speech.user_id,
            voice=speech.voice,
            engine_version=info.version,
        )
        speech.on_end(lambda _speech: shelf.end(), late=True)
        return shelf

    def _listener(self, speech: Speech, stop: threading.Event) -> PieceListener | None:
        """What hears whether the words were said."""
        if speech.order.check == "off" or not self._settings.speech_check:
            return None
        attempts = self._settings.speech_attempts
        return SpeechListener(
            self._ears,
            speech,
            attempts=attempts,
            stop=stop,
            count=self.meter.note_check,
            tell=self._note_checks,
        )

    def _note_checks(self, speech: Speech) -> None:
        if self._hooks.history is not None:
            self._hooks.history.checked(speech)

    def _enter(self, speech: Speech) -> None:
        """Enter it in the history, once, while the engine is at work already."""
        if self._hooks.history is not None and not speech.entered:
            self._hooks.history.begin(speech)
            speech.entered = True
            speech.on_end(self._hooks.history.end)

    def _note_use(self, speech: Speech) -> None:
        """Count it for the voice, and what the engine's provider asks for it."""
        assert speech.outcome is not None  # noqa: S101 - it has ended
        figures = speech.figures
        use = Use(
            outcome=_OUTCOMES[speech.outcome],
            characters=figures.characters,
            audio_s=figures.speech_s,
            latency_ms=None if figures.first_audio_s is None else figures.first_audio_s * 1000,
            cost_usd=Decimal(str(figures.cost_usd)),
        )
        log = self._voices.of(speech.user_id).use_log(speech.voice)
        # statistics and the record, which is a chain: nobody is to wait for that
        if not self._uses.submit(lambda: log(use)):
            log(use)


def _storable(order: SpeechOrder) -> SpeechOrder:
    """Without what the history can't keep; only HTTP has refused it before."""
    named = storable(order.voice) if isinstance(order.voice, str) else order.voice
    return replace(order, text=storable(order.text), voice=named)


def _processors() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
