"""`voicewright keys`: the master key, with which the keys of all stored files are sealed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from voicewright.cli.application import Application, command
from voicewright.cli.failures import EXIT_STATUS
from voicewright.errors import ErrorKind

if TYPE_CHECKING:
    from voicewright.storage.rotation import Rotation

app = typer.Typer(no_args_is_help=True, help="The master key: where it is, and putting another in its place.")

Json = Annotated[bool, typer.Option("--json", help="Answer with one JSON object.")]


@app.command("show")
@command
def show(*, ctx: typer.Context, as_json: Json = False) -> dict[str, Any]:
    """Show the ids of the master keys and what each seals; the status is 8 where one is missing."""
    application: Application = ctx.obj
    keys = application.keys
    counts, ids = keys.counts(), keys.master.ids
    missing = sorted(set(counts) - set(ids))
    if missing:
        application.status = EXIT_STATUS[ErrorKind.UNAVAILABLE]
    if not as_json:
        print(f"From {keys.master.source}:")
        for key_id in ids:
            use = "seals what is new" if key_id == ids[0] else "opens"
            print(f"  {key_id}  {_keys(counts.get(key_id, 0))}; {use}")
        for key_id in missing:
            print(f"  {key_id}  {_keys(counts[key_id])}; MISSING: put it back, nothing else opens them")
    return {
        "source": keys.master.source,
        "master_keys": [{"id": key_id, "keys": counts.get(key_id, 0)} for key_id in ids],
        "missing": [{"id": key_id, "keys": counts[key_id]} for key_id in missing],
    }


@app.command("rotate")
@command
def rotate(*, ctx: typer.Context, as_json: Json = False) -> dict[str, Any]:
    """Put a new master key in place of the present one; interrupted, run it again."""
    from voicewright.storage.rotation import rotate_master_key

    application: Application = ctx.obj
    done = rotate_master_key(application.settings, application.database)
    if not as_json:
        print(f"{_keys(done.resealed)} sealed anew; the master key is {done.key_id} now.")
        print(_what_to_do(done))
    return {
        "key_id": done.key_id,
        "resealed": done.resealed,
        "not_needed": done.old_ids,
        "in_file": done.in_file,
    }


def _what_to_do(done: Rotation) -> str:
    if done.in_file:
        return "The old one is gone from the file. Make a new copy of it, and keep that elsewhere."
    if done.old_ids:
        return f"You may take these out of VOICEWRIGHT_MASTER_KEY now: {', '.join(done.old_ids)}."
    return (
        "To change it, put a new key before it: VOICEWRIGHT_MASTER_KEY=NEW,OLD for every process. Restart "
        "them, then do this again."
    )


def _keys(count: int) -> str:
    return f"{count} key{'' if count == 1 else 's'}"
