"""Makes voice models of the voices that an engine has of its own: told as such, with nobody's recordings.

A stock voice is no clone. Its model says so (`metadata.stock`), belongs to no speaker, was not judged, and
needs no consent. It never becomes a version of a voice that was made of somebody, so that nobody takes the
one for the other.
"""

from __future__ import annotations

import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from voicewright.engines.errors import StockVoiceNotFound
from voicewright.engines.languages import language_unsupported, match_language
from voicewright.voices.acts import note_change
from voicewright.voices.errors import EngineNotReady, VoiceNameTaken
from voicewright.voices.models import VoiceModel
from voicewright.voices.schemas import NewVoice

if TYPE_CHECKING:
    from uuid import UUID

    from sqlalchemy.orm import Session

    from voicewright.accounts.caller import Caller
    from voicewright.engines.client import EngineClient
    from voicewright.engines.installed import Engines
    from voicewright.engines.port import EngineInfo, StockVoice
    from voicewright.voices.bodies import StockVoiceBody
    from voicewright.voices.limits import ModelLimits
    from voicewright.voices.service import VoiceService

Lend = Callable[["EngineInfo", "UUID"], AbstractContextManager["EngineClient"]]
"""Lends the process of an engine to a user."""

STOCK_KEY: Final = "stock"
_VOICE_KEY: Final = "stockVoice"
_LISTED_S: Final = 300.0
"""How long a list is told without asking the engine again."""
_TIMEOUT_S: Final = 120.0
"""How long an engine may take to list its voices, or to write one; providers have several pages."""
_USUAL: Final = "en-us"


def register_stock_voice(
    voices: VoiceService,
    client: EngineClient,
    voice: str,
    *,
    work_dir: Path,
    name: str | None = None,
    language: str | None = None,
    caller: Caller | None = None,
) -> VoiceModel:
    """Enter one of an engine's own voices as a voice of an owner.

    Args:
        voices: of the owner.
        client: of the engine.
        voice: an id of the engine's list, or what it says of mixing several.
        work_dir: for its files, until they are stored.
        name: what it is called; as the engine calls it by default.
        language: which of its languages it speaks where none is named; its first one by default.
        caller: who asks; None: whoever uses the command line.

    Raises:
        StockVoiceNotFound: the engine has none of this name.
        LanguageUnsupported: the voice does not speak it.
        VoiceNameInvalid: it can't be called that.
        VoiceNameTaken: another voice has that name, or had it.
        StorageFull, StorageReadOnly, StorageUnavailable: it can't be stored.
    """
    info = client.info
    _require_stock(info)
    with tempfile.TemporaryDirectory(dir=work_dir, prefix="stock-") as folder:
        artefact = Path(folder)
        written = client.write_stock_voice(voice, artefact, timeout_s=_TIMEOUT_S)
        new = NewVoice(
            name=name or written.title,
            engine=info.id,
            engine_version=info.version,
            language=_language(info, written, language),
            speech_s=0.0,
            train_s=0.0,
            sample_rate_hz=info.capabilities.sample_rate_hz,
            options={"voice": written.id},
            details={STOCK_KEY: True, _VOICE_KEY: written.id, "stockTitle": written.title},
            notes=f"A voice of {info.title} itself, not made of anybody's recordings.",
            artefact_dir=artefact,
        )

        def also(session: Session, model: VoiceModel) -> None:
            _require_own_name(session, model)
            if caller is not None:
                note_change(session, caller, "create", model, version=model.version)

        return voices.register(new, also=also, verb="create" if caller is None else None, takes_over=False)


@dataclass(frozen=True, slots=True)
class StockVoiceService:
    """The voices that engines have of their own, for callers of the service.

    Args:
        voices: the registry.
        limits: how often voices are registered.
        engines: which there are.
        lend: lends the process of an engine.
        work_dir: for unfinished work.
    """

    voices: VoiceService
    limits: ModelLimits
    engines: Engines
    lend: Lend
    work_dir: Path
    _listed: dict[str, tuple[float, tuple[StockVoice, ...]]] = field(default_factory=dict, repr=False)
    _listing: dict[str, threading.Lock] = field(default_factory=dict, repr=False)
    """A lock for each engine, as some ask companies far away."""

    def list_voices(self, caller: Caller, engine_id: str) -> tuple[StockVoice, ...]:
        """The voices that an engine has of its own; none where it has none.

        Raises:
            EngineNotFound, EnginePluginBroken: there is no such engine.
            EngineNotReady: it can't run here.
            ProviderError: whoever does its work says no.
        """
        info = self.engines.find(engine_id)
        if not info.capabilities.has_stock_voices:
            return ()
        self._require_ready(info)
        # the first one asks, the others wait for the same answer
        with self._listing.setdefault(info.id, threading.Lock()):
            told_s, listed = self._listed.get(info.id, (0.0, ()))
            if not listed or time.monotonic() - told_s > _LISTED_S:
                with self.lend(info, caller.user_id) as client:
                    listed = client.stock_voices(timeout_s=_TIMEOUT_S)
                self._listed[info.id] = (time.monotonic(), listed)
        return listed

    def add(self, caller: Caller, engine_id: str, body: StockVoiceBody) -> VoiceModel:
        """Register one as a voice of the caller's.

        Raises:
            EngineNotFound, EnginePluginBroken: there is no such engine.
            EngineNotReady: it can't run here.
            RateLimited: too many voices were registered in this hour.
            StockVoiceNotFound and others: as `register_stock_voice`.
        """
        info = self.engines.find(engine_id)
        _require_stock(info)
        self._require_ready(info)
        self.limits.creation(caller)
        with self.lend(info, caller.user_id) as client:
            return register_stock_voice(
                self.voices.of(caller.user_id),
                client,
                body.voice,
                work_dir=self.work_dir,
                name=body.name,
                language=body.language,
                caller=caller,
            )

    def _require_ready(self, info: EngineInfo) -> None:
        """What an engine lacks is no trouble of the service, but a matter between caller and operator."""
        fault = self.engines.find_fault(info)
        if fault is not None:
            raise EngineNotReady(fault.message)


def _require_stock(info: EngineInfo) -> None:
    if not info.capabilities.has_stock_voices:
        raise StockVoiceNotFound(
            f"The engine {info.title} has no voices of its own: it learns them from recordings."
        )


def _language(info: EngineInfo, voice: StockVoice, wanted: str | None) -> str:
    spoken = voice.languages or info.capabilities.languages
    if wanted is None:
        usual = None if voice.languages else match_language(_USUAL, spoken)
        return usual or spoken[0]
    found = match_language(wanted, spoken)
    if found is None:
        error = language_unsupported(info, wanted)
        if voice.languages:
            error.message = (
                f"The voice {voice.title!r} does not speak {wanted!r}. Its languages: "
                f"{', '.join(voice.languages)}."
            )
        raise error
    return found


def _require_own_name(session: Session, model: VoiceModel) -> None:
    """The voice before it under its name, if any, has to be the same stock voice."""
    earlier = None if model.parent_id is None else session.get(VoiceModel, model.parent_id)
    if earlier is None or _is_same(earlier, model.engine, model.details):
        return
    raise VoiceNameTaken(
        f"Another voice is called {model.name!r}, or was before it was deleted. A voice of an engine's own "
        "needs a name for itself."
    )


def _is_same(earlier: VoiceModel, engine: str, details: dict[str, Any]) -> bool:
    same = earlier.details.get(_VOICE_KEY) == details.get(_VOICE_KEY)
    return earlier.details.get(STOCK_KEY) is True and earlier.engine == engine and same
