"""Owns what was measured about a voice before anything is scored: figures per sentence and over all."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from voicewright.quality.figures import UNKNOWN_DNSMOS, Dnsmos


@dataclass(frozen=True, slots=True)
class SentenceFigures:
    """What the judges said of one spoken sentence; NaN or None where one had nothing to say."""

    text: str
    audio: str
    """The name of the file that was judged."""
    duration_s: float
    speaker_cosine: float = math.nan
    """To the centroid of the recordings; short sentences score lower by themselves."""
    dnsmos: Dnsmos = UNKNOWN_DNSMOS
    silent: bool = False
    """Whether there is not a sound in it."""
    heard: str | None = None
    """What the recogniser heard; None where there is no recogniser."""
    words: int = 0
    """How many words the text has."""
    wrong_words: int | None = None
    """Words inserted, deleted or replaced by the recogniser."""


@dataclass(frozen=True, slots=True)
class ReferenceFigures:
    """What the judges said of one real recording."""

    name: str
    dnsmos: Dnsmos
    duration_s: float


@dataclass(frozen=True, slots=True)
class Findings:
    """Everything that the judges said of one voice."""

    language: str
    recogniser: str | None
    """Which recogniser heard the words; None where the language has none."""
    sentences: tuple[SentenceFigures, ...]
    speaker_cosine: float
    """Of all sentences, one after the other, to the centroid of the recordings; NaN where unknown."""
    references: int
    """How many recordings the voice was compared with."""
    silent_references: int = 0
    """Those of them with too little speech to tell who speaks."""
    reference_figures: tuple[ReferenceFigures, ...] = field(default=())
    """Of some recordings, where the voice does not sound clean and they may be the reason."""
    foreign: str | None = None
    """What the sentences are, where they are not in the language of the voice; then nobody heard words."""
