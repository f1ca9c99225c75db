"""What a training will cost, take and give, before it is queued. Pure.

An engine says what it needs (`engines.port.Forecast`); the trainings of it that ended here say by how much it
was wrong (`training.history`), and their median corrects it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final, Literal

from voicewright.training.pricing import Cost, Usage, cost_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from voicewright.engines.port import EngineInfo
    from voicewright.settings import Settings
    from voicewright.training.history import History
    from voicewright.training.samples import Material

_LEAST_GAIN: Final = 0.005
_MB: Final = 1_000_000
_MINUTE_S: Final = 60
_MOST_NAMED: Final = 5


@dataclass(frozen=True, slots=True)
class Improvement:
    """Something that would make the voice better, and how good it would then be."""

    action: str
    quality: float
    gain: float


@dataclass(frozen=True, slots=True)
class Estimate:
    """What is to be expected of a training."""

    usage: Usage
    cost: Cost
    forecast_time_ms: int
    """By the engine's description alone."""
    compared_jobs: int
    """Ended trainings that corrected it."""
    memory_mb: int
    gpu_memory_mb: int
    quality: float
    improvements: tuple[Improvement, ...]
    """The most helpful first."""

    @property
    def time_ms(self) -> int:
        """How long it will take."""
        return self.usage.time_ms


def make_estimate(
    engine: EngineInfo,
    material: Material,
    options: Mapping[str, Any],
    settings: Settings,
    history: History,
    *,
    method: Literal["clone", "train"] = "train",
) -> Estimate:
    """Estimate a training.

    Args:
        engine: what trains.
        material: what it learns from.
        options: what the engine is told.
        settings: the prices.
        history: how long its trainings took here.
        method: how the voice is made.
    """
    # an engine that does both describes its training: beside that a clone is nothing but the start
    learnt_s = 0.0 if method == "clone" and engine.capabilities.trains else material.speech_s
    forecast_ms = forecast_time_ms(engine, learnt_s, options)
    time_ms = round(forecast_ms * history.ratio)
    usage = replace(_expected_usage(engine, material, time_ms), clones=method == "clone")
    return Estimate(
        usage=usage,
        cost=cost_of(engine, usage, settings),
        forecast_time_ms=forecast_ms,
        compared_jobs=history.jobs,
        memory_mb=engine.forecast.memory_mb,
        gpu_memory_mb=engine.forecast.gpu_memory_mb,
        quality=expected_quality(engine.forecast.quality, material.clean_s),
        improvements=_improvements(engine, material),
    )


def _expected_usage(engine: EngineInfo, material: Material, time_ms: int) -> Usage:
    """What a training of so long takes: its recordings and its voice are stored, and moved."""
    size_bytes = material.size_bytes + round(engine.forecast.artefact_mb * _MB)
    return Usage(time_ms, stored_bytes=size_bytes, moved_bytes=size_bytes, speech_s=material.speech_s)


def forecast_time_ms(engine: EngineInfo, speech_s: float, options: Mapping[str, Any]) -> int:
    """How long a training takes by the engine's description alone."""
    forecast, epochs = engine.forecast, options.get("epochs")
    if epochs is not None and forecast.per_epoch_s is not None:
        learning_s = forecast.per_epoch_s * float(epochs) * speech_s
    else:
        learning_s = forecast.per_speech_s * speech_s
    return round(1000 * (forecast.fixed_s + learning_s))


def expected_quality(curve: Sequence[tuple[float, float]], clean_s: float) -> float:
    """Overall quality, 0 to 1, of a voice made of so much flawless speech with known words.

    Between the curve's points it rises with the logarithm of the seconds. Beyond the last it stays; below the
    first it falls as steeply as after it.
    """
    if clean_s <= 0 or not curve:
        return 0.0
    if clean_s >= curve[-1][0] or len(curve) == 1:
        return curve[-1][1]
    upper = next(place for place in range(1, len(curve)) if clean_s < curve[place][0])
    (from_s, from_quality), (to_s, to_quality) = curve[upper - 1], curve[upper]
    share = math.log(clean_s / from_s) / math.log(to_s / from_s)
    return round(min(max(from_quality + share * (to_quality - from_quality), 0.0), 1.0), 3)


def _improvements(engine: EngineInfo, material: Material) -> tuple[Improvement, ...]:
    curve, samples = engine.forecast.quality, material.usable
    now = expected_quality(curve, material.clean_s)
    untold = [sample.filename for sample in samples if not sample.told]
    flawed = [sample.filename for sample in samples if sample.usable_s > 0]
    rejected = [sample.filename for sample in material.samples if sample.verdict == "rejected"]
    enough_s = curve[-1][0] if curve else 0.0
    mean_s = material.clean_s / max(len(samples), 1)
    considered = (
        (f"Write down what is said in {_names(untold)}.", sum(s.clean_if_told_s for s in samples)),
        (f"Record {_names(flawed)} again, without the flaws.", sum(s.clean_if_flawless_s for s in samples)),
        (f"Record {_names(rejected)} again: as it is, it is left out.", mean_s * len(material.samples)),
        (f"Add {_duration(enough_s - material.clean_s)} of clear speech with transcripts.", enough_s),
    )
    found = []
    for action, clean_s in considered:
        quality = expected_quality(curve, clean_s)
        if quality - now >= _LEAST_GAIN:
            found.append(Improvement(action, quality, round(quality - now, 3)))
    return tuple(sorted(found, key=lambda each: -each.gain))


def _names(filenames: Sequence[str]) -> str:
    shown = ", ".join(filenames[:_MOST_NAMED])
    return shown if len(filenames) <= _MOST_NAMED else f"{shown} and {len(filenames) - _MOST_NAMED} more"


def _duration(seconds: float) -> str:
    if seconds < 2 * _MINUTE_S:
        return f"{max(seconds, 1):.0f} s"
    return f"{seconds / _MINUTE_S:.0f} minutes"
