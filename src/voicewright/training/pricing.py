"""What a training costs: three formulas over time, bytes and speech. Pure; an estimate and the bill agree.

| engines that are paid | dollars |
| --- | --- |
| by the machine (`compute`) | hours x price + stored GB x 0.02 + moved GB x 0.09 |
| as Google Cloud has it (`google`) | 300 + minutes of speech beyond 30 x 0.10 + stored GB x 0.02 + 50 |
| as OpenAI has it (`openai`) | tokens / 1000 x 0.008 + stored GB x 0.02 + 25 |

All prices are settings. An hour has the price of a GPU's where the engine needs one to train, otherwise of a
CPU's.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from voicewright.engines.port import EngineInfo
    from voicewright.settings import Settings

GB: Final = 10**9
"""Bytes; as clouds count."""
GOOGLE_FREE_MINUTES: Final = 30
_STORAGE: Final = "storage"
_CENTS: Final = Decimal("0.000001")
_HOUR_MS: Final = 3_600_000
_LONGEST_MS: Final = 7 * 24 * _HOUR_MS


@dataclass(frozen=True, slots=True)
class Usage:
    """What a training took, or will take; of all its attempts together."""

    time_ms: int
    """Wall time in which it ran."""
    stored_bytes: int
    """Samples and voice."""
    moved_bytes: int
    """To the machine that trains and back."""
    speech_s: float
    clones: bool = False
    """It clones, and may do without the GPU that a training needs."""

    def __post_init__(self) -> None:
        if min(self.time_ms, self.stored_bytes, self.moved_bytes) < 0 or not self.speech_s >= 0:
            raise ValueError(f"{self} has an amount below zero")


@dataclass(frozen=True, slots=True)
class CostPart:
    """One line of a bill."""

    name: str
    quantity: Decimal
    unit: str
    unit_price: Decimal
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Cost:
    """A bill, in dollars."""

    parts: tuple[CostPart, ...]

    @property
    def total(self) -> Decimal:
        """The sum of the parts."""
        return sum((part.amount for part in self.parts), Decimal(0))


def cost_of(engine: EngineInfo, usage: Usage, settings: Settings) -> Cost:
    """What it costs to train with an engine, line by line."""
    storage = _part(_STORAGE, _gb(usage.stored_bytes), "GB", settings.price_storage_gb)
    match engine.billing:
        case "compute":
            gpu = engine.gpu_memory_to_make_mb(clones=usage.clones) > 0
            price = settings.price_gpu_hour if gpu else settings.price_cpu_hour
            hours = Decimal(usage.time_ms) / _HOUR_MS
            return Cost(
                (
                    _part("gpu" if gpu else "cpu", hours, "hour", price),
                    storage,
                    _part("transfer", _gb(usage.moved_bytes), "GB", settings.price_transfer_gb),
                )
            )
        case "google":
            further = max(Decimal(0), Decimal(str(usage.speech_s)) / 60 - GOOGLE_FREE_MINUTES)
            return Cost(
                (
                    _part("training", Decimal(1), "voice", settings.price_google_training),
                    _part("speech", further, "minute", settings.price_google_minute),
                    storage,
                    _part("calls", Decimal(1), "voice", settings.price_google_calls),
                )
            )
        case "usage":
            return Cost((storage,))
        case "openai":
            tokens = Decimal(str(usage.speech_s)) * Decimal(str(engine.forecast.tokens_per_speech_s))
            return Cost(
                (
                    _part("tokens", tokens / 1000, "1000 tokens", settings.price_openai_thousand_tokens),
                    storage,
                    _part("calls", Decimal(1), "voice", settings.price_openai_calls),
                )
            )


def actual_cost(engine: EngineInfo, usage: Usage, settings: Settings, *, made: bool = True) -> Decimal:
    """What a training has cost, from what it took in all its attempts together.

    Nothing where it never ran: a training that was cancelled before its start owes nobody a fee. A provider
    has its fee for a voice that it made, and for that once.

    Args:
        engine: what trained.
        usage: what it took.
        settings: the prices.
        made: whether a voice came of it.
    """
    if usage.time_ms == 0:
        return Decimal(0)
    cost = cost_of(engine, usage, settings)
    if made or engine.billing == "compute":
        return cost.total
    return Cost(tuple(part for part in cost.parts if part.name == _STORAGE)).total


def affordable_ms(engine: EngineInfo, usage: Usage, amount: Decimal, settings: Settings) -> int:
    """For how long a training may run until it has cost an amount; seven days where time costs nothing.

    Args:
        engine: what trains.
        usage: its bytes and speech; the time in it does not count.
        amount: dollars.
        settings: the prices.
    """
    gpu = engine.gpu_memory_to_make_mb(clones=usage.clones) > 0
    price = settings.price_gpu_hour if gpu else settings.price_cpu_hour
    if engine.billing != "compute" or price == 0:
        return _LONGEST_MS
    idle = replace(usage, time_ms=0)
    left = amount - cost_of(engine, idle, settings).total
    return max(0, min(_LONGEST_MS, int(left / price * _HOUR_MS)))


def _part(name: str, quantity: Decimal, unit: str, unit_price: Decimal) -> CostPart:
    amount = (quantity * unit_price).quantize(_CENTS, ROUND_HALF_UP)
    return CostPart(name, quantity.quantize(_CENTS, ROUND_HALF_UP), unit, unit_price, amount)


def _gb(size_bytes: int) -> Decimal:
    return Decimal(size_bytes) / GB
