"""How soon voices begin to speak: what was measured in their last uses."""

from __future__ import annotations

import statistics
from typing import TYPE_CHECKING, Final

from sqlalchemy import select

from voicewright.voices.figures.models import VoiceUse
from voicewright.voices.models import VoiceModel

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement
    from sqlalchemy.orm import Session

_LATEST: Final = 20
_FEWEST: Final = 3
"""One slow start says nothing yet."""


def usual_latency_ms(session: Session, voice: VoiceModel) -> float | None:
    """The median to the first sound of a voice's last uses.

    Where it has hardly spoken, that of all voices of its owner that the same engine made; None: neither has.
    """
    of_engine = VoiceUse.model_id.in_(
        select(VoiceModel.id).where(VoiceModel.owner_id == voice.owner_id, VoiceModel.engine == voice.engine)
    )
    measured = _median(session, VoiceUse.model_id == voice.id)
    return _median(session, of_engine) if measured is None else measured


def _median(session: Session, of: ColumnElement[bool]) -> float | None:
    spoken = of & (VoiceUse.outcome == "spoken") & VoiceUse.latency_ms.is_not(None)
    latest = select(VoiceUse.latency_ms).where(spoken).order_by(VoiceUse.at.desc()).limit(_LATEST)
    found = [one for one in session.scalars(latest) if one is not None]
    return statistics.median(found) if len(found) >= _FEWEST else None
