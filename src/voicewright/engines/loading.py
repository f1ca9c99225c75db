"""How an engine comes to life inside its host process: imported, made, and held to what it declares."""

from __future__ import annotations

import importlib
import inspect
from typing import TYPE_CHECKING, Any, NamedTuple

from voicewright.engines.errors import EngineContractBroken, EngineNotInstalled
from voicewright.engines.port import Cloner, Forgetter, StockVoices, Synthesizer, Trainer

if TYPE_CHECKING:
    from voicewright.engines.port import EngineInfo, EngineSetup


class _Role(NamedTuple):
    protocol: type
    methods: dict[str, int]
    """The methods of the protocol, each with the number of its arguments."""


_CLONER = _Role(Cloner, {"clone": 2})
_TRAINER = _Role(Trainer, {"train": 2})
_SYNTHESIZER = _Role(Synthesizer, {"load": 1, "synthesize": 2})
_STOCK = _Role(StockVoices, {"stock_voices": 1, "write_stock_voice": 3})
_FORGETTER = _Role(Forgetter, {"forget": 2})


def load_engine(info: EngineInfo, setup: EngineSetup) -> Any:
    """Import the engine's factory, call it, and check the result against the declared capabilities.

    Args:
        info: the description.
        setup: what the factory is called with, where the engine needs one.

    Raises:
        EngineNotInstalled: the factory, or something that it imports, is not there.
        EngineContractBroken: the engine can't do what it declares, or declares less than it can do.
    """
    module_name, _, attribute = info.factory.partition(":")
    try:
        module = importlib.import_module(module_name)
    except ImportError as error:
        hint = f" Install it with: {info.install_hint}" if info.install_hint else ""
        raise EngineNotInstalled(f"The engine {info.title} can't be loaded: {error}.{hint}") from error
    factory = getattr(module, attribute, None)
    if not callable(factory):
        raise EngineContractBroken(
            f"The engine {info.title} names {info.factory} as its factory, but that module has no such class."
        )
    engine = factory(setup) if info.needs_setup else factory()
    faults = find_faults(engine, info)
    if faults:
        raise EngineContractBroken(f"The engine {info.title} is not what it declares: {'; '.join(faults)}.")
    return engine


def find_faults(engine: object, info: EngineInfo) -> tuple[str, ...]:
    """Return, in words, where the engine and its declared capabilities differ."""
    declared = info.capabilities
    keeps_voices = info.provider is not None and info.provider.keeps_voices
    return (
        *_differences(engine, _CLONER, "clones", declared=declared.clones),
        *_differences(engine, _TRAINER, "trains", declared=declared.trains),
        *_differences(engine, _SYNTHESIZER, "", declared=True),
        *_differences(engine, _STOCK, "has_stock_voices", declared=declared.has_stock_voices),
        *_differences(engine, _FORGETTER, "keeps_voices", declared=keeps_voices),
    )


def _differences(engine: object, role: _Role, capability: str, *, declared: bool) -> list[str]:
    able = isinstance(engine, role.protocol)
    if not declared:
        return [f"it declares {capability}=False, but has `{next(iter(role.methods))}`"] if able else []
    if not able:
        missing = [f"`{name}`" for name in role.methods if not callable(getattr(engine, name, None))]
        why = f"it declares {capability}=True" if capability else "every engine speaks"
        return [f"{why}, but {' and '.join(missing)} is missing"]
    return [
        f"`{name}` does not take {count} positional arguments"
        for name, count in role.methods.items()
        if not _accepts(getattr(engine, name), count)
    ]


def _accepts(method: Any, positional: int) -> bool:
    try:
        inspect.signature(method).bind(*range(positional))
    except TypeError:
        return False
    except ValueError:  # a function in C without a signature: only a call can tell
        return True
    return True
