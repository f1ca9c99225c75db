"""`voicewright voices`: what voices there are, how good they are, which one speaks, and their end."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from voicewright.cli.application import Application, command, voices_of
from voicewright.cli.help_pages import WholeSentences
from voicewright.cli.owners import how_to_get_one
from voicewright.cli.progress import progress_bar
from voicewright.cli.terminal import open_console, print_table, utc

if TYPE_CHECKING:
    from voicewright.voices.models import VoiceModel

app = typer.Typer(
    cls=WholeSentences,
    no_args_is_help=True,
    help="List, show, choose, evaluate, share, export, back up and delete voices.",
)

Name = Annotated[str, typer.Argument(help="Name or id of the voice.")]
Version = Annotated[int | None, typer.Option(help="Of the voice; the newest by default.")]
Owner = Annotated[str | None, typer.Option(help="Whose: the e-mail address of an account of the service.")]
Json = Annotated[bool, typer.Option("--json", help="Answer with one JSON object.")]


@app.command("list")
@command
def list_voices(
    *,
    ctx: typer.Context,
    owner: Owner = None,
    as_json: Json = False,
) -> dict[str, Any]:
    """List the voices by name, the newest version of each first."""
    application: Application = ctx.obj
    found = voices_of(application, owner).list_voices()
    if not as_json:
        _print_table(found, owner)
    return {"voices": [summary(voice) for voice in found]}


@app.command("show")
@command
def show(
    *, ctx: typer.Context, name: Name, version: Version = None, owner: Owner = None, as_json: Json = False
) -> dict[str, Any]:
    """Show all that is known of a voice."""
    application: Application = ctx.obj
    voice = voices_of(application, owner).get(name, version)
    if not as_json:
        _print_voice(voice)
    return _details(voice)


@app.command("use")
@command
def use(
    *, ctx: typer.Context, name: Name, version: Version = None, owner: Owner = None, as_json: Json = False
) -> dict[str, Any]:
    """Make a voice the active one, which speaks where none is named."""
    application: Application = ctx.obj
    voice = voices_of(application, owner).activate(name, version)
    if not as_json:
        print(f"'{voice.name}', version {voice.version}, is the active voice now.")
    return summary(voice)


@app.command("versions")
@command
def versions(*, ctx: typer.Context, name: Name, owner: Owner = None, as_json: Json = False) -> dict[str, Any]:
    """List the versions of a voice, the newest first."""
    application: Application = ctx.obj
    voices = voices_of(application, owner)
    lineage = voices.get(name).lineage_id
    found = [voice for voice in voices.list_voices() if voice.lineage_id == lineage]
    if not as_json:
        _print_table(found, owner)
    return {"voices": [summary(voice) for voice in found]}


@app.command("rollback")
@command
def rollback(
    *,
    ctx: typer.Context,
    name: Name,
    version: Annotated[int, typer.Option(help="The version to go back to.")],
    owner: Owner = None,
    as_json: Json = False,
) -> dict[str, Any]:
    """Make an older version of a voice the current one: a new version with the same files."""
    application: Application = ctx.obj
    voice = voices_of(application, owner).rollback(name, version)
    if not as_json:
        print(f"'{voice.name}', version {voice.version}, is as version {version} was.")
    return summary(voice)


@app.command("rename")
@command
def rename(
    *,
    ctx: typer.Context,
    name: Name,
    new_name: Annotated[str, typer.Argument(help="What it is to be called.")],
    owner: Owner = None,
    as_json: Json = False,
) -> dict[str, Any]:
    """Give a voice another name, in all its versions."""
    application: Application = ctx.obj
    voice = voices_of(application, owner).rename(name, new_name)
    if not as_json:
        print(f"'{name}' is called '{voice.name}' now.")
    return summary(voice)


@app.command("evaluate")
@command
def evaluate(
    *, ctx: typer.Context, name: Name, version: Version = None, owner: Owner = None, as_json: Json = False
) -> dict[str, Any]:
    """Judge a voice again, against the recordings that were held out of its training."""
    from voicewright.storage.work import work_folder
    from voicewright.training.judging import judge_again
    from voicewright.training.progress import Stages

    application: Application = ctx.obj
    voices = voices_of(application, owner)
    voice = voices.get(name, version)
    client = application.engine(voice.engine)
    with progress_bar() as on_progress, work_folder(application.work_dir, f"judge-{voice.id}") as folder:
        stages = Stages({"judging": 1.0}, on_progress)
        voice = judge_again(
            voice,
            client,
            application.measurer,
            voices,
            folder=folder.path,
            provenance=application.provenance,
            on_progress=lambda stage, done: stages.step("judging", done, stage),
            cancel=application.interruption.cancel,
        )
        folder.finished = True
    if not as_json:
        _print_voice(voice)
    return _details(voice)


@app.command("delete")
@command
def delete(
    *,
    ctx: typer.Context,
    name: Name,
    version: Version = None,
    purge: Annotated[
        bool, typer.Option("--purge", help="For good, with its files; this can't be undone.")
    ] = False,
    owner: Owner = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    as_json: Json = False,
) -> dict[str, Any]:
    """Delete a voice; for a while `undelete` brings it back."""
    application: Application = ctx.obj
    voices = voices_of(application, owner)
    voice = voices.get(name, version)
    if not yes:
        if not sys.stdin.isatty():
            raise typer.BadParameter("Nobody can be asked here; add --yes to delete without asking.")
        for_good = " for good" if purge else ""
        question = f"Delete the voice '{voice.name}', version {voice.version}{for_good}?"
        if not typer.confirm(question, err=True):
            if not as_json:
                print("Nothing was deleted.")
            return {"deleted": None}
    voices.delete(voice.id, purge=purge)
    if not as_json:
        print(f"Deleted '{voice.name}', version {voice.version}.")
    if purge:
        _delete_at_providers(application)
    return {"deleted": str(voice.id)}


def _delete_at_providers(application: Application) -> None:
    """Where no worker runs, nobody else would; where one does, it goes on with what is left."""
    if not application.voices.provided.has_any():
        return
    waiting = application.forgetting.run().waiting
    if waiting:
        what = "1 deleted voice is" if waiting == 1 else f"{waiting} deleted voices are"
        print(
            f"{what} still at its provider: a worker tries again, and `voicewright doctor` says why.",
            file=sys.stderr,
        )


def summary(voice: VoiceModel) -> dict[str, Any]:
    """What programs are told of a voice, in short."""
    return {
        "voice_id": str(voice.id),
        "name": voice.name,
        "version": voice.version,
        "engine": voice.engine,
        "language": voice.language,
        "overall": voice.quality_score,
        "active": voice.is_active,
        "speech_seconds": round(voice.speech_s, 2),
        "train_seconds": round(voice.train_s, 2),
        "artefact_bytes": voice.artefact_bytes,
        "created_at": voice.created_at.isoformat(),
    }


def _details(voice: VoiceModel) -> dict[str, Any]:
    from voicewright.cli.report import evaluation_json

    return summary(voice) | {
        "engine_version": voice.engine_version,
        "artefact_digest": voice.artefact_digest,
        "options": voice.options,
        "evaluation": evaluation_json(voice.evaluation),
        "reasons": [] if voice.evaluation is None else voice.evaluation["reasons"],
    }


def _print_table(voices: list[VoiceModel], owner: str | None) -> None:
    if not voices:
        print("No voices yet. " + how_to_get_one(owner))
        return
    rows = [
        (
            "*" if voice.is_active else "",
            voice.name,
            str(voice.version),
            "?" if voice.quality_score is None else f"{voice.quality_score:.2f}",
            voice.engine,
            voice.language,
            f"{voice.speech_s:.0f} s",
            utc(voice.created_at),
        )
        for voice in voices
    ]
    titles = ("", "name", "version", "overall", "engine", "language", "speech", "made (UTC)")
    print_table(titles, rows, may_be_cut={"name", "engine"})
    if any(voice.is_active for voice in voices):
        say = "say" if owner is None else f"say --owner {owner}"
        print(f"* the active voice, which `voicewright {say}` uses when none is named")


def _print_voice(voice: VoiceModel) -> None:
    from voicewright.cli.report import megabytes, print_evaluation

    console = open_console()
    active = ", active" if voice.is_active else ""
    console.print(f"Voice '{voice.name}', version {voice.version}{active}", style="bold", markup=False)
    console.print(
        f"  id {voice.id}\n"
        f"  engine {voice.engine} {voice.engine_version}, language {voice.language}\n"
        f"  {voice.speech_s:.0f} s of speech, trained in {voice.train_s:.0f} s, "
        f"{megabytes(voice.artefact_bytes)} on disk, made {utc(voice.created_at)} UTC",
        markup=False,
    )
    if voice.evaluation is None and voice.quality_score is not None:
        console.print(f"  quality {voice.quality_score:.2f}, as whoever registered it says", markup=False)
    console.print()
    print_evaluation(console, voice.evaluation)
