"""What went wrong at ElevenLabs, in the words of the port."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

import httpx
from elevenlabs.core.api_error import ApiError
from elevenlabs.core.parse_error import ParsingError

from voicewright.engines.errors import EngineError
from voicewright.engines.refusals import bad_answer, refusal, unavailable
from voicewright.plugins.eleven_labs.plugin import PROVIDER

if TYPE_CHECKING:
    from voicewright.engines.errors import ProviderError

_GONE: Final = frozenset({"voice_not_found", "voice_does_not_exist", "invalid_uid"})
"""Told with 400 as well as with 404."""
_BAD_REQUEST, _NOT_FOUND, _SERVER_FAULT = 400, 404, 500
_RATE_LIMITED: Final = 429
_BUSY: Final = frozenset({"too_many_concurrent_requests", "concurrent_limit_exceeded", "system_busy"})
"""What waiting helps against, whatever the status."""


class Refused(NamedTuple):
    """What ElevenLabs says of a refusal."""

    status: int
    code: str
    """Its own name of the fault."""
    words: str

    @property
    def is_gone(self) -> bool:
        """Whether there is no such voice."""
        return self.status == _NOT_FOUND or self.code in _GONE

    @property
    def is_clear(self) -> bool:
        """Whether certainly nothing was done."""
        return _BAD_REQUEST <= self.status < _SERVER_FAULT


def read_refusal(error: ApiError) -> Refused:
    """Read the body of a refusal: a detail with a status and a message, or a list of faults."""
    body: Any = error.body
    detail = body.get("detail", body) if isinstance(body, dict) else body
    status = error.status_code or 0
    match detail:
        case {"message": str(message)}:
            return Refused(status, str(detail.get("status") or detail.get("code") or ""), message)
        case [{"msg": str(message), **rest}, *_]:
            place = _place(rest.get("loc"))
            return Refused(status, "", f"{place}: {message}" if place else message)
        case str(words) if "<" not in words:
            return Refused(status, "", words)
    return Refused(status, "", "")


def _place(path: Any) -> str:
    return ".".join(map(str, path)) if isinstance(path, list | tuple) else ""


def explained(error: Exception, *, doing: str, timeout_s: float) -> EngineError:
    """Say in the port's words what the SDK raised.

    Args:
        error: caught.
        doing: what was asked, as in "making a voice".
        timeout_s: how long an answer may take.
    """
    match error:
        case EngineError():
            return error
        case TimeoutError() | httpx.TimeoutException():
            return unavailable(PROVIDER, f"no answer within {timeout_s:g} s", doing=doing)
        case ApiError():
            return _refused(error, doing=doing)
        case httpx.RemoteProtocolError():
            return bad_answer(PROVIDER, "it broke off", doing=doing)
        case httpx.TransportError():
            return unavailable(PROVIDER, f"no connection: {error or type(error).__name__}", doing=doing)
        case ParsingError() | httpx.DecodingError() | ValueError() | AttributeError() | TypeError():
            return bad_answer(PROVIDER, "what can't be read", doing=doing)
    raise error


def _refused(error: ApiError, *, doing: str) -> ProviderError:
    refused = read_refusal(error)
    if 200 <= refused.status < 300:  # noqa: PLR2004 - it says yes, in a form that nobody can read
        return bad_answer(PROVIDER, "what can't be read", doing=doing)
    status = _NOT_FOUND if refused.is_gone else _RATE_LIMITED if refused.code in _BUSY else refused.status
    words = refused.words.strip().rstrip(".")
    return refusal(PROVIDER, status, words, code=refused.code, doing=doing)
