"""When a voice may be made of somebody's speech: one pure rule that every maker of voices asks.

A consent counts for what its scope names, from when it was asserted until it expires or is revoked. Revoking
ends the speaker's agreement, not one record of it: what was asserted before counts no more, and what is
asserted afterwards does.
"""

from __future__ import annotations

import json
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol, TypeVar

from voicewright.privacy.errors import ConsentRequired
from voicewright.privacy.speakers import speaker_key

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime


class ConsentScope(StrEnum):
    """What a speaker agrees to."""

    VOICE_CLONING = "voice-cloning"
    """A voice that speaks like them is made of their recordings."""
    PROVIDER_UPLOAD = "provider-upload"
    """Their recordings are sent to a company that makes the voice, and speaks with it, on its machines."""


class Agreement(Protocol):
    """What the rule looks at; `privacy.models.Consent` is one."""

    @property
    def speaker_key(self) -> str:
        """Who agreed."""

    @property
    def scope(self) -> Sequence[str]:
        """To what."""

    @property
    def asserted_at(self) -> datetime:
        """Since when."""

    @property
    def expires_at(self) -> datetime | None:
        """Until when."""

    @property
    def revoked_at(self) -> datetime | None:
        """When it was taken back."""


AnAgreement = TypeVar("AnAgreement", bound=Agreement)


def require_consent(
    consents: Iterable[AnAgreement], *, speaker: str, scope: ConsentScope, at: datetime
) -> AnAgreement:
    """The consent that allows something now; of several the one that lasts longest.

    Args:
        consents: of the owner of the recordings.
        speaker: whose voice it is.
        scope: what is to be done with it.
        at: now.

    Raises:
        ConsentRequired: says why there is none, and how to record one.
    """
    about = [one for one in consents if one.speaker_key == speaker_key(speaker) and scope in one.scope]
    revoked_at = last_revocation(about, speaker=speaker, scope=scope)
    standing = [one for one in about if revoked_at is None or one.asserted_at > revoked_at]
    lasting = [one for one in standing if one.expires_at is None or one.expires_at > at]
    if lasting:
        return max(lasting, key=lambda one: (one.expires_at is None, one.expires_at or at, one.asserted_at))
    if revoked_at is not None and not standing:
        raise ConsentRequired(_ask_for(f"{speaker} took back the consent to {scope}", speaker, scope))
    if standing:
        raise ConsentRequired(_ask_for(f"The consent of {speaker} to {scope} has expired", speaker, scope))
    raise ConsentRequired(_ask_for(f"Nobody has recorded that {speaker} consents to {scope}", speaker, scope))


def standing_consents(consents: Iterable[AnAgreement], *, speaker: str, at: datetime) -> list[AnAgreement]:
    """The consents of a speaker that still count for something, the newest first."""
    return [one for one, _ in standing_for(consents, speaker=speaker, at=at)]


def standing_for(
    consents: Iterable[AnAgreement], *, speaker: str, at: datetime
) -> list[tuple[AnAgreement, list[ConsentScope]]]:
    """The same, each with what of its scope it still counts for."""
    about = [one for one in consents if one.speaker_key == speaker_key(speaker)]
    scopes = [ConsentScope(scope) for scope in sorted({scope for one in about for scope in one.scope})]
    taken_back = {scope: last_revocation(about, speaker=speaker, scope=scope) for scope in scopes}
    found = []
    for one in sorted(about, key=lambda one: one.asserted_at, reverse=True):
        if one.expires_at is None or one.expires_at > at:
            ends = {scope: end for scope, end in taken_back.items() if scope in one.scope}
            counts = [scope for scope, end in ends.items() if end is None or one.asserted_at > end]
            if counts:
                found.append((one, counts))
    return found


def last_revocation(consents: Iterable[Agreement], *, speaker: str, scope: ConsentScope) -> datetime | None:
    """When the speaker last took an agreement to this back; None: never."""
    return max(
        (
            one.revoked_at
            for one in consents
            if one.speaker_key == speaker_key(speaker) and scope in one.scope and one.revoked_at is not None
        ),
        default=None,
    )


def _ask_for(problem: str, speaker: str, scope: ConsentScope) -> str:
    wanted = sorted({scope.value, ConsentScope.VOICE_CLONING.value})  # what is uploaded is cloned, too
    example = json.dumps({"speaker": speaker, "scope": wanted}, ensure_ascii=False)
    named = "" if len(wanted) == 1 else "".join(f" --scope {each}" for each in wanted)
    name = json.dumps(speaker, ensure_ascii=False)
    return (
        f"{problem}. Ask them; if they agree, record it: POST /consents with {example}, or `voicewright "
        f"consents add {name}{named}` for voices made from the command line."
    )
