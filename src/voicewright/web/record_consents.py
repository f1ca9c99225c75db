"""The sentence in which a speaker agrees aloud, in the languages that people are led through."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from voicewright.engines.languages import match_language

if TYPE_CHECKING:
    from collections.abc import Iterable

    from voicewright.engines.port import EngineInfo, Provider

_SENTENCES: Final = {
    "en-us": "My name is {speaker}. I agree that a voice like mine is made from my recordings.",
    "de": "Mein Name ist {speaker}. Ich bin einverstanden, dass aus meinen Aufnahmen eine Stimme wie meine "
    "gemacht wird.",
    "es": "Me llamo {speaker}. Estoy de acuerdo en que se cree una voz como la mía a partir de mis "
    "grabaciones.",
    "fr": "Je m'appelle {speaker}. J'accepte qu'une voix semblable à la mienne soit créée à partir de mes "
    "enregistrements.",
    "it": "Mi chiamo {speaker}. Acconsento alla creazione di una voce come la mia dalle mie registrazioni.",
    "nl": "Mijn naam is {speaker}. Ik ga ermee akkoord dat van mijn opnamen een stem zoals de mijne wordt "
    "gemaakt.",
    "pt-br": "Meu nome é {speaker}. Concordo que uma voz como a minha seja criada a partir das minhas "
    "gravações.",
}


@dataclass(frozen=True, slots=True)
class Statement:
    """A sentence that the speaker says."""

    title: str
    """What it is for."""
    language: str
    text: str
    to_provider: bool
    """The recordings are sent to a company, which is to be agreed to as well."""


def statements_for(language: str, speaker: str, engines: Iterable[EngineInfo]) -> list[Statement]:
    """Our own sentence, and those that companies demand word for word; in English where no other fits.

    Args:
        language: what the speaker speaks.
        speaker: who agrees.
        engines: that can be used here.
    """
    found = match_language(language, tuple(_SENTENCES)) or "en-us"
    own = Statement("Voices made on this service", found, _SENTENCES[found].format(speaker=speaker), False)
    return [own, *(_demanded(info.provider, language) for info in engines if _demands(info))]


def _demands(info: EngineInfo) -> bool:
    return info.provider is not None and bool(info.provider.consent_statements)


def _demanded(provider: Provider | None, language: str) -> Statement:
    assert provider is not None  # noqa: S101 - the caller looked
    sentences = dict(provider.consent_statements)
    found = match_language(language, tuple(sentences)) or next(iter(sentences))
    return Statement(f"Voices made by {provider.name}", found, sentences[found], True)
