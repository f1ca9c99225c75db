"""`voicewright engines`: which engines there are, what they lack here, and how they get it."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from voicewright.cli.application import Application, command
from voicewright.cli.terminal import print_table

if TYPE_CHECKING:
    from voicewright.engines.installed import Engines
    from voicewright.engines.installing import Installed, Installer
    from voicewright.engines.port import EngineInfo

app = typer.Typer(no_args_is_help=True, help="List, install, check and remove what makes voices.")

EngineId = Annotated[str, typer.Argument(help="Id of the engine, as `engines list` shows it.")]
Json = Annotated[bool, typer.Option("--json", help="Answer with one JSON object.")]


class TorchBuild(StrEnum):
    """Builds of torch, by what they compute with."""

    CPU = "cpu"
    CUDA = "cuda"
    ROCM = "rocm"


@app.command("list")
@command
def list_engines(*, ctx: typer.Context, as_json: Json = False) -> dict[str, Any]:
    """List the engines: what each does, whether it can be used here, and what it lacks."""
    application: Application = ctx.obj
    engines = application.engines
    found = [describe(engines, info) for info in engines.known()]
    if not as_json:
        _print_engines(found)
    return {"engines": found}


@app.command("voices")
@command
def voices(*, ctx: typer.Context, engine: EngineId, as_json: Json = False) -> dict[str, Any]:
    """List the voices that an engine has of its own; `voices add` makes one of them yours."""
    application: Application = ctx.obj
    info = application.engines.find(engine)
    found = application.engine(engine).stock_voices() if info.capabilities.has_stock_voices else ()
    told = [
        {
            "id": voice.id,
            "title": voice.title,
            "languages": list(voice.languages or info.capabilities.languages),
        }
        for voice in found
    ]
    if not as_json and not told:
        print(f"The engine {info.id} has no voices of its own: it learns them from recordings.")
    elif not as_json:
        rows = [(voice.id, voice.title, _some(voice.languages)) for voice in found]
        print_table(("id", "title", "languages"), rows, may_be_cut={"title", "languages"})
        print(f"Make one yours: voicewright voices add {info.id} {found[0].id} --name NAME")
    return {"engine": info.id, "voices": told}


@app.command("install")
@command
def install(
    *,
    ctx: typer.Context,
    engine: EngineId,
    weights: Annotated[
        Path | None,
        typer.Option(
            exists=True,
            file_okay=False,
            help="A directory that has its weights; they are fetched by default.",
        ),
    ] = None,
    accept_licence: Annotated[
        bool, typer.Option("--accept-licence", help="Accept the licence of its weights without being asked.")
    ] = False,
    torch: Annotated[
        TorchBuild | None, typer.Option(help="Which build of torch; as the machine tells by default.")
    ] = None,
    torch_index: Annotated[
        str | None, typer.Option(help="Index where pip finds torch; VOICEWRIGHT_TORCH_INDEX by default.")
    ] = None,
    as_json: Json = False,
) -> dict[str, Any]:
    """Install an engine into an environment of its own, and fetch its weights; does what is not done yet."""
    from voicewright.cli.engines_progress import install_progress
    from voicewright.engines.installing import Order

    application: Application = ctx.obj
    info = application.engines.find(engine)
    if info.environment is None:
        return _tell_needless(application.engines, info, as_json=as_json)
    installer = make_installer(application)
    accepted = "--accept-licence" if accept_licence else _ask_licence(installer, info)
    order = Order(
        weights=weights,
        accepted=accepted,
        torch=None if torch is None else torch.value,
        torch_index=torch_index or application.settings.torch_index,
    )
    with install_progress() as on_step:
        done = installer.install(info, order, on_step)
    answer = describe(application.engines, info) | _done(done)
    if not as_json:
        _print_done(application.engines, info, done)
    return answer


@app.command("remove")
@command
def remove(
    *,
    ctx: typer.Context,
    engine: EngineId,
    keep_weights: Annotated[
        bool, typer.Option("--keep-weights", help="Only its packages; its weights need not be fetched again.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    as_json: Json = False,
) -> dict[str, Any]:
    """Remove what was installed of an engine; its voices stay, and speak again once it is back."""
    from voicewright.cli.report import megabytes
    from voicewright.engines.describing import disk_bytes

    application: Application = ctx.obj
    info = application.engines.find(engine)
    place = application.engines.place(info)
    if place is None or not place.exists():
        if not as_json:
            print(f"Nothing is installed of the engine {info.id}.")
        return {"engine": info.id, "freed_bytes": 0}
    if not yes:
        if not sys.stdin.isatty():
            raise typer.BadParameter("Nobody can be asked here; add --yes to remove without asking.")
        size = megabytes(disk_bytes(application.engines, info))
        if not typer.confirm(f"Remove the engine {info.id} ({size})? Its voices stay.", err=True):
            if not as_json:
                print("Nothing was removed.")
            return {"engine": info.id, "freed_bytes": 0}
    freed = make_installer(application).remove(info, keep_weights=keep_weights)
    if not as_json:
        kept = " Its weights were kept." if keep_weights else ""
        print(
            f"Removed the engine {info.id}: {megabytes(freed)} are free.{kept} Its voices stay; they speak "
            f"again after `voicewright engines install {info.id}`."
        )
    return {"engine": info.id, "freed_bytes": freed}


def make_installer(application: Application) -> Installer:
    """What installs into the data directory of the settings."""
    from voicewright.engines.installing import Installer
    from voicewright.home.layout import Home

    settings = application.settings
    return Installer(Home.open(settings.home), reserve_mb=settings.min_free_disk_mb)


def describe(engines: Engines, info: EngineInfo) -> dict[str, Any]:
    """What programs are told of an engine."""
    from voicewright.engines.describing import disk_bytes, in_words

    able, fault = info.capabilities, engines.find_fault(info)
    return {
        "id": info.id,
        "title": info.title,
        "description": in_words(info),
        "licence": info.licence,
        "version": info.version,
        "provider": None if info.provider is None else info.provider.name,
        "clones": able.clones,
        "trains": able.trains,
        "streams": able.streams,
        "stock_voices": able.has_stock_voices,
        "languages": list(able.languages),
        "needs_gpu": able.needs_gpu,
        "minimum_speech_seconds": able.minimum_speech_s if able.trains else None,
        "minimum_clone_seconds": _least_clone_s(info),
        "billing": info.billing,
        "dollars_per_1000_characters": info.dollars_per_1000_characters,
        "ready": fault is None,
        "lack": None if fault is None else {"code": fault.code, "message": fault.message},
        "disk_bytes": disk_bytes(engines, info),
    }


def _least_clone_s(info: EngineInfo) -> float | None:
    able = info.capabilities
    if not able.clones:
        return None
    return able.minimum_speech_s if able.minimum_clone_s is None else able.minimum_clone_s


def _tell_needless(engines: Engines, info: EngineInfo, *, as_json: bool) -> dict[str, Any]:
    """For an engine that needs nothing but what Voicewright itself is installed with."""
    fault = engines.find_fault(info)
    if fault is not None:
        raise fault
    if not as_json:
        print(f"The engine {info.id} is a part of Voicewright: nothing has to be installed for it.")
    return describe(engines, info) | {"changed": False}


def _ask_licence(installer: Installer, info: EngineInfo) -> str | None:
    """Show the licence of the weights to whoever sits at the terminal; answers how it was accepted."""
    licence = installer.licence_to_accept(info)
    if licence is None or not sys.stdin.isatty():
        return None  # where nobody can be asked, the installation says what is missing
    print(f"The weights of {info.title} have a licence of their own:\n\n  {licence}\n", file=sys.stderr)
    return "asked" if typer.confirm("Do you accept it?", err=True) else None


def _done(done: Installed) -> dict[str, Any]:
    told = ("python", "packages", "torch")
    return {
        "changed": done.changed,
        "made_environment": done.made_environment,
        "fetched_weights": list(done.weights),
    } | {name: done.record.get(name) for name in told}


def _print_done(engines: Engines, info: EngineInfo, done: Installed) -> None:
    from voicewright.cli.report import megabytes
    from voicewright.engines.builds import find_accelerator
    from voicewright.engines.describing import disk_bytes
    from voicewright.engines.errors import ProviderKeyMissing

    if done.changed:
        torch = f", torch {done.record['torch']}" if done.record.get("torch") else ""
        size, place = megabytes(disk_bytes(engines, info)), engines.place(info)
        print(
            f"The engine {info.id} is installed: {done.record['packages']} packages for Python "
            f"{done.record['python']}{torch}, {size} in {place}."
        )
    else:
        print(f"The engine {info.id} is installed already; nothing was to be done.")
    fault = engines.find_fault(info)
    if isinstance(fault, ProviderKeyMissing):
        print(f"Still missing: {fault.message}")
    elif info.capabilities.needs_gpu and find_accelerator() is None:
        print("It needs a GPU, and none is seen here: it will not run on this machine.")
    print(f"Check it: voicewright engines doctor {info.id}")


def _print_engines(found: list[dict[str, Any]]) -> None:
    from voicewright.cli.report import megabytes

    rows = [
        (
            engine["id"],
            "ready" if engine["ready"] else _state(engine["lack"]["code"]),
            _makes(engine),
            str(len(engine["languages"])),
            _least(engine),
            "GPU" if engine["needs_gpu"] else "",
            _price(engine),
            megabytes(engine["disk_bytes"]) if engine["disk_bytes"] else "",
            engine["licence"],
        )
        for engine in found
    ]
    titles = ("id", "state", "does", "languages", "speech", "needs", "price", "disk", "licence")
    print_table(titles, rows, may_be_cut={"licence", "does"})
    for engine in found:
        if engine["lack"] is not None:
            print(f"{engine['id']}: {engine['lack']['message']}")


def _state(code: str) -> str:
    words = {
        "ENGINE_NOT_INSTALLED": "not installed",
        "WEIGHTS_MISSING": "no weights",
        "WEIGHTS_DAMAGED": "damaged",
        "PROVIDER_KEY_MISSING": "no key",
    }
    return words.get(code, code)


def _makes(engine: dict[str, Any]) -> str:
    does = {"clones": "clones", "trains": "trains", "stock_voices": "stock voices", "streams": "streams"}
    return ", ".join(word for key, word in does.items() if engine[key])


def _least(engine: dict[str, Any]) -> str:
    least = [engine["minimum_clone_seconds"], engine["minimum_speech_seconds"]]
    known = [f"{seconds:g} s" for seconds in least if seconds is not None]
    return " / ".join(dict.fromkeys(known))


def _price(engine: dict[str, Any]) -> str:
    price = engine["dollars_per_1000_characters"]
    return f"${price:g} per 1000 characters" if price else "" if engine["provider"] else "free"


def _some(languages: tuple[str, ...]) -> str:
    return ", ".join(languages) if languages else "all of the engine's"
