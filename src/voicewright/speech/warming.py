"""Starts what those who spoke last will need, so that the first request after a start does not wait."""

from __future__ import annotations

import logging
import uuid
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from sqlalchemy import func, select

from voicewright.engines.errors import HostClosed
from voicewright.errors import AppError
from voicewright.voices.figures.models import VoiceUse
from voicewright.voices.models import VoiceModel

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.orm import Session

    from voicewright.engines.installed import Engines
    from voicewright.speech.pool import EnginePool
    from voicewright.voices.service import VoiceService

_LOG = logging.getLogger(__name__)

RECENT: Final = timedelta(days=7)
_NOBODY: Final = uuid.UUID(int=0)
"""Whose turn it is at an engine while a voice is loaded for whoever comes."""


def recent_voices(session: Session, most: int) -> Sequence[VoiceModel]:
    """The voices that spoke last, the latest first; none where nobody has spoken for a week."""
    last = func.max(VoiceUse.at)
    since = datetime.now(UTC) - RECENT
    spoke = (
        select(VoiceUse.model_id, last.label("at"))
        .where(VoiceUse.at > since, VoiceUse.outcome == "spoken")
        .group_by(VoiceUse.model_id)
        .order_by(last.desc())
        .limit(most)
        .subquery()
    )
    join = select(VoiceModel).join(spoke, spoke.c.model_id == VoiceModel.id)
    return session.scalars(join.where(VoiceModel.deleted_at.is_(None)).order_by(spoke.c.at.desc())).all()


def load_voices(
    found: Sequence[VoiceModel],
    voices: VoiceService,
    pool: EnginePool,
    engines: Engines,
) -> int:
    """Have engines load voices; answers how many are ready. What goes wrong is told when somebody speaks.

    Raises:
        HostClosed: the pool has been closed.
    """
    ready = 0
    for voice in found:
        try:
            info = engines.find(voice.engine)
            engines.require(info)
            folder = voices.materialise(voice)
            with pool.lease(info, user_id=_NOBODY, voice_dir=folder) as client:
                client.load(folder, timeout_s=pool.silent_s)
        except HostClosed:
            raise
        except AppError as error:
            _LOG.info("the voice %s is not loaded in advance: %s", voice.label, error.message)
        else:
            ready += 1
    return ready
