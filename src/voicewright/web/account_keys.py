"""`/panel/account/keys`: secrets for programs, with what each of them may be used for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from fastapi import Request, Response

from voicewright.accounts.caller import Scope
from voicewright.accounts.names import MAX_NAME_CHARACTERS
from voicewright.accounts.policies import default_key_scopes
from voicewright.api.origin import BaseUrl
from voicewright.api.services import Wired
from voicewright.web.rendering import is_partial, page_router, render
from voicewright.web.visitor import Visiting

if TYPE_CHECKING:
    from voicewright.accounts.models import ApiKey

router = page_router()


@dataclass(frozen=True, slots=True)
class ScopeChoice:
    """A scope in words."""

    scope: Scope
    title: str
    text: str


_CHOICES: Final = (
    ScopeChoice(Scope.SPEECH, "Speak", "Turn text into speech, and read the own history."),
    ScopeChoice(Scope.VOICES_READ, "See voices", "List voices with their scores, and export them."),
    ScopeChoice(Scope.VOICES_WRITE, "Change voices", "Rename, activate, share, import and delete voices."),
    ScopeChoice(Scope.SAMPLES_READ, "Read recordings", "List datasets and recordings, and download them."),
    ScopeChoice(Scope.SAMPLES_WRITE, "Upload recordings", "Add, change and delete recordings."),
    ScopeChoice(Scope.TRAINING_READ, "Watch trainings", "See jobs, their logs and estimates."),
    ScopeChoice(Scope.TRAINING_WRITE, "Train", "Start and cancel trainings, which may cost money."),
    ScopeChoice(Scope.CONSENTS_READ, "Read consents", "See what speakers agreed to."),
    ScopeChoice(Scope.CONSENTS_WRITE, "Record consents", "Record consents, and take them back."),
    ScopeChoice(Scope.ACCOUNT, "Manage the account", "Change the name, keys and sessions, and make keys."),
    ScopeChoice(Scope.ADMIN, "Administer", "Everything that only administrators may do. Rarely needed."),
)
_PRESETS: Final = (
    ("Speak only", (Scope.SPEECH, Scope.VOICES_READ)),
    ("Speak and train", tuple(sorted(default_key_scopes()))),
)
_EXPIRIES: Final = (("30", "In 30 days"), ("90", "In 90 days"), ("365", "In a year"), ("", "Never"))


@dataclass(frozen=True, slots=True)
class ShownKey:
    """A key as the list shows it."""

    key: ApiKey
    scopes: tuple[str, ...]
    is_good: bool


@router.get("/account/keys")
def keys(request: Request, services: Wired, visitor: Visiting, base_url: BaseUrl) -> Response:
    """The keys and the form for another one; for HTMX the list alone."""
    titles = {choice.scope.value: choice.title for choice in _CHOICES}
    now = datetime.now(UTC)
    shown = [
        ShownKey(
            key,
            tuple(titles.get(scope, scope) for scope in key.scopes),
            key.revoked_at is None and (key.expires_at is None or key.expires_at > now),
        )
        for key in services.accounts.api_keys.of_user(visitor.id)
    ]
    return render(
        request,
        "account/keys.html",
        visitor,
        block="list" if is_partial(request) else None,
        good=[one for one in shown if one.is_good],
        over=[one for one in shown if not one.is_good],
        choices=[choice for choice in _CHOICES if choice.scope in visitor.caller.scopes],
        presets=_PRESETS,
        expiries=_EXPIRIES,
        longest_name=MAX_NAME_CHARACTERS,
        base_url=base_url,
    )
