"""What registers the voices that engines have of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from voicewright.home.layout import Home
from voicewright.voices.stock import StockVoiceService

if TYPE_CHECKING:
    from contextlib import AbstractContextManager
    from uuid import UUID

    from voicewright.engines.client import EngineClient
    from voicewright.engines.installed import Engines
    from voicewright.engines.port import EngineInfo
    from voicewright.settings import Settings
    from voicewright.speech.service import SpeechService
    from voicewright.voices.limits import ModelLimits
    from voicewright.voices.service import VoiceService


def make_stock(
    settings: Settings,
    voices: VoiceService,
    limits: ModelLimits,
    engines: Engines,
    speech: SpeechService,
) -> StockVoiceService:
    """What registers voices that engines have of their own; their processes are those that speak."""
    work_dir = Home.open(settings.home).work_dir

    def lend(info: EngineInfo, user_id: UUID) -> AbstractContextManager[EngineClient]:
        return speech.pool.lease(info, user_id=user_id, voice_dir=work_dir)

    return StockVoiceService(voices, limits, engines, lend, work_dir)
