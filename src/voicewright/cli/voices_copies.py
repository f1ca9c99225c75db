"""`voicewright voices export`, `import`, `backup`, `backups`, `restore`: copies of voices."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from voicewright.cli.application import Application, command, voices_of
from voicewright.cli.archives import check_archive, check_destination
from voicewright.cli.progress import progress_bar
from voicewright.cli.voices import Json, Name, Version, app

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from uuid import UUID

    from voicewright.accounts.caller import Caller
    from voicewright.voices.copies.restored_rows import Restored

_ALL = 1_000_000_000
_BACKUP = typer.Argument(help="Path of the backup, as `voices backups` shows it; the newest by default.")

Owner = Annotated[
    str | None, typer.Option(help="Whose voices: the e-mail address of an account of the service.")
]


@app.command("export")
@command
def export(
    *,
    ctx: typer.Context,
    name: Name,
    out: Annotated[Path, typer.Option(help="The zip that is written, in place of any of that name.")],
    version: Version = None,
    recordings: Annotated[
        bool, typer.Option("--recordings/--no-recordings", help="Also what it was trained on, where known.")
    ] = True,
    owner: Owner = None,
    as_json: Json = False,
) -> dict[str, Any]:
    """Write all of a voice into one zip, for another installation or for keeping."""
    from voicewright.storage.faults import clear_errors

    application: Application = ctx.obj
    check_destination(out)
    voice = voices_of(application, owner).get(name, version)
    made = application.copies.exports.export(_caller(voice.owner_id), voice.id, with_recordings=recordings)
    aside = out.with_name(f".{out.name}.part")
    with clear_errors(f"write {out}", str(out.parent)), _progress("exporting") as on_progress:
        try:
            with aside.open("wb") as file:
                for piece in made.pieces():
                    file.write(piece)
                    on_progress(file.tell() / max(1, made.content_bytes))
            aside.replace(out)
        finally:
            aside.unlink(missing_ok=True)
        size_bytes = out.stat().st_size
    missing = made.manifest.missing_recordings
    if not as_json:
        from voicewright.cli.report import megabytes

        print(f"'{voice.name}', version {voice.version}: {out}, {megabytes(size_bytes)}.")
        if missing:
            print(f"  recordings that it was trained on, and that are no longer there: {len(missing)}")
    return {
        "voice_id": str(voice.id),
        "output": str(out),
        "bytes": size_bytes,
        "files": len(made.parts),
        "missing_recordings": missing,
    }


@app.command("import")
@command
def take(
    *,
    ctx: typer.Context,
    archive: Annotated[Path, typer.Argument(help="What `voices export` wrote.")],
    name: Annotated[str | None, typer.Option(help="What it is called; as in the archive by default.")] = None,
    speaker: Annotated[
        str | None, typer.Option(help="Whose voice it is, if the archive does not say so.")
    ] = None,
    owner: Owner = None,
    as_json: Json = False,
) -> dict[str, Any]:
    """Make a voice of an exported one, also of another installation's."""
    from tempfile import TemporaryDirectory

    application: Application = ctx.obj
    check_archive(archive)
    owner_id = voices_of(application, owner).owner_id
    with (
        TemporaryDirectory(dir=application.work_dir, prefix="import-") as folder,
        _progress("importing"),
    ):
        voice = application.copies.imports.take(
            _caller(owner_id), archive, Path(folder), name=name, speaker=speaker
        )
    if not as_json:
        active = ", the active voice now" if voice.is_active else ""
        print(f"'{voice.name}', version {voice.version}, is registered{active}.")
    return {
        "voice_id": str(voice.id),
        "name": voice.name,
        "version": voice.version,
        "active": voice.is_active,
    }


@app.command("backup")
@command
def backup(*, ctx: typer.Context, owner: Owner = None, as_json: Json = False) -> dict[str, Any]:
    """Back up all voices; files that an earlier backup has are not copied again."""
    application: Application = ctx.obj
    owner_id = voices_of(application, owner).owner_id
    with _progress("backing up") as on_progress:
        made = application.copies.backups.make(
            _caller(owner_id), owner_id, counted=False, on_progress=on_progress
        )
    left_out = [str(model_id) for model_id in made.left_out]
    if not as_json:
        from voicewright.cli.report import megabytes

        print(f"{made.place.told}\n  voices: {made.header.models}, new: {megabytes(made.new_bytes)}")
        for model_id in left_out:
            print(f"  left out, as files of it are missing or damaged: {model_id}")
    return {
        "path": made.place.told,
        "models": made.header.models,
        "bytes": made.header.bytes,
        "new_bytes": made.new_bytes,
        "left_out": left_out,
    }


@app.command("backups")
@command
def backups(
    *,
    ctx: typer.Context,
    delete: Annotated[
        str | None,
        typer.Option(help="Delete the one of this path, with the files that no other one needs."),
    ] = None,
    owner: Owner = None,
    as_json: Json = False,
) -> dict[str, Any]:
    """List the backups, the newest first, or delete one."""
    application: Application = ctx.obj
    owner_id = voices_of(application, owner).owner_id
    service, caller = application.copies.backups, _caller(owner_id)
    if delete is not None:
        service.delete(caller, owner_id, service.store.parse(delete, owner_id).id)
        if not as_json:
            print(f"{delete} is deleted.")
        return {"deleted": delete}
    found, _ = service.list_backups(caller, owner_id, limit=_ALL)
    if not as_json:
        from voicewright.cli.report import megabytes

        for each in found:
            print(f"{each.place.told}  voices: {each.header.models}, {megabytes(each.header.bytes)}")
        if not found:
            print("No backups yet. Make one: voicewright voices backup")
    told = [
        {
            "path": each.place.told,
            "created_at": each.header.created_at.isoformat(),
            "models": each.header.models,
            "bytes": each.header.bytes,
        }
        for each in found
    ]
    return {"backups": told}


@app.command("restore")
@command
def restore(
    *,
    ctx: typer.Context,
    path: Annotated[str | None, _BACKUP] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Voices that are there become as they were, too.")
    ] = False,
    activate: Annotated[
        bool, typer.Option("--activate", help="The voice that was active then becomes the active one.")
    ] = False,
    owner: Owner = None,
    as_json: Json = False,
) -> dict[str, Any]:
    """Bring back the voices of a backup: all of them or, where something is wrong with it, none."""
    from voicewright.voices.copies.errors import BackupNotFound

    application: Application = ctx.obj
    owner_id = voices_of(application, owner).owner_id
    if path is None:
        places = application.copies.backups.store.places(owner_id)
        if not places:
            raise BackupNotFound("There is no backup here to restore.")
        path = places[0].told
    with _progress("restoring") as on_progress:
        done = application.copies.restores.restore(
            _caller(owner_id),
            owner_id,
            path,
            overwrite=overwrite,
            activate=activate,
            counted=False,
            on_progress=on_progress,
        )
    if not as_json:
        _print_restored(done)
    return {
        "path": path,
        "restored": [str(voice.id) for voice in done.restored],
        "replaced": [str(voice.id) for voice in done.replaced],
        "skipped": [str(model_id) for model_id in done.skipped],
        "active": None if done.active is None else str(done.active.id),
    }


@contextmanager
def _progress(stage: str) -> Iterator[Callable[[float], None]]:
    """A bar while the block runs; what it gives is told how much is done, 0..1."""
    from voicewright.training.progress import Stages

    with progress_bar() as draw:
        stages = Stages({stage: 1.0}, draw)
        stages.step(stage, 0.0)
        yield lambda done: stages.step(stage, done)


def _caller(user_id: UUID) -> Caller:
    """Whoever runs commands on the machine may do what the owner may."""
    from voicewright.accounts.caller import Caller, Role
    from voicewright.accounts.policies import scopes_of

    return Caller(user_id, Role.USER, scopes_of(Role.USER))


def _print_restored(done: Restored) -> None:
    for voice in done.restored:
        print(f"'{voice.name}', version {voice.version}, is there again.")
    for voice in done.replaced:
        print(f"'{voice.name}', version {voice.version}, is as it was.")
    if done.skipped:
        print(f"Left as they are: {len(done.skipped)} (--overwrite restores them, too).")
    if done.active is not None:
        print(f"'{done.active.name}', version {done.active.version}, is the active voice.")
