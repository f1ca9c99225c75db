"""Which engines there are: found through entry points, loaded one by one, each failure kept apart.

A plugin is a distribution with an entry point in the group `voicewright.engines`, named like the id of the
engine, that leads to its `EngineInfo`. Loading one imports its light description and nothing else of it.
"""

from __future__ import annotations

import difflib
import importlib.util
import re
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from typing import TYPE_CHECKING

from voicewright.engines.errors import EngineNotFound, EngineNotInstalled, EnginePluginBroken
from voicewright.engines.port import EngineInfo

if TYPE_CHECKING:
    from collections.abc import Iterable

GROUP = "voicewright.engines"
_ID = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
"""An id becomes the name of a folder, which is removed with the engine."""


@dataclass(frozen=True, slots=True)
class BrokenPlugin:
    """An entry point that leads nowhere."""

    name: str
    """Of the entry point: the id that the engine would have."""
    target: str
    """`module:attribute`, as registered."""
    reason: str
    """One sentence for the user."""


def list_engines(found: Iterable[EntryPoint] | None = None) -> tuple[EngineInfo, ...]:
    """Return the engines that can be described, sorted by id; broken plugins are left out.

    Args:
        found: the entry points to look at; those of the installed distributions by default.
    """
    return _load_all(found)[0]


def list_broken_plugins(found: Iterable[EntryPoint] | None = None) -> tuple[BrokenPlugin, ...]:
    """Return the plugins that can't be loaded, each with the reason."""
    return _load_all(found)[1]


def get_engine(engine_id: str, found: Iterable[EntryPoint] | None = None) -> EngineInfo:
    """Return the engine with this id, loading no other.

    Raises:
        EngineNotFound: there is none; the message names those there are.
        EnginePluginBroken: it is registered, but its description can't be loaded.
    """
    registered = _registered(found)
    point = next((each for each in registered if each.name == engine_id), None)
    if point is None:
        names = sorted({each.name for each in registered})
        close = difflib.get_close_matches(engine_id, names, n=1)
        hint = f" Did you mean {close[0]!r}?" if close else ""
        known = ", ".join(names) if names else "none; reinstall voicewright"
        raise EngineNotFound(f"There is no engine {engine_id!r}.{hint} The engines are: {known}.")
    loaded = _load(point)
    if isinstance(loaded, BrokenPlugin):
        raise EnginePluginBroken(
            f"The engine {engine_id!r} can't be used: {loaded.reason} Reinstall or remove its plugin."
        )
    return loaded


def missing_modules(info: EngineInfo) -> tuple[str, ...]:
    """Return those of `info.requires` that can't be found here, without importing any of them."""
    return tuple(name for name in info.requires if not _is_there(name))


def require_installed(info: EngineInfo) -> None:
    """Check that what the engine needs is here.

    Raises:
        EngineNotInstalled: naming what is missing and how to get it.
    """
    missing = missing_modules(info)
    if missing:
        hint = f" Install it with: {info.install_hint}" if info.install_hint else ""
        raise EngineNotInstalled(f"The engine {info.title} needs {', '.join(missing)}.{hint}")


def _registered(found: Iterable[EntryPoint] | None) -> tuple[EntryPoint, ...]:
    # One distribution can be on the path twice (an editable install over an older one): same thing, once.
    return tuple(dict.fromkeys(entry_points(group=GROUP) if found is None else found))


def _load_all(found: Iterable[EntryPoint] | None) -> tuple[tuple[EngineInfo, ...], tuple[BrokenPlugin, ...]]:
    engines: dict[str, EngineInfo] = {}
    broken: list[BrokenPlugin] = []
    for point in _registered(found):
        loaded = _load(point)
        if isinstance(loaded, EngineInfo) and loaded.id in engines:
            loaded = BrokenPlugin(
                point.name, point.value, "Another plugin has registered the same id before."
            )
        if isinstance(loaded, EngineInfo):
            engines[loaded.id] = loaded
        else:
            broken.append(loaded)
    return tuple(engines[key] for key in sorted(engines)), tuple(broken)


def _load(point: EntryPoint) -> EngineInfo | BrokenPlugin:
    try:
        info = point.load()
    except Exception as error:  # noqa: BLE001 - whatever a plugin does at import must not stop the others
        reason = f"Loading {point.value} failed with {type(error).__name__}: {error}."
        return BrokenPlugin(point.name, point.value, reason)
    if not isinstance(info, EngineInfo):
        reason = f"{point.value} is a {type(info).__name__} instead of an EngineInfo."
        return BrokenPlugin(point.name, point.value, reason)
    if not _ID.fullmatch(info.id):
        reason = f"{point.value} has the id {info.id!r}, which is not 1-64 of a-z, 0-9, - and _."
        return BrokenPlugin(point.name, point.value, reason)
    if info.id != point.name:
        reason = f"{point.value} is registered as {point.name!r}, but calls itself {info.id!r}."
        return BrokenPlugin(point.name, point.value, reason)
    return info


def _is_there(module: str) -> bool:
    try:
        return importlib.util.find_spec(module) is not None
    except (ImportError, ValueError):
        return False
