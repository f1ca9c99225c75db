"""`voicewright users`: who may sign in, their way in, and keys for their programs."""

from __future__ import annotations

import sys
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

import typer

from voicewright.cli.application import Application, command
from voicewright.cli.terminal import print_table, utc

if TYPE_CHECKING:
    from voicewright.accounts.models import User
    from voicewright.accounts.schemas import NewLink

app = typer.Typer(no_args_is_help=True, help="Add, list, disable people; links and keys to get in with.")

Email = Annotated[str, typer.Argument(help="E-mail address of the account.")]
Json = Annotated[bool, typer.Option("--json", help="Answer with one JSON object.")]

ALL = 1_000_000_000
"""More than there is of anything."""


@app.command("add")
@command
def add(
    *,
    ctx: typer.Context,
    email: Email,
    admin: Annotated[bool, typer.Option("--admin", help="They administer this installation.")] = False,
    name: Annotated[str, typer.Option(help="What they are called.")] = "",
    password_stdin: Annotated[
        bool, typer.Option("--password-stdin", help="Read the password from standard input.")
    ] = False,
    user_id: Annotated[
        UUID | None,
        typer.Option("--id", help="The id that the account had in a database that was lost."),
    ] = None,
    as_json: Json = False,
) -> dict[str, Any]:
    """Make an account; without a password, print a link that signs its owner in once."""
    from voicewright.accounts.caller import Role

    application: Application = ctx.obj
    password = sys.stdin.readline().rstrip("\r\n") if password_stdin else None
    role = Role.ADMIN if admin else Role.USER
    users = application.accounts.users
    user = users.add(email, name=name, role=role, password=password, user_id=user_id)
    link = None if password_stdin else application.accounts.users.link(user.id)
    if not as_json:
        print(f"Added {user.label}{' as an administrator' if admin else ''}.")
        if link is not None:
            _print_link(application, link)
    return {"user": _summary(user), **_link_json(application, link)}


@app.command("list")
@command
def list_users(*, ctx: typer.Context, as_json: Json = False) -> dict[str, Any]:
    """List the accounts, the oldest first."""
    application: Application = ctx.obj
    users, _ = application.accounts.users.page(limit=ALL)
    if not as_json:
        _print_table(list(users))
    return {"users": [_summary(user) for user in users]}


@app.command("disable")
@command
def disable(*, ctx: typer.Context, email: Email, as_json: Json = False) -> dict[str, Any]:
    """Sign somebody out everywhere and let them in no more; what they made stays."""
    return _set_disabled(ctx.obj, email, disabled=True, as_json=as_json)


@app.command("enable")
@command
def enable(*, ctx: typer.Context, email: Email, as_json: Json = False) -> dict[str, Any]:
    """Let somebody in again who was disabled."""
    return _set_disabled(ctx.obj, email, disabled=False, as_json=as_json)


@app.command("link")
@command
def link(*, ctx: typer.Context, email: Email, as_json: Json = False) -> dict[str, Any]:
    """Print a link that signs somebody in once and lets them choose a password."""
    application: Application = ctx.obj
    made = application.accounts.users.link(application.accounts.users.by_email(email).id)
    if not as_json:
        _print_link(application, made)
    return _link_json(application, made)


@app.command("token")
@command
def token(
    *,
    ctx: typer.Context,
    email: Email,
    scope: Annotated[list[str] | None, typer.Option(help="What it may be used for; may be repeated.")] = None,
    name: Annotated[str, typer.Option(help="What it is for.")] = "command line",
    expires_days: Annotated[
        int | None, typer.Option(min=1, max=3650, help="Days that it works; for ever by default.")
    ] = None,
    as_json: Json = False,
) -> dict[str, Any]:
    """Make an API key of somebody and print it, once."""
    from voicewright.accounts.policies import default_key_scopes

    application: Application = ctx.obj
    scopes = _scopes(scope) if scope else sorted(default_key_scopes())
    user = application.accounts.users.by_email(email)
    expires_at = None if expires_days is None else datetime.now(UTC) + timedelta(days=expires_days)
    made = application.accounts.api_keys.make(user.id, name=name, scopes=scopes, expires_at=expires_at)
    if not as_json:
        print(made.secret)
        until = "" if expires_at is None else f", until {expires_at.astimezone():%Y-%m-%d}"
        told = f"An API key of {user.label} for {', '.join(made.key.scopes)}{until}. It is not shown again."
        print(told, file=sys.stderr)
    return {
        "api_key": made.secret,
        "id": str(made.key.id),
        "name": made.key.name,
        "scopes": made.key.scopes,
        "expires_at": None if expires_at is None else expires_at.isoformat(),
    }


@app.command("rotate-keys")
@command
def rotate_keys(
    *,
    ctx: typer.Context,
    void_old: Annotated[
        bool, typer.Option("--void-old", help="The old keys may have leaked: believe them no more.")
    ] = False,
    as_json: Json = False,
) -> dict[str, Any]:
    """Sign access tokens with a new key from now on."""
    application: Application = ctx.obj
    key_id = application.accounts.rotate_keys(void_old=void_old)
    if not as_json:
        print(f"Access tokens are signed with the key {key_id} now.")
        print("Everybody has to refresh theirs." if void_old else "Those that were given out stay good.")
    return {"key_id": key_id}


def _set_disabled(application: Application, email: str, *, disabled: bool, as_json: bool) -> dict[str, Any]:
    users = application.accounts.users
    user = users.change(users.by_email(email).id, disabled=disabled)
    if not as_json:
        print(f"{user.label} is {'disabled, and signed out everywhere' if disabled else 'enabled'}.")
    return {"user": _summary(user)}


def _scopes(names: list[str]) -> list[Any]:
    from voicewright.accounts.caller import Scope

    known = {scope.value: scope for scope in Scope}
    for name in names:
        if name not in known:
            raise typer.BadParameter(f"There is no scope '{name}'. There are: {', '.join(known)}.")
    return [known[name] for name in names]


def _base_url(application: Application) -> str:
    settings = application.settings
    return settings.public_url or f"http://127.0.0.1:{settings.port}"


def _print_link(application: Application, link: NewLink) -> None:
    print("This link signs them in, once, while `voicewright serve` runs:")
    print(f"  {link.url(_base_url(application))}")
    print(f"It is good until {link.expires_at.astimezone():%Y-%m-%d %H:%M}.")


def _link_json(application: Application, link: NewLink | None) -> dict[str, Any]:
    return {
        "link": None if link is None else link.url(_base_url(application)),
        "link_expires_at": None if link is None else link.expires_at.isoformat(),
    }


def _summary(user: User) -> dict[str, Any]:
    return {
        "id": str(user.id),
        "email": user.email,
        "name": user.name,
        "role": user.role,
        "disabled": user.disabled_at is not None,
        "created_at": user.created_at.isoformat(),
        "last_sign_in_at": None if user.last_sign_in_at is None else user.last_sign_in_at.isoformat(),
    }


def _print_table(users: list[User]) -> None:
    if not users:
        print("Nobody has an account yet. Make one: voicewright users add EMAIL --admin")
        return
    rows = [
        (
            user.email or str(user.id),
            user.name,
            user.role,
            utc(user.last_sign_in_at) or "never",
            "disabled" if user.disabled_at is not None else "",
        )
        for user in users
    ]
    titles = ("account", "name", "role", "last sign-in (UTC)", "")
    print_table(titles, rows, may_be_cut={"account", "name"})
