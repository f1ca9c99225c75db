"""`voicewright voices share`, `unshare`, `shared`: who else may see a voice, or speak with it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from voicewright.cli.application import Application, command, voices_of
from voicewright.cli.terminal import print_table
from voicewright.cli.voices import Json, Name, Version, app

if TYPE_CHECKING:
    from uuid import UUID

    from voicewright.accounts.caller import Caller
    from voicewright.voices.models import VoiceModel
    from voicewright.voices.sharing.models import VoiceShare
    from voicewright.voices.sharing.service import SharedVoice

_ALL = 1_000_000_000

Owner = Annotated[
    str | None, typer.Option(help="Whose voice: the e-mail address of an account of the service.")
]


@app.command("share")
@command
def share(
    *,
    ctx: typer.Context,
    name: Name,
    emails: Annotated[
        list[str], typer.Argument(metavar="EMAIL...", help="E-mail addresses of the accounts that get it.")
    ],
    read: Annotated[
        bool, typer.Option("--read", help="They may see what is known of it, and not speak with it.")
    ] = False,
    version: Version = None,
    owner: Owner = None,
    as_json: Json = False,
) -> dict[str, Any]:
    """Let other accounts speak with a voice; once more with --read takes that back and lets them see it."""
    from voicewright.voices.sharing.models import SharePermission

    application: Application = ctx.obj
    voice = voices_of(application, owner).get(name, version)
    made = application.sharing.share(
        _caller(voice),
        voice.id,
        owner_id=voice.owner_id,
        targets=[_id_of(application, email) for email in emails],
        permission=SharePermission.READ if read else SharePermission.USE,
    )
    if not as_json:
        may = "look at" if read else "speak with"
        print(f"{', '.join(emails)} may {may} '{voice.name}', version {voice.version}, now.")
    return {"voice_id": str(voice.id), "shares": [_share_json(each, application) for each in made]}


@app.command("unshare")
@command
def unshare(
    *,
    ctx: typer.Context,
    name: Name,
    email: Annotated[str, typer.Argument(help="E-mail address of the account that loses it.")],
    version: Version = None,
    owner: Owner = None,
    as_json: Json = False,
) -> dict[str, Any]:
    """Take a voice back from an account, at once: what is being spoken ends after its sentence."""
    application: Application = ctx.obj
    voice = voices_of(application, owner).get(name, version)
    application.sharing.unshare(_caller(voice), voice.id, _id_of(application, email))
    if not as_json:
        print(f"'{voice.name}', version {voice.version}, is no longer shared with {email}.")
    return {"voice_id": str(voice.id), "unshared": email}


@app.command("shared")
@command
def shared(
    *,
    ctx: typer.Context,
    name: Annotated[str | None, typer.Argument(help="Name or id of one of your voices: who has it?")] = None,
    version: Version = None,
    owner: Owner = None,
    as_json: Json = False,
) -> dict[str, Any]:
    """List the voices that others share with an account, or those who have one of its voices."""
    application: Application = ctx.obj
    voices = voices_of(application, owner)
    if name is not None:
        voice = voices.get(name, version)
        found, _ = application.sharing.shares_of(_caller(voice), voice.id, limit=_ALL, offset=0)
        held = [_share_json(each, application) for each in found]
        if not as_json:
            print("\n".join(f"{one['email'] or one['user_id']}: {one['permission']}" for one in held))
        return {"voice_id": str(voice.id), "shares": held}
    caller = _caller_of(voices.owner_id)
    models, _ = application.sharing.shared_with(caller, caller.user_id, limit=_ALL, offset=0)
    if not as_json:
        _print_table(models)
    return {"voices": [_shared_json(each) for each in models]}


def _caller(voice: VoiceModel) -> Caller:
    return _caller_of(voice.owner_id)


def _caller_of(user_id: UUID) -> Caller:
    """Whoever runs commands on the machine may do what the owner may."""
    from voicewright.accounts.caller import Caller, Role
    from voicewright.accounts.policies import scopes_of

    return Caller(user_id, Role.USER, scopes_of(Role.USER))


def _id_of(application: Application, email: str) -> UUID:
    return application.accounts.users.by_email(email).id


def _share_json(share: VoiceShare, application: Application) -> dict[str, Any]:
    return {
        "user_id": str(share.target_user_id),
        "email": application.accounts.users.get(share.target_user_id).email,
        "permission": str(share.permission),
        "shared_at": share.created_at.isoformat(),
    }


def _shared_json(shared: SharedVoice) -> dict[str, Any]:
    return {
        "voice_id": str(shared.voice.id),
        "name": shared.voice.name,
        "version": shared.voice.version,
        "engine": shared.voice.engine,
        "language": shared.voice.language,
        "owner_name": shared.owner_name,
        "permission": str(shared.share.permission),
        "shared_at": shared.share.created_at.isoformat(),
    }


def _print_table(models: list[SharedVoice]) -> None:
    if not models:
        print("Nobody shares a voice with this account.")
        return
    rows = [
        (
            each.voice.name,
            str(each.voice.version),
            each.owner_name or "",
            str(each.share.permission),
            str(each.voice.id),
        )
        for each in models
    ]
    print_table(("name", "version", "of", "to", "id"), rows, may_be_cut={"name", "of"})
