"""`voicewright doctor`: what this machine has and lacks, each with the fix."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from voicewright.cli.application import Application, command
from voicewright.cli.findings import Finding, State, missing, note, ok, tell
from voicewright.errors import INSTALL_PACKAGES, AppError

if TYPE_CHECKING:
    from voicewright.engines.installed import Engines
    from voicewright.engines.port import EngineInfo

MISSING_STATUS: Final = 6
"""The same as for any missing dependency."""
_PROBE_LANGUAGE: Final = "en-us"
_POCKETSPHINX: Final = "pocketsphinx: words in English, sounds alone in other languages"
_JUDGES: Final = ("torch", "resemblyzer", "webrtcvad", "pkg_resources", "onnxruntime", "speechmos")
"""What the judges import; pkg_resources is a part of setuptools below 81."""


@command
def doctor(
    *,
    ctx: typer.Context,
    as_json: Annotated[bool, typer.Option("--json", help="Answer with one JSON object.")] = False,
) -> dict[str, Any]:
    """Check this machine; the exit status is 6 where something is missing."""
    application: Application = ctx.obj
    findings = tell(_check_all(application), silent=as_json)
    lacking = sum(finding.state is State.MISSING for finding in findings)
    if not as_json:
        print("\nNothing is missing." if not lacking else f"\n{lacking} missing: see the arrows above.")
    application.status = MISSING_STATUS if lacking else 0
    return {"ok": not lacking, "findings": [one.to_json() for one in findings]}


def _check_all(application: Application) -> Iterator[Finding]:
    from voicewright.cli import machine

    yield machine.check_python()
    yield machine.check_cores()
    yield machine.check_memory()
    yield machine.check_gpu()
    yield from _check_data(application, machine.check_disk)
    yield from _check_engines(application)
    yield from _check_judges(application)
    yield _check_watermark(application)


def _check_data(application: Application, check_disk: Callable[..., Finding]) -> Iterator[Finding]:
    """The data directory and the database in it."""
    home = application.settings.home
    yield check_disk(home)
    try:
        work_dir = application.work_dir
    except AppError as error:
        yield missing("data directory", str(home), error.message)
        return
    yield ok("data directory", f"{work_dir.parent}, writable")
    kind = "embedded" if application.settings.database_url is None else "your own server"
    try:
        application.database  # noqa: B018 - starts it
    except AppError as error:
        yield missing("database", "does not start", error.message)
        return
    yield ok("database", f"{kind}, works")
    try:
        keys = application.keys
        keys.check()
        count = len(application.voices.list_voices())
    except AppError as error:
        yield missing("master key", "the stored files can't be opened", error.message)
        return
    yield ok("master key", f"{keys.master.ids[0]}, from {keys.master.source}; keep a copy of it elsewhere")
    yield ok("voices", f"{count} of the command line")
    yield from _check_deletions(application)


def _check_deletions(application: Application) -> Iterator[Finding]:
    """Voices that were deleted here, and are still at their providers."""
    waiting = application.voices.provided.waiting()
    for engine in sorted({voice.engine for voice in waiting}):
        theirs = [voice for voice in waiting if voice.engine == engine]
        since = f"{theirs[0].unwanted_since:%Y-%m-%d %H:%M} UTC"
        why = next((voice.last_error for voice in theirs if voice.last_error), "A worker deletes them soon.")
        yield note(f"at {engine}", f"{len(theirs)} waiting to be deleted there, since {since}", why)


def _check_engines(application: Application) -> Iterator[Finding]:
    from voicewright.engines.registry import list_broken_plugins

    engines = application.engines.known()
    for info in engines:
        yield _check_engine(info, application.engines)
    for plugin in list_broken_plugins():
        fix = f"Reinstall or remove the plugin that has {plugin.target}."
        yield missing(f"engine {plugin.name}", f"can't be loaded: {plugin.reason}", fix)
    if not engines:
        yield missing("engines", "there is none", "Reinstall: pip install --no-deps .")
    yield _check_espeak()


def _check_engine(info: EngineInfo, engines: Engines) -> Finding:
    name = f"engine {info.id}"
    fault = engines.find_fault(info)
    if fault is not None and (info.environment is not None or info.provider is not None):
        return note(name, "not in use", fault.message)  # nobody needs all of them
    if fault is not None:
        return missing(name, fault.message, info.install_hint or "Install it with pip.")
    able = info.capabilities
    detail = f"{info.title}; {len(able.languages)} languages; {info.licence}"
    return replace(ok(name, detail), languages=able.languages)


def _check_espeak() -> Finding:
    """The pronunciations of the built-in engine; a wheel carries them, and may be there without its data."""
    if find_spec("espeakng_loader") is None:
        return missing("espeak-ng", "not installed", INSTALL_PACKAGES)
    import espeakng_loader

    data = Path(espeakng_loader.get_data_path())
    languages = sum(1 for path in (data / "lang").rglob("*") if path.is_file()) if data.is_dir() else 0
    if not languages:
        return missing("espeak-ng", f"no data in {data}", "pip install --force-reinstall espeakng-loader")
    return ok("espeak-ng", f"data for {languages} languages and dialects")


def _check_watermark(application: Application) -> Finding:
    """Whether what is spoken carries a mark."""
    from voicewright.provenance.watermark.weights import find_weights

    policy = application.settings.watermark
    if policy == "off":
        fix = "Set VOICEWRIGHT_WATERMARK=auto, unless you mark speech elsewhere."
        return note("watermark", "speech is not marked: VOICEWRIGHT_WATERMARK=off", fix)
    if find_weights() is not None:
        return ok("watermark", f"Perth; speech is marked (VOICEWRIGHT_WATERMARK={policy})")
    if policy == "required":
        return missing("watermark", "resemble-perth is not installed, so nothing is spoken", INSTALL_PACKAGES)
    return note("watermark", "resemble-perth is not installed: speech leaves unmarked", INSTALL_PACKAGES)


def _check_judges(application: Application) -> Iterator[Finding]:
    """Whether voices can be judged here: the packages, and what recognises words."""
    from voicewright.quality.recognisers import RecogniserName, Recognisers

    lacking = [name for name in _JUDGES if find_spec(name) is None]
    if lacking:
        yield missing(
            "judges",
            f"lack {', '.join(lacking)}",
            f"Voices can't be evaluated without: {INSTALL_PACKAGES}",
        )
    else:
        yield ok("judges", "Resemblyzer (similarity) and DNSMOS (naturalness)")
    recognisers = Recognisers(application.settings.whisper_dir)
    fault, recogniser = recognisers.whisper_fault, recognisers.for_language(_PROBE_LANGUAGE)
    if fault is not None:
        yield missing("faster-whisper", fault.what, fault.fix)
    if recogniser is None:
        yield missing("recogniser", "none", f"Words can't be recognised without: {INSTALL_PACKAGES}")
    elif recogniser != RecogniserName.POCKETSPHINX:
        yield ok("recogniser", f"{recogniser}, many languages")
    elif fault is not None:  # what would be better is told above
        yield ok("recogniser", _POCKETSPHINX)
    else:
        yield note(
            "recogniser",
            _POCKETSPHINX,
            "For other languages and fewer mistakes: pip install faster-whisper, and set "
            "VOICEWRIGHT_WHISPER_DIR to a directory with its weights.",
        )
