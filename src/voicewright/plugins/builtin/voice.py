"""A trained voice: everything that it takes to turn text into a wave, and the way there."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import numpy as np
import torch
from scipy import fft as scipy_fft

from voicewright.plugins.builtin import restoration, vocoder
from voicewright.plugins.builtin.analysis import (
    CEPSTRA,
    LOG_F0,
    NOISE,
    SAMPLE_RATE_HZ,
    VOICED,
    Scale,
    analyse_guide,
    speaker_code,
)
from voicewright.plugins.builtin.aperiodicity import band_weights
from voicewright.plugins.builtin.context import Context, describe
from voicewright.plugins.builtin.espeak import Guide, plain
from voicewright.plugins.builtin.network import FRAMES_PER_STEP, AcousticNetwork
from voicewright.plugins.builtin.takes import USUAL, Take
from voicewright.plugins.builtin.words import spoken_words

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from numpy.typing import NDArray

    from voicewright.engines.port import SpokenWord
    from voicewright.plugins.builtin.alignment import Segment
    from voicewright.plugins.builtin.context import PhoneSet
    from voicewright.plugins.builtin.durations import DurationModel
    from voicewright.plugins.builtin.espeak import Rendering
    from voicewright.plugins.builtin.tiling import FrameBank

    Floats = NDArray[np.float32]

INTONATION_STRETCH: Final = 1.25
"""A predicted melody is flatter than a real one."""
NOISE_CALIBRATION: Final = np.array([0.05, 0.05, 0.1, 0.5, 0.6, 0.7, 0.8], np.float32)
"""Measured shares of noise are too high, as pitch moves within a window; found by copying real speech."""
FIRST_BLOCK_FRAMES: Final = 40
"""0.2 s, so that the first audio leaves soon."""
BLOCK_FRAMES: Final = 200
PEAK: Final = 0.9
SEMITONES_PER_OCTAVE: Final = 12
_KNEE = 0.7
"""Above it peaks are bent instead of cut."""


@dataclass(frozen=True, slots=True)
class Utterance:
    """A sentence that is being said."""

    words: tuple[SpokenWord, ...]
    """Known before the first sound is made."""
    pieces: Iterator[Floats]
    """(samples,) in [-1, 1] at 22,050 Hz, as they are made."""


@dataclass(frozen=True, slots=True)
class Voice:
    """The parts of a voice; made by training, kept as an artefact."""

    language: str
    network: AcousticNetwork
    phones: PhoneSet
    scale: Scale
    durations: DurationModel
    speaker_deviation: Floats
    """(ORDER,) for `restoration.stretch_variance`."""
    bank: FrameBank
    finish: Floats
    """(taps,) linear-phase filter over the finished wave, its gain included."""
    bands: Floats = field(default_factory=lambda: band_weights(SAMPLE_RATE_HZ), repr=False)

    def say(
        self,
        text: str,
        language: str,
        speed: float,
        seed: int,
        pitch_semitones: float = 0.0,
        *,
        take: Take = USUAL,
    ) -> Utterance | None:
        """Say one sentence; None for a text without a sound in it.

        Args:
            text: what to say.
            language: of the text.
            speed: 1 is the speaker's own.
            seed: of the noise in the voice.
            pitch_semitones: above the speaker's own.
            take: which way of saying it.
        """
        rendering = Guide.shared().render(text, language)
        if not rendering.sounds:
            return None
        segments = self.durations.predict(rendering, speed, take)
        waves = self.waves(rendering, segments, seed, pitch_semitones, take)
        pieces = (_bend_peaks(piece) for piece in filtered(waves, self.finish))
        return Utterance(spoken_words(plain(text), rendering, segments), pieces)

    def speak(self, text: str, language: str, speed: float, seed: int) -> Iterator[Floats]:
        """The sound of `say`; nothing is yielded for a text without a sound in it."""
        utterance = self.say(text, language, speed, seed)
        return utterance.pieces if utterance else iter(())

    def waves(
        self,
        rendering: Rendering,
        segments: Sequence[Segment],
        seed: int,
        pitch_semitones: float = 0.0,
        take: Take = USUAL,
    ) -> Iterator[Floats]:
        """The wave before the finishing filter."""
        frames = self.frames(rendering, segments, take)
        voiced = frames[:, VOICED] > 0
        log_f0 = (
            self.scale.mean[LOG_F0] + frames[:, LOG_F0] * self.scale.deviation[LOG_F0] * INTONATION_STRETCH
        )
        if take.seed:
            log_f0 = self.scale.mean[LOG_F0] + (log_f0 - self.scale.mean[LOG_F0]) * take.melody
        if pitch_semitones:
            log_f0 = log_f0 + math.log(2.0) / SEMITONES_PER_OCTAVE * pitch_semitones
        f0 = np.where(voiced, np.exp(log_f0), 0.0).astype(np.float32)
        restored = self.scale.restore(frames)
        noise = np.exp(np.minimum(restored[:, NOISE], 0.0)) * NOISE_CALIBRATION
        noise = np.where(voiced[:, None], noise, 1.0).astype(np.float32)

        def envelope_of(at: slice) -> tuple[Floats, Floats]:
            return speaker_code.decode_log(restored[at, CEPSTRA]), noise[at] @ self.bands

        return vocoder.stream(
            f0,
            envelope_of,
            SAMPLE_RATE_HZ,
            seed,
            block_frames=BLOCK_FRAMES,
            first_block_frames=FIRST_BLOCK_FRAMES,
        )

    def frames(self, rendering: Rendering, segments: Sequence[Segment], take: Take = USUAL) -> Floats:
        """(frames, FRAME_SIZE), normalised: predicted, met by real frames, variance and pauses restored."""
        context = describe(segments, rendering, analyse_guide(rendering.wave), self.phones)
        context = context.cut(len(context) // FRAMES_PER_STEP * FRAMES_PER_STEP)
        predicted = restoration.sharpen(predict(self.network, context, self.scale))
        tiled = self.bank.tile(predicted, context, take.costs(len(self.bank)))
        stretched = restoration.stretch_variance(tiled, self.speaker_deviation)
        return restoration.deepen_pauses(stretched, context.places)


def predict(network: AcousticNetwork, context: Context, scale: Scale) -> Floats:
    """(frames, FRAME_SIZE) normalised frames for a context with an even number of frames."""
    step = slice(None, None, FRAMES_PER_STEP)
    guide = scale.normalise_guide(context.guide[step]).astype(np.float32)
    with torch.inference_mode():
        frames = network(
            torch.from_numpy(np.ascontiguousarray(context.phones[step]))[None],
            torch.from_numpy(np.ascontiguousarray(context.places[step]))[None],
            torch.from_numpy(guide)[None],
        )
    result: Floats = frames[0].numpy()
    return result


def filtered(pieces: Iterable[Floats], taps: Floats) -> Iterator[Floats]:
    """Filter a wave that comes in pieces, without the delay of the linear-phase filter."""
    delay = (len(taps) - 1) // 2
    tail = np.zeros(len(taps) - 1, np.float32)
    for piece in pieces:
        length = len(piece) + len(taps) - 1
        size = scipy_fft.next_fast_len(length, real=True)
        whole = scipy_fft.irfft(scipy_fft.rfft(piece, size) * scipy_fft.rfft(taps, size), size)[:length]
        whole[: len(tail)] += tail
        ready, tail = whole[: len(piece)], whole[len(piece) :].copy()
        skipped = min(delay, len(ready))
        delay -= skipped
        if len(ready) > skipped:
            yield ready[skipped:].astype(np.float32)
    yield tail[: (len(taps) - 1) // 2]


def _bend_peaks(wave: Floats) -> Floats:
    """Leave what is under the knee as it is; what is over it approaches the peak and never passes it."""
    over = np.abs(wave) - _KNEE
    room = PEAK - _KNEE
    bent = np.sign(wave) * (_KNEE + room * np.tanh(np.maximum(over, 0.0) / room))
    return np.where(over > 0, bent, wave).astype(np.float32)
