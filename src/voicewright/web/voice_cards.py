"""What a page shows of a voice: whose it is, how good and why, and something that it said."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from voicewright.accounts.policies import may_see
from voicewright.voices.stock import STOCK_KEY
from voicewright.voices.versions import VersionSummary
from voicewright.web.engine_titles import titles_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime
    from uuid import UUID

    from voicewright.api.services import Services
    from voicewright.voices.models import VoiceModel
    from voicewright.voices.sharing.service import SharedVoice
    from voicewright.web.visitor import Visitor

PARTS: Final = {
    "similarity": "Similarity",
    "naturalness": "Naturalness",
    "clarity": "Clarity",
    "consistency": "Consistency",
}
"""Of a score, by the names of the evaluation, the weightiest first."""
MEANINGS: Final = {
    "similarity": "sounds like the person",
    "naturalness": "sounds like a recording",
    "clarity": "every word is understood",
    "consistency": "stays the same from sentence to sentence",
}


@dataclass(frozen=True, slots=True)
class Part:
    """One of the four parts of a score."""

    key: str
    name: str
    value: float | None
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Spoken:
    """A sentence that a voice said."""

    text: str
    url: str
    name: str = ""
    duration_s: float | None = None


@dataclass(frozen=True, slots=True)
class VoiceCard:
    """A voice as a list shows it."""

    voice: VoiceModel
    engine: str
    """Its title."""
    is_own: bool
    may_speak: bool
    owner_name: str | None
    versions: VersionSummary
    heard: Spoken | None
    expires_at: datetime | None

    @property
    def is_stock(self) -> bool:
        """Whether it is an engine's own, and no clone of anybody."""
        return self.voice.details.get(STOCK_KEY) is True

    @property
    def parts(self) -> tuple[Part, ...]:
        """Of its score; none of a voice that is somebody else's or was not judged."""
        return parts_of(self.voice) if self.is_own else ()


def parts_of(voice: VoiceModel) -> tuple[Part, ...]:
    """The four parts of a voice's score with their reasons; none where it was not judged in full."""
    evaluation = voice.evaluation or {}
    if not any(key in evaluation for key in PARTS):
        return ()
    reasons = evaluation.get("reasons", [])
    return tuple(
        Part(key, name, evaluation.get(key), tuple(_told(reasons, name))) for key, name in PARTS.items()
    )


def other_reasons(voice: VoiceModel) -> list[str]:
    """What is said of a voice that belongs to none of the four."""
    reasons: list[str] = (voice.evaluation or {}).get("reasons", [])
    return [one for one in reasons if one.partition(":")[0] not in PARTS.values()]


def _told(reasons: Iterable[str], name: str) -> Iterable[str]:
    """Without the name, with a capital."""
    for reason in reasons:
        if reason.startswith(f"{name}: "):
            said = reason.removeprefix(f"{name}: ")
            yield said[:1].upper() + said[1:]


def judged_by(voice: VoiceModel) -> list[Spoken]:
    """The sentences that a voice was judged by, those that can be heard."""
    if voice.spoken_digest is None:
        return []
    sentences: list[dict[str, Any]] = (voice.evaluation or {}).get("sentences", [])
    return [
        Spoken(
            one["text"], f"/voice-models/{voice.id}/audio/{one['audio']}", one["audio"], one.get("duration_s")
        )
        for one in sentences
        if not one.get("silent")
    ]


def heard_in(services: Services, visitor: Visitor, voices: Sequence[VoiceModel]) -> Mapping[UUID, Spoken]:
    """Something that can be heard of each voice now: what it was judged by, or what it said last."""
    heard = {}
    for voice in voices:
        if may_see(visitor.caller, voice.owner_id) and (judged := judged_by(voice)):
            heard[voice.id] = judged[0]
    said = services.history.last_said(visitor.id, [one.id for one in voices if one.id not in heard])
    for model_id, last in said.items():
        heard[model_id] = Spoken(last.text or "", f"/api/voice/history/{last.id}/audio")
    return heard


def heard_of(services: Services, visitor: Visitor, voice: VoiceModel) -> Spoken | None:
    """The same of one voice; None where there is nothing."""
    return heard_in(services, visitor, [voice]).get(voice.id)


def own_cards(services: Services, visitor: Visitor, voices: Sequence[VoiceModel]) -> list[VoiceCard]:
    """Cards of somebody's own voices."""
    titles = titles_of(services, (voice.engine for voice in voices))
    versions = services.versions.summaries(visitor.id, [voice.lineage_id for voice in voices])
    expires, heard = services.cleanup.due_of(voices), heard_in(services, visitor, voices)
    return [
        VoiceCard(
            voice=voice,
            engine=titles[voice.engine],
            is_own=True,
            may_speak=True,
            owner_name=None,
            versions=versions.get(voice.lineage_id, VersionSummary(1, None)),
            heard=heard.get(voice.id),
            expires_at=expires.get(voice.id),
        )
        for voice in voices
    ]


def shared_cards(services: Services, visitor: Visitor, shared: Sequence[SharedVoice]) -> list[VoiceCard]:
    """Cards of the voices that others share."""
    titles = titles_of(services, (one.voice.engine for one in shared))
    heard = heard_in(services, visitor, [one.voice for one in shared])
    return [
        VoiceCard(
            voice=one.voice,
            engine=titles[one.voice.engine],
            is_own=False,
            may_speak=one.share.permission == "use",
            owner_name=one.owner_name or "somebody",
            versions=VersionSummary(1, None),
            heard=heard.get(one.voice.id),
            expires_at=None,
        )
        for one in shared
    ]
