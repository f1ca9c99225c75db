"""Owns the better recogniser: faster-whisper, where it is installed and its weights lie on this machine."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import numpy as np

from voicewright.quality.figures import Recognition
from voicewright.quality.judges.packages import directory_of
from voicewright.quality.judges.signals import Samples, at_peak
from voicewright.quality.languages import primary_language

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path


class WhisperRecogniser:
    """One Whisper model from a local directory; nothing is ever downloaded."""

    def __init__(self, weights_dir: Path, threads: int) -> None:
        directory_of("faster_whisper")
        import faster_whisper  # noqa: PLC0415 - only where words are recognised

        logging.getLogger("faster_whisper").setLevel(logging.ERROR)
        self._model = faster_whisper.WhisperModel(
            str(weights_dir),
            device="auto",
            compute_type="default",
            cpu_threads=threads,
            local_files_only=True,
        )

    def recognise(self, samples: Samples, language: str) -> Recognition:
        """Recognise one clip of 16 kHz mono samples in a language given by its BCP 47 code."""
        if not np.any(samples):
            return Recognition("")
        segments, _ = self._model.transcribe(
            at_peak(samples),
            language=primary_language(language),
            beam_size=5,
            word_timestamps=True,
            condition_on_previous_text=False,
        )
        return recognition_of(segments)


def recognition_of(segments: Iterable[Any]) -> Recognition:
    """Turn Whisper's segments into words; the confidence is their mean probability, weighted by length."""
    segments = list(segments)
    heard = [word for segment in segments for word in segment.words or ()]
    text = " ".join(segment.text.strip() for segment in segments).strip()
    lengths = [max(word.end - word.start, 0.01) for word in heard]
    sure = sum(word.probability * length for word, length in zip(heard, lengths, strict=True))
    words = tuple((word.word.strip(), float(word.start), float(word.end)) for word in heard)
    return Recognition(text, words, float(sure / sum(lengths)) if lengths else 0.0)
