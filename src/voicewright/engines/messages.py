"""Requests, outcomes and descriptions of engines as JSON values and back, for the way to the host process."""

from __future__ import annotations

import dataclasses
import importlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from voicewright.engines.errors import EngineContractBroken
from voicewright.engines.port import (
    Capabilities,
    ConsentRecording,
    EngineEnvironment,
    EngineInfo,
    EngineOptions,
    EngineSetup,
    Forecast,
    Provider,
    Rehearsal,
    SpokenWord,
    StockVoice,
    SynthesisRequest,
    TrainingClip,
    TrainingOutcome,
    TrainingRequest,
    WeightsFile,
)

if TYPE_CHECKING:
    from collections.abc import Iterable


def write_info(info: EngineInfo) -> dict[str, Any]:
    """Describe an engine; its options model goes as the name that it can be imported by.

    Raises:
        EngineContractBroken: the options model is local to a function.
    """
    options = info.options
    if "<locals>" in options.__qualname__:
        raise EngineContractBroken(
            f"The options of the engine {info.id!r} have to be a class of a module, so that they can be "
            "imported in its host process."
        )
    fields = {each.name: getattr(info, each.name) for each in dataclasses.fields(info)}
    return {
        **fields,
        "capabilities": dataclasses.asdict(info.capabilities),
        "forecast": dataclasses.asdict(info.forecast),
        "options": f"{options.__module__}:{options.__qualname__}",
        "environment": None if info.environment is None else dataclasses.asdict(info.environment),
        "provider": None if info.provider is None else dataclasses.asdict(info.provider),
    }


def read_info(wire: dict[str, Any]) -> EngineInfo:
    """Make the description again."""
    module, _, name = wire["options"].partition(":")
    options: Any = importlib.import_module(module)
    for part in name.split("."):
        options = getattr(options, part)
    if not issubclass(options, EngineOptions):
        raise EngineContractBroken(f"{wire['options']} is not a model of engine options.")
    capabilities = {**wire["capabilities"], "languages": tuple(wire["capabilities"]["languages"])}
    forecast = {**wire["forecast"], "quality": tuple(tuple(point) for point in wire["forecast"]["quality"])}
    return EngineInfo(
        **{
            **wire,
            "capabilities": Capabilities(**capabilities),
            "forecast": Forecast(**forecast),
            "options": options,
            "requires": tuple(wire["requires"]),
            "environment": _read_environment(wire["environment"]),
            "provider": _read_provider(wire["provider"]),
        }
    )


def _read_environment(wire: dict[str, Any] | None) -> EngineEnvironment | None:
    if wire is None:
        return None
    lists = {
        "oldest_python": tuple(wire["oldest_python"]),
        "newest_python": tuple(wire["newest_python"]),
        "weights": tuple(WeightsFile(**file) for file in wire["weights"]),
    }
    return EngineEnvironment(**{**wire, **lists})


def _read_provider(wire: dict[str, Any] | None) -> Provider | None:
    if wire is None:
        return None
    lists = {
        "needs": tuple(wire["needs"]),
        "takes": tuple(wire["takes"]),
        "consent_statements": tuple((language, said) for language, said in wire["consent_statements"]),
    }
    return Provider(**{**wire, **lists})


def write_setup(setup: EngineSetup) -> dict[str, Any]:
    """Write what an engine is made with."""
    folder = setup.weights_dir
    return {"weights_dir": None if folder is None else str(folder.absolute()), "values": dict(setup.values)}


def read_setup(wire: dict[str, Any]) -> EngineSetup:
    """Make it again."""
    folder = wire["weights_dir"]
    return EngineSetup(None if folder is None else Path(folder), wire["values"])


def write_training_request(request: TrainingRequest) -> dict[str, Any]:
    """Write a training request; paths become absolute, since the host need not share our directory."""
    checkpoint_dir, consent, rehearsal = request.checkpoint_dir, request.consent, request.rehearsal
    return {
        "clips": [
            {
                "path": str(clip.path.absolute()),
                "text": clip.text,
                "weight": clip.weight,
                "phones": list(clip.phones),
            }
            for clip in request.clips
        ],
        "language": request.language,
        "options": dict(request.options),
        "artefact_dir": str(request.artefact_dir.absolute()),
        "checkpoint_dir": None if checkpoint_dir is None else str(checkpoint_dir.absolute()),
        "name": request.name,
        "consent": None
        if consent is None
        else {**dataclasses.asdict(consent), "path": str(consent.path.absolute())},
        "rehearsal": None
        if rehearsal is None
        else {"text": rehearsal.text, "folder": str(rehearsal.folder.absolute())},
    }


def read_training_request(wire: dict[str, Any]) -> TrainingRequest:
    """Make the training request again."""
    checkpoint_dir, consent, rehearsal = wire["checkpoint_dir"], wire["consent"], wire["rehearsal"]
    return TrainingRequest(
        clips=tuple(
            TrainingClip(Path(clip["path"]), clip["text"], clip["weight"], tuple(clip["phones"]))
            for clip in wire["clips"]
        ),
        language=wire["language"],
        options=wire["options"],
        artefact_dir=Path(wire["artefact_dir"]),
        checkpoint_dir=None if checkpoint_dir is None else Path(checkpoint_dir),
        name=wire["name"],
        consent=None if consent is None else ConsentRecording(**{**consent, "path": Path(consent["path"])}),
        rehearsal=None if rehearsal is None else Rehearsal(rehearsal["text"], Path(rehearsal["folder"])),
    )


def write_outcome(outcome: TrainingOutcome) -> dict[str, Any]:
    """Write a training outcome; numbers of numpy or torch in its metrics become plain ones."""
    return {
        "speech_s": float(outcome.speech_s),
        "train_s": float(outcome.train_s),
        "epochs": int(outcome.epochs),
        "stopped": str(outcome.stopped),
        "resumed": bool(outcome.resumed),
        "metrics": {str(name): float(value) for name, value in outcome.metrics.items()},
        "notes": [str(note) for note in outcome.notes],
    }


def read_outcome(wire: dict[str, Any]) -> TrainingOutcome:
    """Make the training outcome again."""
    return TrainingOutcome(**{**wire, "notes": tuple(wire["notes"])})


def write_synthesis_request(request: SynthesisRequest) -> dict[str, Any]:
    """Write a synthesis request."""
    return {**dataclasses.asdict(request), "voice_dir": str(request.voice_dir.absolute())}


def read_synthesis_request(wire: dict[str, Any]) -> SynthesisRequest:
    """Make the synthesis request again."""
    return SynthesisRequest(**{**wire, "voice_dir": Path(wire["voice_dir"])})


def write_words(words: Iterable[SpokenWord]) -> dict[str, Any]:
    """Write the words of a chunk, which go before its samples; numbers of numpy become plain ones."""
    return {"words": [[str(word.text), float(word.start_s), float(word.end_s)] for word in words]}


def read_words(wire: dict[str, Any]) -> tuple[SpokenWord, ...]:
    """Make the words again; none where the message has none."""
    return tuple(SpokenWord(*word) for word in wire.get("words", ()))


def write_stock_voice(voice: StockVoice) -> dict[str, Any]:
    """Write the description of a stock voice."""
    return {
        "id": str(voice.id),
        "title": str(voice.title),
        "languages": [str(code) for code in voice.languages],
    }


def read_stock_voice(wire: dict[str, Any]) -> StockVoice:
    """Make the description again."""
    return StockVoice(wire["id"], wire["title"], tuple(wire["languages"]))
