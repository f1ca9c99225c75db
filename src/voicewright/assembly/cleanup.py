"""What deletes old, poor, unused voices, and tells their owners by mail."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from voicewright.notifications.mail import MailServer
from voicewright.notifications.notices import Notice
from voicewright.notifications.outbox import Outbox
from voicewright.voices.cleanup.service import CleanupService

if TYPE_CHECKING:
    from voicewright.db.server import Database
    from voicewright.settings import Settings
    from voicewright.voices.service import VoiceService


def make_cleanup(settings: Settings, database: Database, voices: VoiceService) -> CleanupService:
    """The cleanup of voices, which tells their owners by mail."""
    outbox = Outbox(database, MailServer.of(settings))
    return CleanupService(database, settings, voices, tell=partial(outbox.tell, Notice.VOICES_EXPIRING))
