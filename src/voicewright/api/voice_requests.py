"""How often an account may ask for what costs much under `/api/voice`: one count for all of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from voicewright.accounts.rate_limits import per_window

if TYPE_CHECKING:
    from voicewright.accounts.caller import Caller
    from voicewright.accounts.rate_limits import Allowance
    from voicewright.api.services import Services

_HOUR_S: Final = 3600


def count_voice_request(services: Services, caller: Caller) -> Allowance:
    """Count one more upload, clone or synthesis, also one that is refused afterwards; answers what is left.

    Raises:
        RateLimited: there were too many in this hour.
    """
    per_hour = per_window("voice", services.settings.voice_requests_per_hour, _HOUR_S)
    return services.accounts.rate_limits.hit(per_hour, str(caller.user_id), what="requests about voices")
