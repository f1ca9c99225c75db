"""How often an account may register and change voice models: counted in PostgreSQL, for all processes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from voicewright.accounts.rate_limits import per_window

if TYPE_CHECKING:
    from voicewright.accounts.caller import Caller
    from voicewright.accounts.rate_limits import RateLimits
    from voicewright.settings import Settings

_HOUR_S: Final = 3600


@dataclass(frozen=True, slots=True)
class ModelLimits:
    """The limits; every method counts one more of the caller's, or raises `RateLimited`."""

    limits: RateLimits
    settings: Settings

    def creation(self, caller: Caller) -> None:
        """A voice is about to be registered."""
        amount = self.settings.model_creations_per_hour
        self._hit("voice-model-creations", amount, caller, "new voice models")

    def upload(self, caller: Caller) -> None:
        """An artefact is about to be uploaded."""
        amount = self.settings.model_creations_per_hour
        self._hit("voice-model-uploads", amount, caller, "uploads of voice models")

    def update(self, caller: Caller) -> None:
        """A voice is about to be changed."""
        amount = self.settings.model_updates_per_hour
        self._hit("voice-model-updates", amount, caller, "changes of voice models")

    def analytics(self, caller: Caller) -> None:
        """Analytics are about to be told."""
        amount = self.settings.model_analytics_per_hour
        self._hit("voice-model-analytics", amount, caller, "questions for analytics")

    def _hit(self, name: str, amount: int, caller: Caller, what: str) -> None:
        self.limits.hit(per_window(name, amount, _HOUR_S), str(caller.user_id), what=what)
