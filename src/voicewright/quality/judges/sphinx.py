"""Owns the offline recogniser: pocketsphinx with the American English model that its package carries.

The figures behind the conditioning and the settings are in docs/evaluation.md ("Recognition").
"""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import numpy as np

from voicewright.quality.figures import Recognition
from voicewright.quality.judges.packages import directory_of
from voicewright.quality.judges.signals import JUDGE_RATE_HZ, Samples, at_peak

if TYPE_CHECKING:
    from collections.abc import Iterable

PAD_S = 0.25
NOISE = 1e-4
FRAMES_PER_S = 100
INT16_MAX = 32_767


def conditioned(samples: Samples) -> bytes:
    """Bring the peak to 0.7, pad 0.25 s on both sides, add noise at 1e-4: halves pocketsphinx' error rate.

    The noise is the same for every clip, so that a clip is always heard the same way.
    """
    pad = np.zeros(round(PAD_S * JUDGE_RATE_HZ), dtype=np.float32)
    padded = np.concatenate([pad, at_peak(samples), pad])
    noise = np.random.default_rng(0).standard_normal(len(padded)) * NOISE
    pcm: bytes = ((padded + noise) * INT16_MAX).astype(np.int16).tobytes()
    return pcm


MOST_HMMS_PER_FRAME = 5_000
"""pocketsphinx' own limit is 30,000; this one costs no word and saves a sixth of the time. Narrower beams do
cost words, wider ones gain none."""


class SphinxRecogniser:
    """One pocketsphinx decoder. It holds the interpreter while it works: run one per process."""

    def __init__(self) -> None:
        directory_of("pocketsphinx")
        import pocketsphinx  # noqa: PLC0415 - only where words are recognised

        self._decoder = pocketsphinx.Decoder(
            samprate=JUDGE_RATE_HZ, loglevel="FATAL", maxhmmpf=MOST_HMMS_PER_FRAME
        )

    def recognise(self, samples: Samples) -> Recognition:
        """Recognise one clip of 16 kHz mono samples; each clip by itself, whatever came before."""
        if not np.any(samples):
            return Recognition("")
        with warnings.catch_warnings():
            # It calls itself unnecessary; without it the estimate of the noise carries over to the next clip,
            # and a clip is heard differently after another one than alone.
            warnings.simplefilter("ignore", DeprecationWarning)
            self._decoder.start_stream()
        self._decoder.start_utt()
        self._decoder.process_raw(conditioned(samples), full_utt=True)
        self._decoder.end_utt()
        if self._decoder.hyp() is None:
            return Recognition("")
        return recognition_of(self._decoder.seg(), len(samples) / JUDGE_RATE_HZ)


def recognition_of(segments: Iterable[Any], duration_s: float) -> Recognition:
    """Turn pocketsphinx' segments (frames of 10 ms, padding included) into words in seconds of the clip.

    The confidence is the mean posterior of the words, weighted by their length.
    """
    words: list[tuple[str, float, float]] = []
    weighted = total = 0.0
    for segment in segments:
        word = segment.word.partition("(")[0]
        if not word or word[0] in "<[+":  # silence, noise and other fillers
            continue
        start_s = min(max(segment.start_frame / FRAMES_PER_S - PAD_S, 0.0), duration_s)
        end_s = min(max((segment.end_frame + 1) / FRAMES_PER_S - PAD_S, start_s), duration_s)
        words.append((word, round(start_s, 3), round(end_s, 3)))
        frames = segment.end_frame + 1 - segment.start_frame
        weighted += min(float(segment.prob), 1.0) * frames
        total += frames
    text = " ".join(word for word, _, _ in words)
    return Recognition(text, tuple(words), weighted / total if total else 0.0)
