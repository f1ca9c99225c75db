"""Owns the scores: from the judges' figures to four components and one overall score of 0..1.

    overall = 0.4 similarity + 0.3 naturalness + 0.2 clarity + 0.1 consistency

A component that can't be known (no recogniser for the language, a single sentence, a judge without an answer)
is None, and the others share its weight in proportion.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from voicewright.quality import maps
from voicewright.quality.figures import Dnsmos

if TYPE_CHECKING:
    from voicewright.quality.findings import Findings

WEIGHTS: Mapping[str, float] = {"similarity": 0.4, "naturalness": 0.3, "clarity": 0.2, "consistency": 0.1}
SILENCE = Dnsmos(1.0, 1.0, 1.0)
"""A sentence without a sound counts as the worst that the scale of opinions has."""


@dataclass(frozen=True, slots=True)
class Scores:
    """The components, each 0..1 or None where it can't be known, and what they were made from."""

    similarity: float | None
    naturalness: float | None
    clarity: float | None
    consistency: float | None
    overall: float
    raw: Mapping[str, float | None]


def score(findings: Findings) -> Scores:
    """Score one voice; an overall score of 0 where no component is known."""
    opinions = [SILENCE if figures.silent else figures.dnsmos for figures in findings.sentences]
    known = [opinion for opinion in opinions if opinion.is_known]
    cosines = [
        figures.speaker_cosine for figures in findings.sentences if math.isfinite(figures.speaker_cosine)
    ]
    raw: dict[str, float | None] = {
        "speaker_cosine": _or_none(findings.speaker_cosine),
        "speaker_spread": statistics.pstdev(cosines) if len(cosines) > 1 else None,
        "dnsmos_ovrl": _mean([opinion.ovrl for opinion in known]),
        "dnsmos_sig": _mean([opinion.sig for opinion in known]),
        "dnsmos_bak": _mean([opinion.bak for opinion in known]),
        "wer": _word_error_rate(findings),
    }
    if all(figures.silent for figures in findings.sentences):
        raw["speaker_cosine"] = 0.0
    parts = {
        "similarity": _mapped(maps.similarity, raw["speaker_cosine"]),
        "naturalness": _mapped(maps.naturalness, raw["dnsmos_ovrl"]),
        "clarity": _mapped(maps.clarity, raw["wer"]),
        "consistency": _mapped(maps.consistency, raw["speaker_spread"]),
    }
    return Scores(overall=overall(parts), raw=raw, **parts)


def overall(parts: Mapping[str, float | None]) -> float:
    """Weigh the known components, their weights brought to a sum of 1."""
    known = {name: part for name, part in parts.items() if part is not None}
    weight = sum(WEIGHTS[name] for name in known)
    return sum(WEIGHTS[name] * part for name, part in known.items()) / weight if weight else 0.0


def _word_error_rate(findings: Findings) -> float | None:
    judged = [figures for figures in findings.sentences if figures.wrong_words is not None and figures.words]
    words = sum(figures.words for figures in judged)
    return sum(figures.wrong_words or 0 for figures in judged) / words if words else None


def _mapped(function: Callable[[float], float], figure: float | None) -> float | None:
    return None if figure is None else round(function(figure), 4)


def _mean(values: list[float]) -> float | None:
    return statistics.fmean(values) if values else None


def _or_none(value: float) -> float | None:
    return value if math.isfinite(value) else None
