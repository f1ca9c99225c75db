"""`voicewright voices undelete` and `cleanup`: deleted voices come back, and old, poor, unused ones go."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from voicewright.cli.application import Application, command, voices_of
from voicewright.cli.terminal import print_table, utc
from voicewright.cli.voices import Json, Owner, Version, app

if TYPE_CHECKING:
    from uuid import UUID

    from voicewright.accounts.caller import Caller
    from voicewright.voices.cleanup.models import CleanupRun
    from voicewright.voices.models import VoiceModel

_ALL = 1_000_000_000


@app.command("undelete")
@command
def undelete(
    *,
    ctx: typer.Context,
    name: Annotated[
        str | None, typer.Argument(help="Name or id of a deleted voice; without it they are listed.")
    ] = None,
    version: Version = None,
    owner: Owner = None,
    as_json: Json = False,
) -> dict[str, Any]:
    """Bring a deleted voice back, or list those that can come back."""
    from voicewright.voices.errors import VoiceNotFound
    from voicewright.voices.lifecycle import LifecycleService

    application: Application = ctx.obj
    voices = voices_of(application, owner)
    lifecycle = LifecycleService(application.database, voices)
    caller = _owner(voices.owner_id)
    resting, _ = lifecycle.list_deleted(caller, voices.owner_id, limit=_ALL, offset=0)
    if name is None:
        if not as_json:
            _print_table(resting)
        return {"voices": [_to_json(voice) for voice in resting]}
    meant = [voice for voice in resting if _is_meant(voice, name, version)]
    if not meant:
        raise VoiceNotFound(
            f"No deleted voice {name!r} can be brought back. All that can: "
            f"`voicewright voices undelete{'' if owner is None else f' --owner {owner}'}`."
        )
    back = lifecycle.undelete(caller, meant[0].id)
    if not as_json:
        print(f"'{back.name}', version {back.version}, is back. It is not the active voice.")
    return _to_json(back)


@app.command("cleanup")
@command
def clean_up(
    *,
    ctx: typer.Context,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only tell what would go.")] = False,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="Voices to take at most.")] = 1000,
    as_json: Json = False,
) -> dict[str, Any]:
    """Delete the voices of all accounts that are old, poor, not active and unused."""
    from voicewright.accounts.caller import Caller, Role
    from voicewright.accounts.policies import scopes_of
    from voicewright.voices.schemas import LOCAL_USER_ID

    application: Application = ctx.obj
    operator = Caller(LOCAL_USER_ID, Role.ADMIN, scopes_of(Role.ADMIN))
    run = application.cleanup.run(operator, dry_run=dry_run, limit=limit)
    if not as_json:
        _print_run(run)
    return {
        "run_id": str(run.id),
        "dry_run": run.dry_run,
        "eligible": run.eligible,
        "cleaned": run.cleaned,
        "failed": run.failed,
        "bytes": run.bytes,
        "voices": run.report,
    }


def _owner(user_id: UUID) -> Caller:
    from voicewright.accounts.caller import Caller, Role
    from voicewright.accounts.policies import scopes_of

    return Caller(user_id, Role.USER, scopes_of(Role.USER))


def _is_meant(voice: VoiceModel, reference: str, version: int | None) -> bool:
    from voicewright.voices.names import name_key

    named = str(voice.id) == reference.strip().lower() or voice.name_key == name_key(reference)
    return named and version in {None, voice.version}


def _print_table(voices: list[VoiceModel]) -> None:
    if not voices:
        print("No deleted voice can be brought back.")
        return
    rows = [(voice.name, str(voice.version), utc(voice.purge_at), str(voice.id)) for voice in voices]
    print_table(("name", "version", "until (UTC)", "id"), rows, may_be_cut={"name"})


def _to_json(voice: VoiceModel) -> dict[str, Any]:
    return {
        "voice_id": str(voice.id),
        "name": voice.name,
        "version": voice.version,
        "deleted_at": None if voice.deleted_at is None else voice.deleted_at.isoformat(),
        "purge_at": None if voice.purge_at is None else voice.purge_at.isoformat(),
    }


def _print_run(run: CleanupRun) -> None:
    for told in run.report:
        print(f"{told['id']} of {told['userId']}: {told['outcome']}")
        for reason in told["reasons"]:
            print(f"  {reason}")
    print(f"{run.eligible} eligible, {run.cleaned} deleted, {run.failed} failed.")
