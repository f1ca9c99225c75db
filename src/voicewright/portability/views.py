"""What the export says of shares and uses: the others in them are named by their ids, or not at all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self
from uuid import UUID

from voicewright.answers import UtcMoment, View

if TYPE_CHECKING:
    from voicewright.voices.figures.models import VoiceUse
    from voicewright.voices.sharing.models import VoiceShare


class ExportedShare(View):
    """A voice that the account shares, or that is shared with it."""

    id: UUID
    model_id: UUID
    owner_id: UUID
    target_user_id: UUID
    permissions: str
    shared_at: UtcMoment
    ended_at: UtcMoment | None

    @classmethod
    def of(cls, share: VoiceShare) -> Self:
        """From its row."""
        return cls(
            id=share.id,
            model_id=share.model_id,
            owner_id=share.owner_id,
            target_user_id=share.target_user_id,
            permissions=share.permission,
            shared_at=share.created_at,
            ended_at=share.revoked_at,
        )


class ExportedUse(View):
    """A voice of the account spoke, or another's voice for the account; not for which other one."""

    model_id: UUID
    at: UtcMoment
    own_voice: bool
    by_you: bool
    outcome: str
    characters: int
    audio_s: float
    latency_ms: float | None
    cost_usd: float

    @classmethod
    def of(cls, use: VoiceUse, user_id: UUID) -> Self:
        """From its row, for one of both sides."""
        return cls(
            model_id=use.model_id,
            at=use.at,
            own_voice=use.owner_id == user_id,
            by_you=use.user_id == user_id,
            outcome=use.outcome,
            characters=use.characters,
            audio_s=use.audio_s,
            latency_ms=use.latency_ms,
            cost_usd=float(use.cost_usd),
        )
