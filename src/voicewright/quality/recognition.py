"""Owns the offline recogniser: pocketsphinx with the English model that its package carries."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec

import numpy as np

from voicewright.quality.errors import JudgeMissing
from voicewright.quality.signals import JUDGE_RATE_HZ, Samples, at_peak

PAD_S = 0.25
NOISE = 1e-4
FRAMES_PER_S = 100


@dataclass(frozen=True, slots=True)
class Recognition:
    """What was heard in one clip."""

    text: str
    words: tuple[tuple[str, float, float], ...] = ()
    """(word, start, end), in seconds of the clip."""
    confidence: float = 0.0
    """0..1: the geometric mean of the words' posteriors."""


def conditioned(samples: Samples) -> bytes:
    """Bring the peak to 0.7, pad 0.25 s on both sides, add noise at 1e-4: halves pocketsphinx' error rate."""
    loud = at_peak(samples)
    pad = np.zeros(int(PAD_S * JUDGE_RATE_HZ), dtype=np.float32)
    noise = np.random.default_rng(0).standard_normal(len(loud) + 2 * len(pad)) * NOISE
    padded = np.concatenate([pad, loud, pad]) + noise
    return (padded * 32_767).astype(np.int16).tobytes()


class Recogniser:
    """One pocketsphinx decoder, kept: its mean normalisation adapts from clip to clip."""

    def __init__(self, **settings: object) -> None:
        if find_spec("pocketsphinx") is None:
            raise JudgeMissing("pocketsphinx")
        import pocketsphinx  # noqa: PLC0415 - only where words are measured

        self._decoder = pocketsphinx.Decoder(samprate=JUDGE_RATE_HZ, loglevel="FATAL", **settings)

    def recognise(self, samples: Samples) -> Recognition:
        """Recognise one clip of 16 kHz mono samples."""
        if not np.any(samples):
            return Recognition("")
        self._decoder.start_utt()
        self._decoder.process_raw(conditioned(samples), full_utt=True)
        self._decoder.end_utt()
        best = self._decoder.hyp()
        return Recognition("" if best is None else best.hypstr)
