"""What went wrong at Google, in the words of the port."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import requests
from google.api_core.exceptions import GoogleAPICallError
from google.auth.exceptions import GoogleAuthError, RefreshError

from voicewright.engines.errors import EngineError, ProviderError, ProviderKeyRefused
from voicewright.engines.refusals import bad_answer, refusal, unavailable
from voicewright.plugins.google_cloud_tts.plugin import PROVIDER

if TYPE_CHECKING:
    from collections.abc import Iterable

_NOT_ALLOWED: Final = {403, 404}
"""Where a voice is to be made: instant custom voices are not open to this project."""
_NO_ANSWER: Final = 499
"""What the SDK makes of a call that ended without a status of the service's."""


def explained(error: Exception, *, doing: str, timeout_s: float) -> EngineError:  # noqa: PLR0911 - a table
    """Say in the port's words what the SDK, its authentication or a plain request raised.

    Args:
        error: caught.
        doing: what was asked, as in "making a voice".
        timeout_s: how long an answer may take.
    """
    match error:
        case EngineError():
            return error
        case TimeoutError() | requests.Timeout():
            return unavailable(PROVIDER, f"no answer within {timeout_s:g} s", doing=doing)
        case GoogleAPICallError():
            status = int(error.code or _NO_ANSWER)
            if status == _NO_ANSWER:
                return unavailable(PROVIDER, error.message, doing=doing)
            return refusal(PROVIDER, status, error.message, code=error.reason or "", doing=doing)
        case RefreshError() if not error.retryable:
            return refusal(PROVIDER, 401, _token_refusal(error), doing=doing)
        case GoogleAuthError() | requests.ConnectionError():
            return unavailable(PROVIDER, "no connection", doing=doing)
        case requests.RequestException() | ValueError():
            return bad_answer(PROVIDER, "it broke off, or can't be read", doing=doing)
    raise error


def read_answer(answer: requests.Response, *, doing: str) -> Any:
    """The JSON of Google's answer to a plain request.

    Raises:
        ProviderError: it is a refusal.
        ValueError: it is no JSON.
    """
    if not answer.ok:
        raise _refused(answer, doing=doing)
    return answer.json()


def _refused(answer: requests.Response, *, doing: str) -> ProviderError:
    said, reason = _read(answer)
    told = refusal(PROVIDER, answer.status_code, said, code=reason, doing=doing)
    if answer.status_code in _NOT_ALLOWED and not told.code.endswith("EXCEEDED"):
        return ProviderKeyRefused(
            f"{PROVIDER.name} refused {doing}: {said or f'HTTP status {answer.status_code}'} It makes "
            "instant custom voices only for projects that its sales team has put on a list, with the "
            "Text-to-Speech API enabled. Ask for it, or choose another engine."
        )
    return told


def _read(answer: requests.Response) -> tuple[str, str]:
    """Google's own words, and its own name for the fault."""
    try:
        body: Any = answer.json()
    except ValueError:
        return "", ""
    match body:
        case {"error": {"message": str(said), "details": list(details)}}:
            return said, _reason(details)
        case {"error": {"message": str(said)}}:
            return said, ""
    return "", ""


def _reason(details: Iterable[Any]) -> str:
    return next((str(each["reason"]) for each in details if isinstance(each, dict) and "reason" in each), "")


def _token_refusal(error: RefreshError) -> str:
    """What the token's issuer said; its second argument is the whole answer."""
    return str(error.args[0]) if error.args else "it gives out no token"
