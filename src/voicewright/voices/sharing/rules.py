"""What a share allows, and when it ends.

A share holds until it is revoked. While the account of either side is disabled it rests: an owner who is
disabled can't take it back, so nobody may go on with it meanwhile. With a voice its shares end for good.
"""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from sqlalchemy import delete, or_, select, update

from voicewright.accounts.models import User
from voicewright.voices.sharing.models import SharePermission, VoiceShare

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement
    from sqlalchemy.orm import Session

ALLOWS: Final = {
    SharePermission.USE: frozenset({"read", "use"}),
    SharePermission.READ: frozenset({"read"}),
}
"""What each permission is good for; nothing else is, ever: not to change, export, activate or pass on."""


def holds_for(user_id: uuid.UUID) -> ColumnElement[bool]:
    """The shares that somebody has now."""
    either = User.id.in_([VoiceShare.owner_id, VoiceShare.target_user_id])
    disabled = select(User.id).where(either, User.disabled_at.is_not(None)).correlate(VoiceShare)
    return (VoiceShare.target_user_id == user_id) & VoiceShare.revoked_at.is_(None) & ~disabled.exists()


def granted(session: Session, model_id: uuid.UUID, user_id: uuid.UUID) -> SharePermission | None:
    """What somebody may do with another's voice; None: nothing. Whether it is deleted is not asked here."""
    wanted = select(VoiceShare.permission).where(VoiceShare.model_id == model_id, holds_for(user_id))
    found = session.scalar(wanted)
    return None if found is None else SharePermission(found)


def end_shares(session: Session, model_id: uuid.UUID) -> int:
    """End all shares of a voice, for good; answers how many there were."""
    held = (VoiceShare.model_id == model_id) & VoiceShare.revoked_at.is_(None)
    ended = update(VoiceShare).where(held).values(revoked_at=datetime.now(UTC))
    return len(session.scalars(ended.returning(VoiceShare.id)).all())


def forget_shares_of(session: Session, user_id: uuid.UUID) -> int:
    """Remove every share from and with an account that is deleted; answers how many there were."""
    theirs = or_(VoiceShare.owner_id == user_id, VoiceShare.target_user_id == user_id)
    return len(session.scalars(delete(VoiceShare).where(theirs).returning(VoiceShare.id)).all())
