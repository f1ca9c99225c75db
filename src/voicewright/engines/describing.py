"""Says of an engine what somebody asks who chooses among several: what it does, and what it takes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from voicewright.engines.installed import WEIGHTS, read_record

if TYPE_CHECKING:
    from voicewright.engines.installed import Engines
    from voicewright.engines.port import EngineInfo

_MINUTE_S = 60


def in_words(info: EngineInfo) -> str:
    """What it does, in two sentences."""
    able = info.capabilities
    does = []
    if able.clones:
        least_s = able.minimum_speech_s if able.minimum_clone_s is None else able.minimum_clone_s
        does.append(f"clones a voice from {_duration(least_s)} of speech")
    if able.trains:
        does.append(f"trains one from {_duration(able.minimum_speech_s)}")
    if able.has_stock_voices:
        does.append("has voices of its own")
    spoken = len(able.languages)
    does.append(f"speaks {spoken} languages" if spoken > 1 else f"speaks {able.languages[0]}")
    where = "runs on your own machines" if info.provider is None else f"works at {info.provider.name}"
    needs = ", which needs a GPU" if able.needs_gpu else ""
    sentence = ", ".join(does[:-1]) + f" and {does[-1]}"
    return f"{sentence[:1].upper()}{sentence[1:]}. It {where}{needs}."


def disk_bytes(engines: Engines, info: EngineInfo) -> int:
    """What its environment and its weights take here; 0: it has none of its own."""
    folder = engines.place(info)
    if folder is None or info.environment is None:
        return 0
    told = (read_record(folder) or {}).get("environment_bytes")
    weights = [folder / WEIGHTS / file.name for file in info.environment.weights]
    total = told if isinstance(told, int) else 0
    return total + sum(path.stat().st_size for path in weights if path.is_file())


def _duration(seconds: float) -> str:
    return f"{seconds:g} s" if seconds < 2 * _MINUTE_S else f"{seconds / _MINUTE_S:g} min"
