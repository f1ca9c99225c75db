"""Which of one person's voices speaks, where several engines made one: pure rules.

| rule | who comes first |
| --- | --- |
| `named` | the one that was asked for |
| `best` | the best judged; one that nobody judged comes last |
| `cost` | the one whose engine asks the fewest dollars for 1,000 characters, then the fastest |
| `latency` | the one whose first sound comes soonest: the median of its last uses, else of its engine's |

Among equals the one that was asked for, then the newest. Only voices come into question whose engine can be
had and speaks the language; what holds for none of them is no rule's matter.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

    from voicewright.engines.port import EngineInfo
    from voicewright.speech.order import Choose
    from voicewright.voices.models import VoiceModel

_STREAMING_MS: Final = 500.0
_WHOLE_MS: Final = 3000.0
_FAR_MS: Final = 500.0
"""Further, where a provider does the work."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A voice that may be chosen."""

    voice: VoiceModel
    info: EngineInfo
    measured_ms: float | None
    """To the first sound, usually; None: nobody knows."""

    @property
    def latency_ms(self) -> float:
        """To the first sound; by the nature of its engine where nothing was measured."""
        if self.measured_ms is not None:
            return self.measured_ms
        near_ms = _STREAMING_MS if self.info.capabilities.streams else _WHOLE_MS
        return near_ms if self.info.provider is None else near_ms + _FAR_MS


def in_order(candidates: Sequence[Candidate], rule: Choose) -> list[Candidate]:
    """Who speaks first, who next: equals stay in the order in which they come."""

    def rank(one: Candidate) -> tuple[float, ...]:
        match rule:
            case "named":
                return ()
            case "best":
                score = one.voice.quality_score
                return (1.0 if score is None else -score,)
            case "cost":
                return one.info.dollars_per_1000_characters, one.latency_ms
            case "latency":
                return (one.latency_ms,)

    return sorted(candidates, key=rank)


def reason_of(chosen: Candidate, rule: Choose) -> str:
    """Why it was chosen, in words."""
    title = chosen.info.title
    match rule:
        case "named":
            return "It was asked for."
        case "best":
            score = chosen.voice.quality_score
            judged = "" if score is None else f", judged {score:.2f}"
            return f"The best of this person's voices was asked for: that of {title}{judged}."
        case "cost":
            price = chosen.info.dollars_per_1000_characters
            asks = f"{price:.3f} dollars for 1,000 characters" if price else "nothing for speaking"
            return f"The cheapest of this person's voices was asked for: {title} asks {asks}."
        case "latency":
            known = "is expected" if chosen.measured_ms is None else "came lately"
            return (
                f"The fastest of this person's voices was asked for: the first sound of {title} {known} "
                f"after {chosen.latency_ms:.0f} ms."
            )
