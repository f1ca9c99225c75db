"""What a speaker has agreed to of what a training needs: there, recorded by the start, or missing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from voicewright.engines.languages import match_language
from voicewright.errors import AppError
from voicewright.privacy.errors import ConsentRequired
from voicewright.privacy.policies import ConsentScope
from voicewright.privacy.speakers import speaker_key

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from uuid import UUID

    from voicewright.api.services import Services
    from voicewright.engines.port import Provider
    from voicewright.privacy.models import Consent
    from voicewright.recordings.models import Sample

_MOST_RECORDINGS = 100


@dataclass(frozen=True, slots=True)
class Needed:
    """One thing that the speaker has to agree to."""

    what: str
    """That a voice is made, that recordings go to a company, or a recording of them agreeing."""
    state: Literal["there", "on the way", "missing", "to record"]
    scope: tuple[str, ...] = ()
    """What is recorded where it is missing."""
    since: datetime | None = None
    until: datetime | None = None
    statement: str = ""
    """What the speaker has to say, word for word; empty: what they like."""
    company: str = ""
    """That wants to hear it."""


def agreements_of(
    services: Services, owner_id: UUID, speaker: str, engines: Sequence[str], language: str
) -> list[Needed]:
    """What trainings with some engines need of a speaker.

    Args:
        services: of the application.
        owner_id: whose recordings they are.
        speaker: who is heard in them.
        engines: ids of the engines; those that are not known are left out.
        language: of the voice.
    """
    needed = [_cloning(services, owner_id, speaker)]
    for provider in _providers(services, engines):
        needed.append(_upload(services, owner_id, speaker, provider))
        if provider.consent:
            needed.append(_recorded(services, owner_id, speaker, provider, language))
    return needed


def speakers_recordings(services: Services, owner_id: UUID, speaker: str) -> list[Sample]:
    """Single samples of a speaker, of which one may be their consent."""
    singles, _ = services.samples.list_singles(owner_id, limit=_MOST_RECORDINGS)
    return [one for one in singles if speaker_key(one.speaker) == speaker_key(speaker)]


def _providers(services: Services, engines: Sequence[str]) -> list[Provider]:
    found = {}
    for engine_id in engines:
        try:
            info = services.stock.engines.find(engine_id)
        except AppError:
            continue
        if info.provider is not None:
            found[info.provider.name] = info.provider
    return list(found.values())


def _cloning(services: Services, owner_id: UUID, speaker: str) -> Needed:
    what, scope = "A voice may be made of their recordings", (ConsentScope.VOICE_CLONING.value,)
    consent = _standing(services, owner_id, speaker, ConsentScope.VOICE_CLONING)
    if consent is not None:
        return Needed(what, "there", since=consent.asserted_at, until=consent.expires_at)
    _, ever = services.consents.list_consents(owner_id, speaker=speaker, limit=1)
    on_the_way = services.settings.environment != "production" and not ever
    return Needed(what, "on the way" if on_the_way else "missing", scope)


def _upload(services: Services, owner_id: UUID, speaker: str, provider: Provider) -> Needed:
    what = f"Their recordings may be sent to {provider.name}"
    consent = _standing(services, owner_id, speaker, ConsentScope.PROVIDER_UPLOAD)
    if consent is not None:
        return Needed(what, "there", since=consent.asserted_at, until=consent.expires_at)
    return Needed(what, "missing", _both())


def _recorded(services: Services, owner_id: UUID, speaker: str, provider: Provider, language: str) -> Needed:
    what = f"{provider.name} hears them agree"
    found = services.consents.recorded(None, owner_id, speaker)
    if found:
        return Needed(what, "there", since=found[0].asserted_at, until=found[0].expires_at)
    statements = dict(provider.consent_statements)
    fitting = match_language(language or "en-us", tuple(statements))
    statement = statements.get(fitting or "", "")
    return Needed(what, "to record", _both(), statement=statement, company=provider.name)


def _standing(services: Services, owner_id: UUID, speaker: str, scope: ConsentScope) -> Consent | None:
    try:
        return services.consents.require(None, owner_id, speaker, scope)
    except ConsentRequired:
        return None


def _both() -> tuple[str, ...]:
    """What is sent away is cloned, too."""
    return ConsentScope.PROVIDER_UPLOAD.value, ConsentScope.VOICE_CLONING.value
