"""What a provider's HTTP answers mean: one table for all companies, so that the same trouble has one name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from voicewright.engines.errors import (
    ProviderAnswerInvalid,
    ProviderError,
    ProviderKeyRefused,
    ProviderQuotaExceeded,
    ProviderRateLimited,
    ProviderRefused,
    ProviderUnavailable,
    ProviderVoiceGone,
)

if TYPE_CHECKING:
    from voicewright.engines.port import Provider

_SAID_CHARACTERS: Final = 300
_SERVER_FAULT: Final = 500
_TEMPORARY: Final = {408, 425}
"""Too slow, too early."""
_QUOTA_WORDS: Final = ("quota", "insufficient_quota", "billing", "credit", "voice_limit", "limit_reached")
"""In the code of a refusal: waiting does not help, paying does."""


def refusal(provider: Provider, status: int, said: str, *, code: str = "", doing: str) -> ProviderError:
    """The error for an HTTP status of a provider that is none of 200 to 299.

    Args:
        provider: who answered.
        status: of the answer.
        said: its own words.
        code: its own name for the fault, where it gave one.
        doing: what was asked, as in "making a voice".
    """
    words = " ".join(said.split())[:_SAID_CHARACTERS] or f"HTTP status {status}"
    told = f"{provider.name} refused {doing}: {words}"
    quota = any(word in code.lower() for word in _QUOTA_WORDS)
    if quota or status == 402:  # noqa: PLR2004 - Payment Required
        return ProviderQuotaExceeded(
            f"{told}. The account at {provider.name} has nothing left for this: raise its limit or its plan, "
            "or choose another engine."
        )
    if status >= _SERVER_FAULT or status in _TEMPORARY:
        return unavailable(provider, words, doing=doing)
    keys = " and ".join(provider.needs)
    kind, advice = {
        401: (ProviderKeyRefused, f" Check {keys}: it is wrong, expired, or may not do this."),
        403: (ProviderKeyRefused, f" Check {keys}: it is wrong, expired, or may not do this."),
        404: (ProviderVoiceGone, " Make the voice again, or choose another one."),
        410: (ProviderVoiceGone, " Make the voice again, or choose another one."),
        429: (ProviderRateLimited, " It was asked too often; the same will do later."),
    }.get(status, (ProviderRefused, ""))
    return kind(f"{told}.{advice}")


def unavailable(provider: Provider, said: str, *, doing: str) -> ProviderUnavailable:
    """The error for a provider that is down, out of reach, or too slow."""
    words = " ".join(said.split())[:_SAID_CHARACTERS]
    return ProviderUnavailable(
        f"{provider.name} can't be had for {doing} now ({words}). Try again later, or choose another engine."
    )


def bad_answer(provider: Provider, fault: str, *, doing: str) -> ProviderAnswerInvalid:
    """The error for an answer that is cut off, empty, or of another form than the provider documents."""
    return ProviderAnswerInvalid(
        f"{provider.name} answered {doing} with something else than it documents: {fault}. Try again; if it "
        "stays so, its interface has changed and this engine has to be updated."
    )
