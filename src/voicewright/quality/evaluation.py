"""The evaluation of a voice: asks the judges about spoken sentences and keeps figures, scores and reasons.

The sentences should be ones that the voice was not trained on, and the references recordings that were held
out of its training; otherwise the scores flatter.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

from voicewright.quality.errors import NothingToJudge
from voicewright.quality.inquiry import find, hear_references
from voicewright.quality.reasons import GOOD, reasons_for
from voicewright.quality.scoring import score

if TYPE_CHECKING:
    import threading
    from collections.abc import Sequence
    from pathlib import Path

    from voicewright.quality.figures import SpokenSentence
    from voicewright.quality.findings import Findings, SentenceFigures
    from voicewright.quality.measurer import Measurer

MOST_REFERENCES_HEARD = 4
"""Of the recordings, for naturalness, and only where the voice itself does not sound clean."""


@dataclass(frozen=True, slots=True)
class Evaluation:
    """How good a voice is. Scores are 0..1, or None where one can't be known; the reasons then say why."""

    similarity: float | None
    naturalness: float | None
    clarity: float | None
    consistency: float | None
    overall: float
    """0.4 similarity + 0.3 naturalness + 0.2 clarity + 0.1 consistency; the known ones share the weight."""
    raw: Mapping[str, float | None]
    """`speaker_cosine`, `speaker_spread`, `dnsmos_ovrl`, `dnsmos_sig`, `dnsmos_bak`, `wer`."""
    reasons: tuple[str, ...]
    """Sentences for the user, the weightiest first."""
    sentences: tuple[Mapping[str, Any], ...]
    """Per sentence: `text`, `audio` (file name), `duration_s`, `silent`, `speaker_cosine`, `dnsmos_ovrl`,
    `dnsmos_sig`, `dnsmos_bak`, `heard`, `words`, `wrong_words`; `watermark`, `signed`: once it is marked."""
    language: str
    recogniser: str | None
    """What heard the words; None where nothing recognises the language, or the sentences are in another."""

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON values, without NaN."""
        return {
            **asdict(self),
            "raw": dict(self.raw),
            "reasons": list(self.reasons),
            "sentences": [dict(figures) for figures in self.sentences],
        }


def evaluate(
    measurer: Measurer,
    *,
    spoken: Sequence[SpokenSentence],
    references: Sequence[Path],
    language: str,
    foreign: str | None = None,
    cancel: threading.Event | None = None,
) -> Evaluation:
    """Judge a voice by sentences that it has spoken, against recordings of its speaker.

    Args:
        measurer: asks the judges.
        spoken: the sentences.
        references: the recordings.
        language: of the voice.
        foreign: says what the sentences are, where they are not in that language (`SentenceSet.note`); then
            clarity is left out.
        cancel: set by another thread to stop.

    Raises:
        NothingToJudge: when there are no sentences or no recordings.
        AudioError: when a file can't be read.
        AppError: as `Measurer`'s questions.
    """
    if not spoken:
        raise NothingToJudge("There is nothing to judge: the voice has spoken no sentence.")
    if not references:
        raise NothingToJudge(
            "There is nothing to compare the voice with: keep at least one recording out of training."
        )
    findings = find(
        measurer, spoken=spoken, references=references, language=language, foreign=foreign, cancel=cancel
    )
    scores = score(findings)
    if scores.naturalness is not None and scores.naturalness < GOOD:
        heard = references[:MOST_REFERENCES_HEARD]
        findings = replace(findings, reference_figures=hear_references(measurer, heard, cancel=cancel))
    return evaluation_of(findings)


def evaluation_of(findings: Findings) -> Evaluation:
    """Turn what the judges said into scores and reasons."""
    scores = score(findings)
    return Evaluation(
        similarity=scores.similarity,
        naturalness=scores.naturalness,
        clarity=scores.clarity,
        consistency=scores.consistency,
        overall=round(scores.overall, 4),
        raw={name: None if value is None else round(value, 4) for name, value in scores.raw.items()},
        reasons=reasons_for(findings, scores),
        sentences=tuple(_sentence_json(figures) for figures in findings.sentences),
        language=findings.language,
        recogniser=findings.recogniser,
    )


def _sentence_json(figures: SentenceFigures) -> dict[str, Any]:
    return {
        "text": figures.text,
        "audio": figures.audio,
        "duration_s": round(figures.duration_s, 3),
        "silent": figures.silent,
        "speaker_cosine": _rounded(figures.speaker_cosine),
        "dnsmos_ovrl": _rounded(figures.dnsmos.ovrl),
        "dnsmos_sig": _rounded(figures.dnsmos.sig),
        "dnsmos_bak": _rounded(figures.dnsmos.bak),
        "heard": figures.heard,
        "words": figures.words,
        "wrong_words": figures.wrong_words,
    }


def _rounded(value: float) -> float | None:
    return round(value, 4) if math.isfinite(value) else None
