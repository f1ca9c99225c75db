"""Owns what the judges say: plain figures that travel between processes and into reports."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class SpokenSentence:
    """One sentence that a voice has spoken, to be judged."""

    text: str
    path: Path


@dataclass(frozen=True, slots=True)
class Dnsmos:
    """Three opinions about one clip, each about 1 (bad) to 5 (excellent); NaN where nothing can be heard."""

    ovrl: float
    """Overall."""
    sig: float
    """The speech itself."""
    bak: float
    """The background: noise, hum, hiss."""

    @property
    def is_known(self) -> bool:
        """Whether the judge had an opinion."""
        return all(math.isfinite(figure) for figure in (self.ovrl, self.sig, self.bak))


UNKNOWN_DNSMOS = Dnsmos(math.nan, math.nan, math.nan)


@dataclass(frozen=True, slots=True)
class Recognition:
    """What a recogniser heard in one clip; the text is empty where it heard nothing."""

    text: str
    words: tuple[tuple[str, float, float], ...] = ()
    """(word, start, end), in seconds of the clip, in order."""
    confidence: float = 0.0
    """How sure the recogniser is of its words, 0..1."""
