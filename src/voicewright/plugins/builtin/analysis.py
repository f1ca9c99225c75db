"""What the engine learns of speech: per 5 ms frame an envelope, a share of noise, a pitch and a voicing.

One frame is one row of `FRAME_SIZE` numbers; `Layout` says which columns are what. `Scale` brings the columns
of one speaker to mean 0 and variance 1, so that one distance and one loss fit all of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from voicewright.plugins.builtin import aperiodicity, pitch, spectrum

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

SAMPLE_RATE_HZ: Final = 22_050
ORDER: Final = 40
"""Cepstra of a speaker's frame: more of them changed neither similarity nor naturalness of a copy."""
GUIDE_ORDER: Final = 30
GUIDE_SIZE: Final = GUIDE_ORDER + 2
CEPSTRA: Final = slice(0, ORDER)
NOISE: Final = slice(ORDER, ORDER + aperiodicity.BANDS)
LOG_F0: Final = ORDER + aperiodicity.BANDS
VOICED: Final = LOG_F0 + 1
FRAME_SIZE: Final = VOICED + 1
_GUIDE_RANGE_HZ = (60.0, 300.0)
_DEFAULT_F0_HZ = 150.0
_MIN_SCALE = 1e-3

speaker_code = spectrum.CepstralCode(ORDER, SAMPLE_RATE_HZ)
_guide_code = spectrum.CepstralCode(GUIDE_ORDER, SAMPLE_RATE_HZ)


def analyse_speaker(wave: Floats, range_hz: tuple[float, float]) -> Floats:
    """(frames, FRAME_SIZE) of a recording, (samples,) at 22,050 Hz; voicing is 0 or 1."""
    f0 = pitch.track_f0(wave, SAMPLE_RATE_HZ, range_hz)
    log_f0, voiced = interpolated_log_f0(f0)
    cepstra = speaker_code.encode(spectrum.envelope(wave, f0, SAMPLE_RATE_HZ))
    noise = np.log(aperiodicity.aperiodicity(wave, f0, SAMPLE_RATE_HZ))
    return np.concatenate([cepstra, noise, log_f0[:, None], voiced[:, None]], axis=1).astype(np.float32)


def analyse_guide(wave: Floats) -> Floats:
    """(frames, GUIDE_SIZE) of espeak-ng's rendering: cepstra, log F0 around its mean, voicing."""
    f0 = pitch.track_f0(wave, SAMPLE_RATE_HZ, _GUIDE_RANGE_HZ)
    log_f0, voiced = interpolated_log_f0(f0)
    cepstra = _guide_code.encode(spectrum.envelope(wave, f0, SAMPLE_RATE_HZ))
    centred = log_f0 - log_f0.mean()
    return np.concatenate([cepstra, centred[:, None], voiced[:, None]], axis=1).astype(np.float32)


def interpolated_log_f0(f0: Floats) -> tuple[Floats, Floats]:
    """Log F0 with straight lines over unvoiced frames, and the voicing as 0 or 1."""
    voiced = f0 > 0
    frames = np.arange(len(f0))
    if voiced.sum() < 2:  # noqa: PLR2004 - a line needs two points
        return np.full(len(f0), np.log(_DEFAULT_F0_HZ), np.float32), voiced.astype(np.float32)
    line = np.interp(frames, frames[voiced], np.log(f0[voiced]))
    return line.astype(np.float32), voiced.astype(np.float32)


@dataclass(frozen=True, slots=True)
class Scale:
    """The means and deviations of one speaker's frames and of the guide's."""

    mean: Floats
    """(FRAME_SIZE,)"""
    deviation: Floats
    """(FRAME_SIZE,)"""
    guide_mean: Floats
    """(GUIDE_SIZE,)"""
    guide_deviation: Floats
    """(GUIDE_SIZE,)"""

    @classmethod
    def fit(cls, frames: Sequence[Floats], guides: Sequence[Floats]) -> Scale:
        """Measure; pitch and noise count in voiced frames only, and voicing stays 0 or 1."""
        rows, guide = np.concatenate(frames), np.concatenate(guides)
        mean, deviation = rows.mean(0), rows.std(0)
        voiced = rows[rows[:, VOICED] > 0]
        if len(voiced) > 1:
            tonal = slice(NOISE.start, VOICED)
            mean[tonal], deviation[tonal] = voiced[:, tonal].mean(0), voiced[:, tonal].std(0)
        mean[VOICED], deviation[VOICED] = 0.0, 1.0
        return cls(mean, deviation + _MIN_SCALE, guide.mean(0), guide.std(0) + _MIN_SCALE)

    def normalise(self, frames: Floats) -> Floats:
        """Speaker frames to unit scale."""
        result: Floats = (frames - self.mean) / self.deviation
        return result

    def restore(self, frames: Floats) -> Floats:
        """Unit scale to speaker frames."""
        result: Floats = frames * self.deviation + self.mean
        return result

    def normalise_guide(self, guide: Floats) -> Floats:
        """Guide frames to unit scale."""
        result: Floats = (guide - self.guide_mean) / self.guide_deviation
        return result
