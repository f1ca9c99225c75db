"""`voicewright audit`: who did what to which voice, and whether the record of it is whole."""

from __future__ import annotations

import uuid
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from voicewright.cli.application import Application, command
from voicewright.cli.terminal import print_table, utc

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sqlalchemy.orm import Session

    from voicewright.audit.models import AuditEvent
    from voicewright.audit.verification import Break, Head, Walk

app = typer.Typer(no_args_is_help=True, help="Look at the record of what was done to voices, and check it.")

Json = Annotated[bool, typer.Option("--json", help="Answer with one JSON object.")]
Owner = Annotated[
    str | None, typer.Option(help="Whose chain: the e-mail address or the id of an account; all by default.")
]

_MOST_BREAKS = 1000
_SHORT = 8
"""Digits of an id that tell those of one installation apart well enough to read by."""


@app.command("list")
@command
def list_events(
    *,
    ctx: typer.Context,
    owner: Owner = None,
    model: Annotated[uuid.UUID | None, typer.Option(help="Id of a voice.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="How many.")] = 50,
    as_json: Json = False,
) -> dict[str, Any]:
    """List what was done to voices, the newest first."""
    from voicewright.audit.reading import Wanted, find_events

    application: Application = ctx.obj
    wanted = Wanted(owner_id=_owner_id(application, owner), model_id=model)
    with application.database.session() as session:
        events = find_events(session, wanted, limit=limit)
        names = {} if as_json else _names(session, events)
    if not as_json:
        _print_table(events, names)
    return {"events": [_to_json(event) for event in events]}


@app.command("verify")
@command
def verify(
    *,
    ctx: typer.Context,
    owner: Owner = None,
    since_head: Annotated[
        Path | None,
        typer.Option(exists=True, dir_okay=False, help="Heads that were saved before: nothing may be lost."),
    ] = None,
    save_heads: Annotated[
        Path | None, typer.Option(dir_okay=False, help="Write the heads of the chains there.")
    ] = None,
    as_json: Json = False,
) -> dict[str, Any]:
    """Check the chains of the audit trail; name every place where one is broken."""
    from voicewright.audit.errors import AuditTrailBroken
    from voicewright.audit.verification import Walk
    from voicewright.cli.standing import Standing

    application: Application = ctx.obj
    owner_id = _owner_id(application, owner)
    found: list[Break] = []
    count = 0
    with ExitStack() as stack:
        session = stack.enter_context(application.database.session())
        earlier = _heads(stack, since_head) if since_head else iter(())
        walk = Walk(session, owner_id=owner_id, since=earlier)
        save = stack.enter_context(save_heads.open("w", encoding="utf-8")).write if save_heads else len
        for one in walk.breaks(save):
            count += 1
            if count <= _MOST_BREAKS:
                found.append(one)
                if not as_json:
                    print(f"{one.owner_id}: {one.message} ({one.kind})", flush=True)
    answer = _report(walk, found, count)
    if count:
        broken = f"The audit trail is broken in {count} places. Find out who can write to its tables."
        application.standing = Standing(facts=answer)
        raise AuditTrailBroken(broken)
    if not as_json:
        print(f"{walk.events} events in {walk.chains} chains follow from one another.")
        print(f"SHA-256 of their heads: {walk.digest}")
    return answer


def _report(walk: Walk, found: list[Break], count: int) -> dict[str, Any]:
    breaks = [
        {"owner_id": str(one.owner_id), "sequence": one.sequence, "kind": one.kind, "message": one.message}
        for one in found
    ]
    return {
        "chains": walk.chains,
        "events": walk.events,
        "heads_sha256": walk.digest,
        "broken": count,
        "breaks": breaks,
    }


def _heads(stack: ExitStack, path: Path) -> Iterator[Head]:
    from voicewright.audit.verification import Head

    lines = stack.enter_context(path.open(encoding="utf-8", errors="replace"))
    return (Head.of_line(line) for line in lines)


def _owner_id(application: Application, owner: str | None) -> uuid.UUID | None:
    """By its address, or by its id: that of an account which was erased is all that is left of it."""
    if owner is None:
        return None
    try:
        return uuid.UUID(owner)
    except ValueError:
        return application.accounts.users.by_email(owner).id


def _to_json(event: AuditEvent) -> dict[str, Any]:
    ids = ("owner_id", "actor_id", "api_key_id", "model_id")
    named = {name: None if getattr(event, name) is None else str(getattr(event, name)) for name in ids}
    plain = ("sequence", "action", "result", "code", "source", "request_id", "details")
    said = {name: getattr(event, name) for name in plain}
    return {"id": event.id, "at": event.at.isoformat(), **named, **said, "hash": event.hash.hex()}


def _names(session: Session, events: Sequence[AuditEvent]) -> dict[uuid.UUID | None, str]:
    """Who acted, as people call them; an account that was erased has only its id left."""
    from sqlalchemy import select

    from voicewright.accounts.models import User
    from voicewright.voices.schemas import LOCAL_USER_ID

    actors = {event.actor_id for event in events}
    rows = session.execute(select(User.id, User.email).where(User.id.in_(actors - {None})))
    names = {actor: _short(actor) for actor in actors}
    names |= {user_id: email for user_id, email in rows if email}
    return names | {None: "service", LOCAL_USER_ID: "command line"}


def _short(whole_id: object) -> str:
    """The beginning of an id, for people; `--json` has it whole."""
    return "" if whole_id is None else str(whole_id)[:_SHORT]


def _print_table(events: Sequence[AuditEvent], names: dict[uuid.UUID | None, str]) -> None:
    if not events:
        print("Nothing is on record.")
        return
    rows = [
        (
            utc(event.at),
            names[event.actor_id],
            event.action.removeprefix("voice_model."),
            _short(event.model_id),
            event.result if event.code is None else f"{event.result}: {event.code}",
            event.source,
            _short(event.request_id),
        )
        for event in events
    ]
    titles = ("at (UTC)", "who", "what", "voice", "result", "from", "request")
    print_table(titles, rows, may_be_cut={"who", "what", "result", "from"})
