"""Tells owners, some days before, that the scheduled cleanup is going to take voices of theirs.

A voice is taken by the schedule only when its owner was told long enough before. Whoever uses or activates it
meanwhile keeps it, and is told again the next time. Where no mail can be sent, the notice still counts:
`GET /voice-models/expiring` shows the same.
"""

from __future__ import annotations

import uuid
from itertools import groupby
from typing import TYPE_CHECKING, Final

from sqlalchemy import delete, select, true
from sqlalchemy.dialects.postgresql import insert

from voicewright.voices.cleanup.models import CleanupNotice
from voicewright.voices.cleanup.search import eligible, last_uses
from voicewright.voices.models import VoiceModel

if TYPE_CHECKING:
    from datetime import datetime, timedelta

    from sqlalchemy import ColumnElement

    from voicewright.db.server import Database
    from voicewright.notifications.telling import Tell
    from voicewright.voices.cleanup.policies import CleanupRules

_AT_ONCE: Final = 500
"""Voices that one transaction tells of."""
_MOST: Final = 50_000
"""Voices that are told of in one go; the rest has its turn the next time."""
_NAMED: Final = 20
"""Voices that one mail names."""


class CleanupNotices:
    """What owners are told, and when they were.

    Args:
        database: open.
        rules: of the cleanup.
        notice: how long before; none at all: nobody is told, and nothing waits for it.
        tell: writes a mail to an account, in the caller's transaction.
    """

    def __init__(self, database: Database, rules: CleanupRules, notice: timedelta, tell: Tell) -> None:
        self._database = database
        self._rules = rules
        self._notice = notice
        self._tell = tell

    def were_sent_before(self, now: datetime) -> ColumnElement[bool]:
        """The voices whose owners were told long enough ago."""
        if not self._notice:
            return true()
        told = select(CleanupNotice.model_id).where(
            CleanupNotice.model_id == VoiceModel.id, CleanupNotice.noticed_at <= now - self._notice
        )
        return told.exists()

    def send(self, now: datetime) -> int:
        """Tell the owners of what is due soon and was not told yet; answers how many voices that were."""
        if not self._notice:
            return 0
        self._forget(now)
        sent = 0
        some: list[uuid.UUID] = []
        for _, of_owner in groupby(self._waiting(now), key=lambda row: row[0]):
            some += [model_id for _, model_id in of_owner]
            if len(some) >= _AT_ONCE:
                sent += self._send_some(some, now)
                some = []
        return sent + self._send_some(some, now)

    def _forget(self, now: datetime) -> None:
        """Take back what was told of voices that stay, as somebody used or activated them."""
        still = select(VoiceModel.id).where(
            VoiceModel.id == CleanupNotice.model_id, eligible(self._rules, now + self._notice)
        )
        with self._database.session() as session:
            session.execute(delete(CleanupNotice).where(~still.exists()))

    def _waiting(self, now: datetime) -> list[tuple[uuid.UUID, uuid.UUID]]:
        """The voices that are due soon and were not told of, with their owners, owner by owner."""
        told = select(CleanupNotice.model_id).where(CleanupNotice.model_id == VoiceModel.id)
        found = select(VoiceModel.owner_id, VoiceModel.id).where(
            eligible(self._rules, now + self._notice), ~told.exists()
        )
        with self._database.session() as session:
            page = found.order_by(VoiceModel.owner_id, VoiceModel.id).limit(_MOST)
            return [(owner_id, model_id) for owner_id, model_id in session.execute(page)]

    def _send_some(self, model_ids: list[uuid.UUID], now: datetime) -> int:
        """Tell of some voices in one transaction, with one mail for each owner."""
        if not model_ids:
            return 0
        with self._database.session() as session:
            found = select(VoiceModel).where(VoiceModel.id.in_(model_ids)).order_by(VoiceModel.owner_id)
            voices = list(session.scalars(found))
            used = last_uses(session, model_ids)
            rows = [
                {
                    "model_id": voice.id,
                    "owner_id": voice.owner_id,
                    "due_at": self._rules.due_at(voice, used.get(voice.id)) or now,
                    "noticed_at": now,
                }
                for voice in voices
            ]
            session.execute(insert(CleanupNotice).values(rows).on_conflict_do_nothing())
            for owner_id, of_owner in groupby(voices, key=lambda voice: voice.owner_id):
                self._tell(session, owner_id, *self._mail(list(of_owner)))
        return len(voices)

    def _mail(self, voices: list[VoiceModel]) -> tuple[str, str]:
        days = self._notice.days
        named = [f"- {voice.label} ({voice.id})" for voice in voices[:_NAMED]]
        if len(voices) > _NAMED:
            named.append(f"- and {len(voices) - _NAMED} more")
        count = "One voice" if len(voices) == 1 else f"{len(voices)} voices"
        body = [
            f"{count} of yours will be deleted in {days} days, because nobody uses them and they sound poor:",
            "",
            *named,
            "",
            "Speak with a voice, or make it the active one, to keep it. A deleted voice can be brought back",
            "for a while. GET /voice-models/expiring shows when and why.",
        ]
        return f"{count} of yours will be deleted in {days} days", "\n".join(body) + "\n"
