"""`voicewright voices add`: one of an engine's own voices as a voice of one's own."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from voicewright.cli.application import Application, command, voices_of
from voicewright.cli.voices import Json, Owner, app, summary


@app.command("add")
@command
def add(
    *,
    ctx: typer.Context,
    engine: Annotated[str, typer.Argument(help="Id of the engine, as `engines list` shows it.")],
    voice: Annotated[str, typer.Argument(help="Id of the voice, as `engines voices` shows it.")],
    name: Annotated[
        str | None, typer.Option(help="What it is called; as the engine calls it by default.")
    ] = None,
    language: Annotated[
        str | None, typer.Option(help="What it speaks where nothing is said; its first one by default.")
    ] = None,
    owner: Owner = None,
    as_json: Json = False,
) -> dict[str, Any]:
    """Make one of an engine's own voices a voice of yours; it is no clone, and says so."""
    from voicewright.voices.stock import register_stock_voice

    application: Application = ctx.obj
    voices = voices_of(application, owner)
    client = application.engine(engine)
    made = register_stock_voice(
        voices, client, voice, work_dir=application.work_dir, name=name, language=language
    )
    if not as_json:
        print(
            f"'{made.name}', version {made.version}, is one of your voices: a voice of {client.info.title} "
            "itself, not a clone of anybody."
        )
    return summary(made)
