"""The voices that somebody may speak with, as a choice shows them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from voicewright.engines.languages import match_language
from voicewright.errors import AppError
from voicewright.voices.errors import VoiceNotFound
from voicewright.voices.stock import STOCK_KEY

if TYPE_CHECKING:
    from collections.abc import Sequence

    from voicewright.api.services import Services
    from voicewright.engines.port import EngineInfo
    from voicewright.speech.models import Synthesis
    from voicewright.voices.models import VoiceModel
    from voicewright.web.visitor import Visitor


@dataclass(frozen=True, slots=True)
class SpeakingVoice:
    """One of them.

    Attributes:
        voice: its newest version, the active one, or the one that was asked for.
        group: where it stands in the choice: `Your voices`, `Shared with you`, `Voices of engines`.
        engine: what the engine is called.
        languages: codes of what it speaks; its own one first.
        shifts_pitch: whether its engine does.
        fault: why it can't speak here now; empty: it can.
        is_older: whether there is a newer version of it.
    """

    voice: VoiceModel
    group: str
    engine: str
    languages: tuple[str, ...]
    shifts_pitch: bool
    fault: str
    is_older: bool = False

    @property
    def label(self) -> str:
        """How the choice calls it."""
        older = f", version {self.voice.version}" if self.is_older else ""
        return f"{self.voice.name}{older}{' (active)' if self.is_active else ''}"

    @property
    def is_active(self) -> bool:
        """Whether it speaks where none is named."""
        return self.group != _SHARED and self.voice.is_active


_OWN, _SHARED, _STOCK = "Your voices", "Shared with you", "Voices of engines"


@dataclass(frozen=True, slots=True)
class Asked:
    """A voice that the address of a page asks for.

    Attributes:
        voice: the one; None: none was asked for, or it can't be used.
        refused: why it can't be used; empty: it can, or none was asked for.
    """

    voice: VoiceModel | None = None
    refused: str = ""


def asked_for(services: Services, visitor: Visitor, reference: str) -> Asked:
    """The voice with an id or a name, of any version, if the visitor may speak with it."""
    if not reference:
        return Asked()
    try:
        return Asked(services.voices.of(visitor.id).find_to_speak(reference))
    except VoiceNotFound:
        return Asked(refused=_not_theirs(services, visitor, reference))
    except AppError as error:  # it is to be looked at only, or several have this name
        return Asked(refused=error.message)


def voice_of(before: Synthesis) -> str:
    """What the history says that a speech was asked from."""
    return str(before.wanted_model_id or before.voice_model_id)


def voices_of(services: Services, user_id: UUID, also: VoiceModel | None = None) -> list[SpeakingVoice]:
    """All that somebody may speak with: the active one, their own, shared ones, those of engines.

    Args:
        services: of the application.
        user_id: who.
        also: a version that is to be among them, which otherwise are the newest and the active one.
    """
    engines: dict[str, tuple[EngineInfo | None, str]] = {}
    shown = []
    own = services.voices.of(user_id)
    voices = {voice.id: voice for voice in own.list_to_speak()}
    newest = set(voices)
    is_there = any(voice.is_active and voice.owner_id == user_id for voice in voices.values())
    for further in (None if is_there else own.get_active(), also):
        if further is not None:
            voices.setdefault(further.id, further)
    for voice in voices.values():
        if voice.engine not in engines:
            engines[voice.engine] = _engine(services, voice.engine)
        info, fault = engines[voice.engine]
        shown.append(
            SpeakingVoice(
                voice,
                _group(voice, user_id),
                voice.engine if info is None else info.title,
                _languages(voice, info),
                info is not None and info.capabilities.shifts_pitch,
                fault,
                is_older=voice.id not in newest,
            )
        )
    order = (_OWN, _SHARED, _STOCK)
    return sorted(shown, key=lambda one: (not one.is_active, order.index(one.group)))


def grouped(voices: Sequence[SpeakingVoice]) -> dict[str, list[SpeakingVoice]]:
    """The same by their groups, in order."""
    groups: dict[str, list[SpeakingVoice]] = {}
    for one in voices:
        groups.setdefault(one.group, []).append(one)
    return groups


def _not_theirs(services: Services, visitor: Visitor, reference: str) -> str:
    """Why somebody can't speak with what is not there for them; no more than they may know."""
    try:
        found = services.registry.get(visitor.caller, UUID(reference))
    except (ValueError, AppError):
        return "It was deleted, or it is not yours and nobody shares it with you."
    return f"“{found.name}” is somebody else's. Only they speak with it, and those they share it with."


def _engine(services: Services, engine_id: str) -> tuple[EngineInfo | None, str]:
    """The engine, and why it can't run on this machine."""
    engines = services.stock.engines
    try:
        info = engines.find(engine_id)
    except AppError as error:  # a plugin that was removed
        return None, error.message
    fault = engines.find_fault(info)
    return info, "" if fault is None else fault.message


def _group(voice: VoiceModel, user_id: UUID) -> str:
    if voice.owner_id != user_id:
        return _SHARED
    return _STOCK if voice.details.get(STOCK_KEY) else _OWN


def _languages(voice: VoiceModel, info: EngineInfo | None) -> tuple[str, ...]:
    if info is None:
        return (voice.language,)
    offered = info.capabilities.languages
    own = match_language(voice.language, offered) or voice.language
    return (own, *(code for code in offered if code != own))
