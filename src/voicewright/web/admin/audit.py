"""`/panel/admin/audit`: who did what to which voice, and whether the record of it is whole."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Annotated, Final
from urllib.parse import urlencode
from uuid import UUID

from fastapi import Depends, Query, Request, Response

from voicewright.accounts.errors import UserNotFound
from voicewright.api.account_names import Names
from voicewright.api.services import Wired
from voicewright.audit.reading import Wanted, find_events
from voicewright.audit.verification import verify_chains
from voicewright.web.rendering import is_partial, page_router, render
from voicewright.web.visitor import Administrating

if TYPE_CHECKING:
    from collections.abc import Sequence

    from voicewright.api.services import Services
    from voicewright.audit.models import AuditEvent

router = page_router()

PAGE: Final = 50
_MOST_BREAKS: Final = 20
_LARGEST_ID: Final = (1 << 63) - 1
RESULTS: Final = ("done", "refused", "failed")
ACTIONS: Final = {
    "voice_model.read": "Looked at a voice",
    "voice_model.list": "Listed voices",
    "voice_model.speak": "Had a voice speak",
    "voice_model.activate": "Made a voice the active one",
    "voice_model.create": "Registered a voice",
    "voice_model.update": "Changed a voice",
    "voice_model.delete": "Deleted a voice",
    "voice_model.undelete": "Brought a voice back",
    "voice_model.cleanup": "Cleaned a voice up",
    "voice_model.share": "Shared a voice",
    "voice_model.export": "Exported a voice",
    "voice_model.unshare": "Stopped sharing a voice",
    "voice_model.upload": "Uploaded a voice's files",
    "voice_model.import": "Imported a voice",
    "voice_model.rollback": "Went back to an older version",
    "voice_model.deactivate": "Made a voice no longer the active one",
    "voice_model.evaluate": "Evaluated a voice",
    "voice_model.rate": "Rated a voice",
    "voice_model.compare": "Compared voices",
    "voice_model.select": "Had a voice chosen",
    "voice_model.usage": "Looked at a voice's use",
    "voice_model.analytics": "Looked at the use of voices",
    "voice_model.backup": "Backed voices up",
    "voice_model.backups": "Listed backups",
    "voice_model.restore": "Restored a backup",
    "voice_model.delete_backup": "Deleted a backup",
    "account.delete": "Deleted an account",
}
"""What is recorded, in words; attempts that were refused are shown as they are recorded: by their route."""


@dataclass(frozen=True, slots=True)
class Search:
    """What somebody looks for, as they wrote it."""

    who: str
    action: str
    voice: str
    result: str
    since: str
    until: str

    def query(self) -> str:
        """The same in an address; what is empty is left out."""
        named = {name: getattr(self, name) for name in self.__dataclass_fields__}
        return urlencode({name: value for name, value in named.items() if value})


def _search(  # noqa: PLR0917 - the fields of the form
    who: Annotated[str, Query(max_length=254)] = "",
    action: Annotated[str, Query(max_length=200)] = "",
    voice: Annotated[str, Query(max_length=40)] = "",
    result: Annotated[str, Query(max_length=10)] = "",
    since: Annotated[str, Query(max_length=10)] = "",
    until: Annotated[str, Query(max_length=10)] = "",
) -> Search:
    return Search(who.strip(), action.strip(), voice.strip(), result, since, until)


Searched = Annotated[Search, Depends(_search)]


@router.get("/admin/audit")
def audit(
    request: Request,
    visitor: Administrating,
    services: Wired,
    search: Searched,
    before: Annotated[int | None, Query(ge=1, le=_LARGEST_ID)] = None,
) -> Response:
    """Events, the newest first, with a form to look for some of them."""
    wanted, told = _wanted(services, search)
    events: Sequence[AuditEvent] = []
    if not told:
        with services.database.session() as session:
            events = find_events(session, replace(wanted, before=before), limit=PAGE + 1)
    shown = events[:PAGE]
    return render(
        request,
        "admin/audit.html",
        visitor,
        block="events" if is_partial(request) else None,
        search=search,
        told=told,
        export_query=_export_query(wanted),
        events=shown,
        before=before,
        next_before=shown[-1].id if len(events) > PAGE else None,
        actions=ACTIONS,
        results=RESULTS,
        names=Names.of(services, [user for event in shown for user in (event.actor_id, event.owner_id)]),
    )


@router.get("/admin/audit/verification")
def verification(request: Request, visitor: Administrating, services: Wired) -> Response:
    """Walk all chains, and say whether each event follows from the one before it."""
    with services.database.session() as session:
        verified = verify_chains(session, most_breaks=_MOST_BREAKS)
    return render(
        request,
        "admin/audit_verified.html",
        visitor,
        block="verified" if is_partial(request) else None,
        verified=verified,
        at=datetime.now(UTC),
        names=Names.of(services, [one.owner_id for one in verified.breaks]),
    )


def _wanted(services: Services, search: Search) -> tuple[Wanted, str]:
    """What to look for; and why nothing can be found, where that is so."""
    wanted, told = Wanted(action=search.action or None), ""
    if search.who:
        try:
            wanted = replace(wanted, actor_id=_account(services, search.who))
        except UserNotFound:
            told = f"There is no account {search.who}. Give its whole e-mail address, or its id."
    if search.voice:
        try:
            wanted = replace(wanted, model_id=UUID(search.voice))
        except ValueError:
            told = f"{search.voice} is no id of a voice. It stands at the end of the address of its page."
    if search.result in RESULTS:
        wanted = replace(wanted, result=search.result)
    since, until = _day(search.since), _day(search.until, days=1)
    if since is not None:
        wanted = replace(wanted, since=since)
    if until is not None:
        wanted = replace(wanted, until=until)
    return wanted, told


def _export_query(wanted: Wanted) -> str:
    """The same for the REST API, which has the whole table."""
    named = {
        "actor_id": wanted.actor_id,
        "model_id": wanted.model_id,
        "action": wanted.action,
        "result": wanted.result,
        "since": wanted.since and wanted.since.isoformat(),
        "until": wanted.until and wanted.until.isoformat(),
    }
    return urlencode({name: value for name, value in named.items() if value is not None})


def _account(services: Services, who: str) -> UUID:
    """By its address, or by its id: that of a deleted account is all that is left of it."""
    try:
        return UUID(who)
    except ValueError:
        return services.accounts.users.by_email(who).id


def _day(text: str, *, days: int = 0) -> datetime | None:
    """When a day begins, or so many days after it."""
    try:
        return datetime.combine(date.fromisoformat(text), time(), UTC) + timedelta(days=days)
    except (ValueError, OverflowError):
        return None
