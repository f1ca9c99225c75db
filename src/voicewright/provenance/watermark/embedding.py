"""Makes the mark: what is to be added to a stretch of speech."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from voicewright.provenance.watermark.nets import Encoder
from voicewright.provenance.watermark.spectra import SPAN_DB, Analysis

if TYPE_CHECKING:
    from voicewright.provenance.watermark.spectra import Samples
    from voicewright.provenance.watermark.weights import Weights

CONTEXT_S: Final = 0.1
"""So much of what came before is looked at with a stretch: more makes no difference that can be measured."""
FADE_S: Final = 0.010
"""Over which the mark of one block goes over into that of the next."""


class Embedder:
    """Marks stretches of speech, each with what came before it; remembers nothing."""

    def __init__(self, weights: Weights) -> None:
        self._encoder = Encoder(weights)

    def residual(self, samples: Samples, start: int, rate_hz: int) -> Samples:
        """What to add to `samples[start:]`, and `fade_length(rate_hz)` samples of how it would go on.

        Args:
            samples: what came before (`CONTEXT_S` of it), and what is to be marked.
            start: where that begins.
            rate_hz: of the samples.
        """
        count = len(samples) + fade_length(rate_hz)
        if not np.any(samples):
            return np.zeros(count - start, np.float32)
        analysis = Analysis.at(rate_hz)
        spectrum = analysis.spectrum(samples)
        change = self._encoder(spectrum.low, spectrum.sums)
        # a change of the level in dB is a factor of the value; only what the factor adds is wanted
        factor = np.expm1(change * np.float32(SPAN_DB / 20.0 * np.log(10.0)))
        added = spectrum.values[:, : change.shape[1]] * factor
        return analysis.sound(added, count)[start:]


def fade_length(rate_hz: int) -> int:
    """Samples of `FADE_S`."""
    return round(FADE_S * rate_hz)
