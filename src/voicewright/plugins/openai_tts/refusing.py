"""What went wrong at OpenAI, in the words of the port; the key is in none of them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

import httpx2
from openai import (
    APIConnectionError,
    APIError,
    APIResponseValidationError,
    APIStatusError,
    APITimeoutError,
)

from voicewright.engines.errors import EngineError, ProviderError, ProviderKeyRefused, ProviderRefused
from voicewright.engines.refusals import bad_answer, refusal, unavailable
from voicewright.plugins.openai_tts.plugin import PROVIDER

if TYPE_CHECKING:
    from collections.abc import Iterator

_KEY: Final = re.compile(r"\bsk-[\w*.-]+")
"""Refusals name the key, with stars in the middle."""
_NOT_ALLOWED: Final = {403, 404}
"""Where a voice is to be made: custom voices are not open to this account or project."""
_NO_MODEL: Final = "model_not_found"


def explained(error: Exception, *, doing: str, timeout_s: float, making: bool = False) -> EngineError:  # noqa: PLR0911 - a table
    """Say in the port's words what the SDK raised.

    Args:
        error: caught.
        doing: what was asked, as in "making a voice".
        timeout_s: how long an answer may take.
        making: whether a voice was to be made.
    """
    match error:
        case EngineError():
            return error
        case TimeoutError() | APITimeoutError() | httpx2.TimeoutException():
            return unavailable(PROVIDER, f"no answer within {timeout_s:g} s", doing=doing)
        case APIStatusError():
            return _refused(error, doing=doing, making=making)
        case APIResponseValidationError() | ValueError():
            return bad_answer(PROVIDER, "what can't be read", doing=doing)
        case httpx2.RemoteProtocolError():
            return bad_answer(PROVIDER, "it broke off", doing=doing)
        case APIConnectionError() if isinstance(error.__cause__, httpx2.RemoteProtocolError):
            return bad_answer(PROVIDER, "it broke off", doing=doing)
        case APIConnectionError() | httpx2.TransportError():
            return unavailable(PROVIDER, f"no connection: {_root(error)}", doing=doing)
        case APIError():  # it began to answer, and then told of a fault
            return refusal(PROVIDER, 500, _clean(error.message), code=error.code or "", doing=doing)
    raise error


def _refused(error: APIStatusError, *, doing: str, making: bool) -> ProviderError:
    said, code = _said(error), error.code or error.type or ""
    if error.status_code == 404 and code == _NO_MODEL:  # noqa: PLR2004 - Not Found
        return ProviderRefused(
            f"{PROVIDER.name} refused {doing}: {said}. It does not offer the model of this voice any more: "
            "make the voice again with the option `model`, or choose another engine."
        )
    if making and error.status_code in _NOT_ALLOWED:
        return ProviderKeyRefused(
            f"{PROVIDER.name} refused {doing}: {said}. It makes voices only for customers admitted to custom "
            "voices, with a key of their project: ask its sales team, or choose another engine."
        )
    return refusal(PROVIDER, error.status_code, said, code=code, doing=doing)


def _said(error: APIStatusError) -> str:
    body: Any = error.body
    if isinstance(body, dict):
        return _clean(str(body.get("message") or ""))
    return _clean(body) if isinstance(body, str) and "<" not in body else ""


def _clean(words: str) -> str:
    return _KEY.sub("(the key)", words).strip().rstrip(".")


def _root(error: BaseException) -> str:
    *_, last = _causes(error)
    return _clean(str(last)) or type(last).__name__


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__
