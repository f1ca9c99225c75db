"""Which voice speaks, and which may take its place when its engine can't be had.

What counts as one person's voices is the same for a rule that chooses among them (`speech.choosing`) and for
those that take each other's place.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import false, func, or_, select

from voicewright.engines.errors import (
    EngineContractBroken,
    EngineFailed,
    EngineNotFound,
    EngineNotInstalled,
    EngineOutOfMemory,
    EnginePluginBroken,
    GpuUnavailable,
    HostDied,
    HostHung,
    HostStartFailed,
    HostTimedOut,
    LanguageUnsupported,
    ProviderAnswerInvalid,
    ProviderKeyRefused,
    ProviderQuotaExceeded,
    ProviderRateLimited,
    ProviderUnavailable,
    ProviderVoiceGone,
)
from voicewright.errors import AppError
from voicewright.speech.choosing import Candidate, in_order, reason_of
from voicewright.speech.models import SpeechPreferences
from voicewright.voices.activation import active_voice
from voicewright.voices.errors import NoActiveVoice
from voicewright.voices.figures.latency import usual_latency_ms
from voicewright.voices.finding import owned_by
from voicewright.voices.models import VoiceModel
from voicewright.voices.names import as_id
from voicewright.voices.sharing.speaking import find_to_speak
from voicewright.voices.stock import STOCK_KEY

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sqlalchemy import ColumnElement
    from sqlalchemy.orm import Session

    from voicewright.engines.port import EngineInfo
    from voicewright.speech.order import Choose, SpeechOrder

FALLBACKS_KEY: Final = "fallbacks"
"""In the metadata of a voice: the ids of those that may take its place, the best first."""
_MOST: Final = 5
_DOWN: Final = (
    EngineNotFound,
    EngineNotInstalled,
    EnginePluginBroken,
    EngineFailed,
    EngineContractBroken,
    EngineOutOfMemory,
    GpuUnavailable,
    HostDied,
    HostHung,
    HostStartFailed,
    HostTimedOut,
    ProviderAnswerInvalid,
    ProviderKeyRefused,
    ProviderQuotaExceeded,
    ProviderRateLimited,
    ProviderUnavailable,
    ProviderVoiceGone,
)


@dataclass(frozen=True, slots=True)
class Fallback:
    """Another voice of the same person speaks than the one that was asked for."""

    wanted: VoiceModel
    reason: str
    """Why it does not speak itself, in words."""
    code: str
    """The same, as one of docs/errors.md; where a rule chose another one, the rule."""


def another_may_do(error: BaseException) -> bool:
    """Whether the fault is the engine's, so that another engine may do better."""
    return isinstance(error, (*_DOWN, LanguageUnsupported))


def choose_voice(session: Session, user_id: uuid.UUID, order: SpeechOrder) -> VoiceModel:
    """The voice that was asked for, or the active one where none was named.

    Raises:
        VoiceNotFound, VoiceNameAmbiguous, NotAllowed: as `find_to_speak`.
        NoActiveVoice: none was named, and none is active.
    """
    if order.voice is not None:
        return find_to_speak(session, user_id, order.voice, order.version)
    voice = active_voice(session, user_id)
    if voice is None:
        raise NoActiveVoice("No voice is active. Name one, or make one of yours the active one.")
    return voice


def rule_of(session: Session, user_id: uuid.UUID, order: SpeechOrder) -> Choose:
    """By which rule a voice is chosen: as the order says, else as its user prefers.

    A preference holds only where another voice may speak than the one that is asked for.
    """
    if order.choose is not None:
        return order.choose
    if not order.fallback:
        return "named"
    preferred = select(SpeechPreferences.choose).where(SpeechPreferences.user_id == user_id)
    found: Any = session.scalar(preferred)
    choose: Choose | None = found  # one that the table allows
    return choose or "named"


def choose_by_rule(
    session: Session,
    user_id: uuid.UUID,
    voice: VoiceModel,
    rule: Choose,
    can_speak: Callable[[VoiceModel], EngineInfo | None],
) -> list[tuple[VoiceModel, Fallback | None]]:
    """The voices of one person in the order of a rule, with why they speak where another one was asked for.

    Args:
        session: a unit of work.
        user_id: who speaks.
        voice: the one that was asked for.
        rule: what counts.
        can_speak: the engine of a voice, where it can be had and can speak what is to be spoken.
    """
    newest: dict[str, VoiceModel] = {voice.engine: voice}
    for other in _kin(session, voice):
        newest.setdefault(other.engine, other)
    candidates = [
        Candidate(one, info, usual_latency_ms(session, one))
        for one in newest.values()
        if (info := can_speak(one)) is not None and _may_speak(session, user_id, one)
    ]

    def why(one: Candidate) -> Fallback | None:
        return None if one.voice is voice else Fallback(voice, reason_of(one, rule), rule)

    return [(one.voice, why(one)) for one in in_order(candidates, rule)]


def find_stand_ins(session: Session, user_id: uuid.UUID, voice: VoiceModel) -> Sequence[VoiceModel]:
    """The voices of the same person that other engines made, and that the user may speak with.

    First those that the metadata of the voice lists, then its other versions, then those whose speaker has
    the same name; of each the newest first. A voice that is known to be another person's never takes its
    place, not even where it is listed; a stock voice of an engine, which is nobody's, only where it is.
    """
    return [other for other in _kin(session, voice)[:_MOST] if _may_speak(session, user_id, other)]


def _kin(session: Session, voice: VoiceModel) -> list[VoiceModel]:
    listed = _listed(voice)
    is_stock = VoiceModel.details.contains({STOCK_KEY: True})
    of_its_kind = is_stock if voice.details.get(STOCK_KEY) is True else ~is_stock
    kin = [of_its_kind & (VoiceModel.lineage_id == voice.lineage_id), VoiceModel.id.in_(listed)]
    stranger: ColumnElement[bool] = false()
    if voice.speaker_key is not None:
        kin.append(of_its_kind & (VoiceModel.speaker_key == voice.speaker_key))
        stranger = func.coalesce(VoiceModel.speaker_key != voice.speaker_key, False)
    found = session.scalars(
        select(VoiceModel)
        .where(
            owned_by(voice.owner_id),
            VoiceModel.id != voice.id,
            VoiceModel.engine != voice.engine,
            VoiceModel.status == "completed",
            or_(*kin),
            ~stranger,
        )
        .order_by(VoiceModel.created_at.desc(), VoiceModel.id)
    ).all()

    def rank(other: VoiceModel) -> tuple[int, bool]:
        place = listed.index(other.id) if other.id in listed else len(listed)
        return place, other.lineage_id != voice.lineage_id

    return sorted(found, key=rank)


def _listed(voice: VoiceModel) -> list[uuid.UUID]:
    """What the metadata names; what is no id there is no matter of this."""
    named = voice.details.get(FALLBACKS_KEY)
    ids = [as_id(one) for one in named if isinstance(one, str)] if isinstance(named, list) else []
    return [one for one in ids if one is not None][:_MOST]


def _may_speak(session: Session, user_id: uuid.UUID, voice: VoiceModel) -> bool:
    if voice.owner_id == user_id:
        return True
    try:
        return find_to_speak(session, user_id, voice.id).id == voice.id
    except AppError:
        return False
