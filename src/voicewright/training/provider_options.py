"""Maps the documented options onto those of the chosen engine, refusing what it can't honour.

An engine honours an option when its own model has a field of that name (`batchSize` is `batch_size`), or when
the platform sees to it: the quality threshold and the time limit. Defaults are those of the engine's model.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from pydantic.alias_generators import to_camel

from voicewright.engines.errors import OptionsInvalid
from voicewright.errors import FieldFault
from voicewright.training.errors import OptionNotSupported
from voicewright.training.options import complete_options
from voicewright.training.schemas import TrainingOptions

if TYPE_CHECKING:
    from voicewright.engines.port import EngineInfo
    from voicewright.settings import Settings

_PLATFORM: Final = frozenset({"quality_threshold", "max_training_time_ms", "engine"})
_DOCUMENTED: Final = frozenset(TrainingOptions.model_fields) - _PLATFORM


@dataclass(frozen=True, slots=True)
class EffectiveOptions:
    """The options that hold for a job."""

    shown: dict[str, Any]
    """Under their documented names; what only the engine knows is under `engine`."""
    engine: dict[str, Any]
    """What the engine is told, under its own names, its defaults included."""
    quality_threshold: float
    max_training_ms: int


def effective_options(info: EngineInfo, options: TrainingOptions, settings: Settings) -> EffectiveOptions:
    """The options that hold for a training with an engine.

    Raises:
        OptionNotSupported: the engine can't honour an option; all such are named.
        OptionsInvalid: a value that the engine can't use, an option that it does not know, one given twice.
    """
    given = options.model_dump(mode="json", exclude_none=True, exclude=set(_PLATFORM))
    _refuse_unsupported(info, given)
    _refuse_twice(given, options.engine)

    def called(name: str) -> str:
        return f"options.{to_camel(name)}" if name in given else f"options.engine.{name}"

    completed = complete_options(info, {**given, **options.engine}, called=called).model_dump(mode="json")
    threshold = options.quality_threshold
    if threshold is None:
        threshold = settings.min_quality_score
    limit_ms = options.max_training_time_ms or settings.training_timeout_ms
    decided = {name: value for name, value in completed.items() if value is not None}
    shown: dict[str, Any] = {to_camel(name): value for name, value in decided.items() if name in _DOCUMENTED}
    shown |= {"qualityThreshold": threshold, "maxTrainingTimeMs": limit_ms}
    own = {name: value for name, value in decided.items() if name not in _DOCUMENTED}
    return EffectiveOptions(shown | ({"engine": own} if own else {}), completed, threshold, limit_ms)


def _refuse_unsupported(info: EngineInfo, given: dict[str, Any]) -> None:
    unsupported = [to_camel(name) for name in given if name not in info.options.model_fields]
    if not unsupported:
        return
    honoured = [to_camel(name) for name in info.options.model_fields if name in _DOCUMENTED]
    can = ", ".join([*honoured, "qualityThreshold", "maxTrainingTimeMs"])
    raise OptionNotSupported(
        f"The provider {info.id} can't honour {', '.join(unsupported)}. It can honour: {can}. Leave the "
        "others out, or choose another provider.",
        fields=[
            FieldFault(f"options.{name}", f"The provider {info.id} can't honour {name}.")
            for name in unsupported
        ],
    )


def _refuse_twice(given: dict[str, Any], engine: dict[str, Any]) -> None:
    twice = sorted(given.keys() & engine.keys())
    if twice:
        names = [f"options.engine.{name}" for name in twice]
        raise OptionsInvalid(
            f"{', '.join(names)}: given as options.{', options.'.join(map(to_camel, twice))} already.",
            fields=[FieldFault(name, "is given twice") for name in names],
        )
