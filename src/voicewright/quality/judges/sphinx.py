"""Owns the offline recognisers: pocketsphinx with the American English models that its package carries.

One hears words, the other the sounds alone (for languages whose words nobody here knows). The figures behind
the conditioning and the settings are in docs/evaluation.md ("Recognition").
"""
# ruff: noqa: RUF001 - letters of the IPA are meant

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from voicewright.engines.port import PAUSE
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
PHONE_LM_WEIGHT = 2.0
"""How much likely sequences count; pocketsphinx' own advice for phones."""

IPA: Final = {
    "AA": "ɑː", "AE": "æ", "AH": "ʌ", "AO": "ɔː", "AW": "aʊ", "AY": "aɪ", "EH": "ɛ", "ER": "ɜː", "EY": "eɪ",
    "IH": "ɪ", "IY": "iː", "OW": "oʊ", "OY": "ɔɪ", "UH": "ʊ", "UW": "uː", "B": "b", "CH": "tʃ", "D": "d",
    "DH": "ð", "F": "f", "G": "ɡ", "HH": "h", "JH": "dʒ", "K": "k", "L": "l", "M": "m", "N": "n", "NG": "ŋ",
    "P": "p", "R": "ɹ", "S": "s", "SH": "ʃ", "T": "t", "TH": "θ", "V": "v", "W": "w", "Y": "j", "Z": "z",
    "ZH": "ʒ",
}  # fmt: skip
"""The sounds of CMU's pronouncing dictionary, which the model was trained with."""


class SphinxRecogniser:
    """Hears English words. It holds the interpreter while it works: run one per process."""

    def __init__(self) -> None:
        self._decoder = _decoder(maxhmmpf=MOST_HMMS_PER_FRAME)

    def recognise(self, samples: Samples) -> Recognition:
        """Recognise one clip of 16 kHz mono samples; each clip by itself, whatever came before."""
        return recognition_of(_decode(self._decoder, samples), len(samples) / JUDGE_RATE_HZ)


class SphinxPhoneRecogniser:
    """Hears the phones of any language as the nearest ones of English; holds the interpreter as well."""

    def __init__(self) -> None:
        model = directory_of("pocketsphinx") / "model" / "en-us" / "en-us-phone.lm.bin"
        self._decoder = _decoder(allphone=str(model), lm=None, dict=None, lw=PHONE_LM_WEIGHT)

    def recognise(self, samples: Samples) -> tuple[str, ...]:
        """Phones of English in IPA, `PAUSE` between runs of them; empty where nothing was heard."""
        phones: list[str] = []
        for segment in _decode(self._decoder, samples):
            if segment.word in IPA:
                phones.append(IPA[segment.word])
            elif phones and phones[-1] != PAUSE:
                phones.append(PAUSE)
        return tuple(phones[:-1] if phones[-1:] == [PAUSE] else phones)


def _decoder(**settings: Any) -> Any:
    directory_of("pocketsphinx")
    import pocketsphinx  # noqa: PLC0415 - only where speech is recognised

    return pocketsphinx.Decoder(samprate=JUDGE_RATE_HZ, loglevel="FATAL", **settings)


def _decode(decoder: Any, samples: Samples) -> Iterable[Any]:
    """The segments of one clip, words or phones and fillers."""
    if not np.any(samples):
        return ()
    with warnings.catch_warnings():
        # It calls itself unnecessary; without it the estimate of the noise carries over to the next clip,
        # and a clip is heard differently after another one than alone.
        warnings.simplefilter("ignore", DeprecationWarning)
        decoder.start_stream()
    decoder.start_utt()
    decoder.process_raw(conditioned(samples), full_utt=True)
    decoder.end_utt()
    return () if decoder.hyp() is None else decoder.seg()


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
