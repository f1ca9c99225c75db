"""`voicewright engines doctor`: checks one engine to the end, which is a spoken sentence."""

from __future__ import annotations

import array
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import typer  # noqa: TC002 - the command line reads the annotations when it runs

from voicewright.cli.application import Application, command
from voicewright.cli.engines import EngineId, Json, app, make_installer
from voicewright.cli.findings import Finding, State, missing, note, ok, tell
from voicewright.engines.errors import ProviderError
from voicewright.errors import AppError

if TYPE_CHECKING:
    from voicewright.engines.client import EngineClient
    from voicewright.engines.port import EngineInfo

MISSING_STATUS: Final = 6
"""The same as for any missing dependency."""
_SILENT: Final = 100
"""Of 32,768: what is never louder is no speech."""
_SHORTEST_S: Final = 0.3
_USUAL: Final = "en-us"


@app.command("doctor")
@command
def doctor(*, ctx: typer.Context, engine: EngineId, as_json: Json = False) -> dict[str, Any]:
    """Check an engine: its packages, all of its weights, its key, its GPU; then it speaks a sentence."""
    application: Application = ctx.obj
    info = application.engines.find(engine)
    findings = tell(_check(application, info), silent=as_json)
    lacking = sum(finding.state is State.MISSING for finding in findings)
    if not as_json:
        verdict = "can be used" if not lacking else "can't be used: see the arrows above"
        print(f"\nThe engine {info.id} {verdict}.")
    application.status = MISSING_STATUS if lacking else 0
    return {"engine": info.id, "ok": not lacking, "findings": [one.to_json() for one in findings]}


def _check(application: Application, info: EngineInfo) -> Iterator[Finding]:
    yield _check_environment(application, info)
    weights = list(_check_weights(application, info))
    yield from weights
    if info.capabilities.needs_gpu:
        yield _check_gpu()
    fault = application.engines.find_fault(info)
    if fault is not None:
        if fault.code == "PROVIDER_KEY_MISSING":
            yield missing("key", fault.message, "Set it in the environment, and start again.")
        yield note("speech", "not checked, as something is missing", "Bring it, and run this again.")
        return
    if info.provider is not None:
        yield ok("key", f"{' and '.join(info.provider.needs)} set; {info.provider.name} is asked now")
    try:
        yield _check_speech(application, info)
    except AppError as error:
        yield missing("speech", f"{error.code}: {error.message}", _advice(info, error))


def _check_environment(application: Application, info: EngineInfo) -> Finding:
    from voicewright.engines.installed import read_record
    from voicewright.engines.registry import missing_modules

    engines = application.engines
    python, place = engines.python(info), engines.place(info)
    if python != sys.executable and place is not None:
        record = read_record(place) or {}
        torch = f", torch {record['torch']}" if record.get("torch") else ""
        told = f"{record.get('packages')} for Python {record.get('python')}{torch}, in {place}"
        return ok("packages", told)
    lacking = missing_modules(info)
    if lacking:
        command_ = f"voicewright engines install {info.id}"
        fix = info.install_hint or (command_ if info.environment is not None else "Install them with pip.")
        return missing("packages", f"lacks {', '.join(lacking)}", fix)
    return ok("packages", f"those of Voicewright's own environment ({sys.executable})")


def _check_weights(application: Application, info: EngineInfo) -> Iterator[Finding]:
    """Every file, to its last byte; what is damaged is written down, so that it comes again."""
    from voicewright.cli.report import megabytes

    weights = application.engines.weights(info)
    if not weights.files:
        return
    fix = f"voicewright engines install {info.id}"
    faults, damaged, size_bytes, unknown = weights.find_faults(), [], 0, []
    for file in weights.files:
        if faults.get(file.name) == "missing":
            yield missing("weights", f"{file.name} is not there", fix)
        elif file.name in faults or not weights.read_all(file):
            damaged.append(file.name)
            yield missing("weights", f"WEIGHTS_DAMAGED: {weights.folder / file.name} is not what it was", fix)
        else:
            size_bytes += (weights.folder / file.name).stat().st_size
            unknown += [] if file.sha256 or file.name in weights.kept else [file.name]
    if damaged:
        make_installer(application).note_damage(info, damaged)
    if unknown:
        yield note("weights", f"nobody knows the checksum of {', '.join(unknown)}", fix)
    elif size_bytes and not damaged:
        count = len(weights.files)
        yield ok("weights", f"{count} files, {megabytes(size_bytes)}, all checksums right")


def _check_gpu() -> Finding:
    from voicewright.engines.builds import find_accelerator

    found = find_accelerator()
    if found is None:
        return missing("gpu", "this engine needs one, and none is seen here", "Run it where there is one.")
    return ok("gpu", f"{found.title}, {found.build}")


@dataclass(frozen=True, slots=True)
class _Speaker:
    """Who says the sentence."""

    told: str
    language: str
    folder: Path


def _check_speech(application: Application, info: EngineInfo) -> Finding:
    """Have it speak with a voice of its own, or else with one that it has made; without any, load it only."""
    started_s = time.monotonic()
    client = application.engine(info.id)
    with tempfile.TemporaryDirectory(dir=application.work_dir, prefix="doctor-") as folder:
        speaker = (
            _own_voice(client, info, Path(folder))
            if info.capabilities.has_stock_voices
            else _learnt_voice(application, info)
        )
        if speaker is None:
            client.start()
            took_s = time.monotonic() - started_s
            return note(
                "speech",
                f"the engine starts ({took_s:.1f} s), and it was not heard: it has made no voice here yet",
                "Make one, and run this again.",
            )
        return _speak(client, info, speaker)


def _own_voice(client: EngineClient, info: EngineInfo, folder: Path) -> _Speaker | None:
    found = client.stock_voices()
    if not found:
        return None
    voice = next((one for one in found if any(map(_is_english, one.languages))), found[0])
    client.write_stock_voice(voice.id, folder)
    spoken = voice.languages or info.capabilities.languages
    language = next((one for one in spoken if _is_english(one)), spoken[0])
    return _Speaker(f"its own voice {voice.title}", language, folder)


def _learnt_voice(application: Application, info: EngineInfo) -> _Speaker | None:
    voices = application.voices
    found = next((voice for voice in voices.list_voices() if voice.engine == info.id), None)
    if found is None:
        return None
    return _Speaker(f"the voice {found.name!r}", found.language, voices.materialise(found))


def _speak(client: EngineClient, info: EngineInfo, speaker: _Speaker) -> Finding:
    from voicewright.engines.port import SynthesisRequest
    from voicewright.quality.sentences import sentence_set

    text = sentence_set(speaker.language).sentences[0]
    client.load(speaker.folder)
    started_s, first_s, pcm = time.monotonic(), None, bytearray()
    for chunk in client.synthesize(SynthesisRequest(speaker.folder, text, speaker.language)):
        first_s = time.monotonic() - started_s if first_s is None else first_s
        pcm += chunk.pcm
    took_s = time.monotonic() - started_s
    samples = array.array("h", bytes(pcm))
    audio_s = len(samples) / info.capabilities.sample_rate_hz
    if audio_s < _SHORTEST_S or max(map(abs, samples), default=0) < _SILENT:
        return missing("speech", f"{speaker.told} made {audio_s:.1f} s without speech", "Install it anew.")
    return ok(
        "speech",
        f"{speaker.told} said a sentence of {audio_s:.1f} s in {took_s:.1f} s, the first sound after "
        f"{first_s or 0.0:.2f} s",
    )


def _advice(info: EngineInfo, error: AppError) -> str:
    if error.retryable:
        return "Try again later."
    if isinstance(error, ProviderError):
        return "The message says what its provider needs; installing it again does not help."
    if info.environment is not None:
        return f"If it stays so: voicewright engines remove {info.id}, then install it again."
    return "The log has more."


def _is_english(language: str) -> bool:
    return language.split("-", maxsplit=1)[0] == _USUAL.split("-")[0]
