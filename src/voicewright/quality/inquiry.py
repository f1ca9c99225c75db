"""Asks the judges everything that an evaluation wants to know, and scores nothing."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from numpy.typing import NDArray

from voicewright.audio.decode import iter_blocks
from voicewright.audio.errors import EmptyAudioFile
from voicewright.quality.findings import Findings, ReferenceFigures, SentenceFigures
from voicewright.quality.wer import edits, words_of

if TYPE_CHECKING:
    import threading
    from collections.abc import Sequence
    from pathlib import Path

    from voicewright.quality.figures import Dnsmos, Recognition, SpokenSentence
    from voicewright.quality.measurer import Measurer

Embedding: TypeAlias = NDArray[np.float32]

SILENT_PEAK = 1e-3
"""-60 dBFS: a sentence that stays below holds no speech, whatever the judges read into its noise."""


def find(
    measurer: Measurer,
    *,
    spoken: Sequence[SpokenSentence],
    references: Sequence[Path],
    language: str,
    foreign: str | None = None,
    cancel: threading.Event | None = None,
) -> Findings:
    """Ask about every sentence, and about the recordings' speaker.

    Words are left alone where the sentences are `foreign`: no recogniser of one language can tell whether
    another was spoken clearly.

    Raises:
        AudioError: when a file can't be read.
        AppError: as `Measurer`'s questions.
    """
    paths = [sentence.path for sentence in spoken]
    lengths = [duration_and_peak(path) for path in paths]
    audible = [path for path, (_, peak) in zip(paths, lengths, strict=True) if peak >= SILENT_PEAK]
    rows = measurer.speaker_embeddings([*references, *paths], cancel=cancel)
    whole = measurer.speaker_embedding_of_all(audible, cancel=cancel)
    target = centroid(rows[: len(references)])
    opinions = measurer.dnsmos(paths, cancel=cancel)
    recogniser = None if foreign else measurer.recogniser(language)
    heard: Sequence[Recognition | None] = [None] * len(paths)
    if recogniser is not None:
        heard = measurer.recognise(paths, language, cancel=cancel)
    return Findings(
        language=language,
        recogniser=recogniser,
        sentences=tuple(
            _figures(
                spoken[index],
                lengths[index],
                cosine=float(rows[len(references) + index] @ target),
                opinion=opinions[index],
                heard=heard[index],
                language=language,
            )
            for index in range(len(paths))
        ),
        speaker_cosine=float(whole @ target),
        references=len(references),
        silent_references=int(np.isnan(rows[: len(references), 0]).sum()),
        foreign=foreign,
    )


def hear_references(
    measurer: Measurer, references: Sequence[Path], *, cancel: threading.Event | None = None
) -> tuple[ReferenceFigures, ...]:
    """Ask how clean some recordings are, to tell whether a voice's noise comes from them."""
    opinions = measurer.dnsmos(references, cancel=cancel)
    return tuple(
        ReferenceFigures(path.name, said, duration_and_peak(path)[0])
        for path, said in zip(references, opinions, strict=True)
    )


def centroid(rows: Embedding) -> Embedding:
    """The mean direction of embeddings (n, 256) at length 1; NaN where no row is known."""
    known = rows[np.isfinite(rows).all(axis=1)]
    if not len(known):
        return np.full(rows.shape[1], np.nan, dtype=np.float32)
    mean = known.mean(axis=0)
    return np.asarray(mean / np.linalg.norm(mean), dtype=np.float32)


def duration_and_peak(path: Path) -> tuple[float, float]:
    """Read a file through: its length in seconds and its highest sample (full scale 1).

    Raises:
        AudioError: when it can't be read.
    """
    duration_s = peak = 0.0
    try:
        for block, rate_hz in iter_blocks(path):
            duration_s += len(block) / rate_hz
            peak = max(peak, float(np.abs(np.nan_to_num(block)).max(initial=0.0)))
    except EmptyAudioFile:
        return 0.0, 0.0
    return duration_s, peak


def _figures(
    sentence: SpokenSentence,
    length: tuple[float, float],
    *,
    cosine: float,
    opinion: Dnsmos,
    heard: Recognition | None,
    language: str,
) -> SentenceFigures:
    duration_s, peak = length
    words = words_of(sentence.text, language)
    return SentenceFigures(
        text=sentence.text,
        audio=sentence.path.name,
        duration_s=duration_s,
        speaker_cosine=cosine if peak >= SILENT_PEAK else math.nan,
        dnsmos=opinion,
        silent=peak < SILENT_PEAK,
        heard=None if heard is None else heard.text,
        words=len(words),
        wrong_words=None if heard is None else edits(words, words_of(heard.text, language)),
    )
