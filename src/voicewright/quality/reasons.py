"""Owns the reasons: what a score means in words, and which sentences or recordings are responsible."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from voicewright.quality import maps
from voicewright.quality.scoring import WEIGHTS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from voicewright.quality.findings import Findings, SentenceFigures
    from voicewright.quality.scoring import Scores

GOOD, FAIR = 0.85, 0.6
NOISY_BAK = 3.0
"""Real recordings read 3.6 on average, with noise at 30 dB 3.3, at 20 dB 2.7."""
LIKE_SELF = maps.SIMILARITY[-1][0]
SHORT_S = 3.0
"""The judge hears a shorter sentence repeated, and takes the seams for noise."""
LITTLE_SPEECH_S = 8.0
"""Below this the cosine of even a real recording reads lower."""
MOST_NAMED = 3
MOST_CHARACTERS = 60


def reasons_for(findings: Findings, scores: Scores) -> tuple[str, ...]:
    """Explain the scores, what costs the most first; every component gets a word."""
    components = {
        "similarity": _similarity,
        "naturalness": _naturalness,
        "clarity": _clarity,
        "consistency": _consistency,
    }

    def cost(name: str) -> float:
        score: float | None = getattr(scores, name)
        return 0.0 if score is None else WEIGHTS[name] * (1.0 - score)

    told = [
        reason
        for name in sorted(components, key=cost, reverse=True)
        for reason in components[name](findings, scores)
    ]
    return (*_foreign(findings), *_silence(findings), *told)


def _foreign(findings: Findings) -> Iterable[str]:
    if findings.foreign:
        yield f"Sentences: {findings.foreign}"


def _silence(findings: Findings) -> Iterable[str]:
    silent = [figures for figures in findings.sentences if figures.silent]
    if silent:
        yield (
            f"Silence: nothing can be heard in {_of(silent, findings.sentences)}: {_named(silent)}. "
            "These count as not spoken."
        )


def _similarity(findings: Findings, scores: Scores) -> Iterable[str]:
    cosine = scores.raw["speaker_cosine"]
    if scores.similarity is None or cosine is None:
        why = (
            f"{findings.silent_references} of {findings.references} recordings hold"
            if findings.silent_references
            else "the sentences hold"
        )
        yield (
            f"Similarity: unknown, because {why} too little speech to compare voices; the other scores "
            "share its weight."
        )
        return
    said = _level(
        scores.similarity,
        "sounds like the speaker",
        "resembles the speaker, with a difference that can be heard",
        "sounds like somebody else",
    )
    yield (
        f"Similarity: the voice {said} (cosine {cosine:.2f}; one person's recordings reach {LIKE_SELF:.2f}, "
        f"two people's about {maps.SIMILARITY[0][0]:.2f})."
    )
    spoken_s = sum(figures.duration_s for figures in findings.sentences)
    if scores.similarity < GOOD and spoken_s < LITTLE_SPEECH_S:
        yield (
            f"Similarity: only {spoken_s:.1f} s were spoken, which reads low by itself; judge it on "
            f"{LITTLE_SPEECH_S:.0f} s or more."
        )
    if findings.references == 1:
        yield "Similarity: there was one recording to compare with; more would make the figure surer."


def _naturalness(findings: Findings, scores: Scores) -> Iterable[str]:
    ovrl = scores.raw["dnsmos_ovrl"]
    if scores.naturalness is None or ovrl is None:
        yield "Naturalness: unknown, because the judge gave no figure; the other scores share its weight."
        return
    said = _level(
        scores.naturalness,
        "sounds like a good recording",
        "can be told from a good recording",
        "sounds artificial or disturbed",
    )
    yield f"Naturalness: the speech {said} (DNSMOS {ovrl:.2f} of 5; clean recordings reach about 3.3)."
    noisy = [
        figures
        for figures in findings.sentences
        if figures.dnsmos.bak < NOISY_BAK and figures.duration_s >= SHORT_S
    ]
    if noisy:
        where = f"{_of(noisy, findings.sentences)}: {_named(noisy)}"
        yield f"Naturalness: noise or hum behind the voice in {where}."
    long_enough = [figures for figures in findings.reference_figures if figures.duration_s >= SHORT_S]
    heard = [figures.name for figures in long_enough if figures.dnsmos.bak < NOISY_BAK]
    if heard:
        yield (
            f"Naturalness: background noise in {len(heard)} of {len(long_enough)} of the "
            f"speaker's own recordings: {_list(heard)}. Cleaner recordings make a cleaner voice."
        )


def _clarity(findings: Findings, scores: Scores) -> Iterable[str]:
    wer = scores.raw["wer"]
    if scores.clarity is None or wer is None:
        why = _why_no_words(findings)
        yield f"Clarity: unknown, because {why}; the other scores share its weight."
        return
    said = _level(scores.clarity, "is understood", "is understood with effort", "is hard to understand")
    yield (
        f"Clarity: the speech {said} ({wer:.0%} of the words misheard by {findings.recogniser}, which "
        "mishears some of real speech too)."
    )
    worst = sorted(
        (f for f in findings.sentences if f.words and not f.silent and (f.wrong_words or 0) > 0.3 * f.words),
        key=lambda f: -(f.wrong_words or 0) / f.words,
    )
    if worst:
        heard = [f'"{_short(f.text)}" as "{_short(f.heard or "")}"' for f in worst[:MOST_NAMED]]
        yield f"Clarity: least clear in {_of(worst, findings.sentences)}, heard {'; '.join(heard)}."


def _why_no_words(findings: Findings) -> str:
    if findings.foreign:
        return f"the sentences are not in the language {findings.language!r}"
    if findings.recogniser is None:
        return f"nothing on this machine recognises the language {findings.language!r}"
    return "the sentences have no words to recognise"


def _consistency(findings: Findings, scores: Scores) -> Iterable[str]:
    spread = scores.raw["speaker_spread"]
    if scores.consistency is None or spread is None:
        yield (
            "Consistency: unknown, because it takes at least two sentences that can be compared; the other "
            "scores share its weight."
        )
        return
    said = _level(scores.consistency, "stays itself", "wavers", "changes")
    known = [figures for figures in findings.sentences if math.isfinite(figures.speaker_cosine)]
    least = min(known, key=lambda f: f.speaker_cosine)
    where = "" if scores.consistency >= GOOD else f'; least like the speaker in "{_short(least.text)}"'
    yield f"Consistency: the voice {said} between sentences (spread of the cosine {spread:.3f}{where})."


def _level(score: float, good: str, fair: str, poor: str) -> str:
    if score >= GOOD:
        return good
    return fair if score >= FAIR else poor


def _of(some: Sequence[object], everything: Sequence[object]) -> str:
    return f"{len(some)} of {len(everything)} sentence{'s' if len(everything) != 1 else ''}"


def _named(sentences: Sequence[SentenceFigures]) -> str:
    return _list([f'"{_short(figures.text)}"' for figures in sentences])


def _list(names: Sequence[str]) -> str:
    rest = len(names) - MOST_NAMED
    return ", ".join(names[:MOST_NAMED]) + (f" and {rest} more" if rest > 0 else "")


def _short(text: str) -> str:
    return text if len(text) <= MOST_CHARACTERS else text[: MOST_CHARACTERS - 3].rstrip() + "..."
