"""The consent that a provider wants to hear, looked at before anything is sent to it."""

from __future__ import annotations

import wave
from typing import TYPE_CHECKING, Final, NamedTuple

from voicewright.engines.errors import ProviderConsentRequired
from voicewright.engines.languages import match_language

if TYPE_CHECKING:
    from voicewright.engines.port import Provider, TrainingRequest

_LEAST_S: Final = 1.0
"""Nobody says the sentence faster."""


class SpokenConsent(NamedTuple):
    """A recording that fits what the provider asks for."""

    wav: bytes
    """Mono, 16 bits."""
    language: str
    """One of those of `Provider.consent_statements`."""
    statement: str
    """What is said, word for word."""


def require_spoken_consent(
    provider: Provider, request: TrainingRequest, *, most_s: float, same_language: bool = False
) -> SpokenConsent:
    """Read the consent of a request.

    Args:
        provider: that demands it, with its sentences.
        request: for the voice.
        most_s: how long the recording may be.
        same_language: whether it has to be in the language of the voice.

    Raises:
        ProviderConsentRequired: there is none, or it can't be the right one; says what to record.
    """
    statements = dict(provider.consent_statements)
    wanted = match_language(request.language, tuple(statements)) or next(iter(statements))
    consent = request.consent
    if consent is None:
        raise _refusal(provider, "there is none", wanted)
    language = match_language(consent.language, tuple(statements))
    if language is None:
        raise _refusal(provider, f"that of {consent.speaker} is in the language {consent.language!r}", wanted)
    if same_language and language.split("-")[0] != wanted.split("-")[0]:
        raise _refusal(provider, f"that of {consent.speaker} is in another language ({language})", wanted)
    try:
        with wave.open(str(consent.path), "rb") as file:
            duration_s = file.getnframes() / file.getframerate()
    except (OSError, EOFError, wave.Error) as error:
        raise _refusal(provider, f"that of {consent.speaker} can't be read ({error})", wanted) from error
    if not _LEAST_S <= duration_s <= most_s:
        length = f"that of {consent.speaker} takes {duration_s:.1f} s instead of {_LEAST_S:g} to {most_s:g} s"
        raise _refusal(provider, length, wanted)
    language = wanted if same_language else language
    return SpokenConsent(consent.path.read_bytes(), language, statements[language])


def _refusal(provider: Provider, fault: str, language: str) -> ProviderConsentRequired:
    statement = dict(provider.consent_statements)[language]
    return ProviderConsentRequired(
        f"{provider.name} makes no voice without the speaker's recorded consent, and {fault}. Nothing was "
        f"uploaded. Have the speaker say exactly this sentence and nothing else ({language}): "
        f"\N{LEFT DOUBLE QUOTATION MARK}{statement}\N{RIGHT DOUBLE QUOTATION MARK} Give the recording with "
        "POST /v1/audio/voice_consents (name: the speaker, language, recording), then try again."
    )
