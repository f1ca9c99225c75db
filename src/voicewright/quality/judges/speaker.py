"""Owns the speaker embedding: Resemblyzer's network and weights behind a front end without librosa.

Resemblyzer's own front end imports librosa (and with it numba) and a module that scipy is removing. The steps
are few and exact, so they are done here with numpy: volume, voice activity (webrtcvad), mel spectrogram. A
test holds the result to Resemblyzer's own within 1e-4.

Sources: Wan et al., "Generalized end-to-end loss for speaker verification" (2018), for the network;
resemblyzer 0.1.4 (Apache-2.0) for weights and constants; Slaney's Auditory Toolbox (1998) for the mel scale.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import binary_dilation

from voicewright.quality.judges.packages import directory_of
from voicewright.quality.judges.signals import JUDGE_RATE_HZ, Samples

if TYPE_CHECKING:
    from collections.abc import Callable

Embedding: TypeAlias = NDArray[np.float32]

EMBEDDING_SIZE = 256
MEL_CHANNELS = 40
FFT_SIZE = 400
"""25 ms."""
HOP = 160
"""10 ms."""
PARTIAL_FRAMES = 160
"""The network hears 1.6 s at a time."""
PARTIALS_PER_S = 1.3
LEAST_COVERAGE = 0.75
"""A last piece that is less than this full of sound is left out."""
TARGET_DBFS = -30.0
VAD_WINDOW = 480
"""30 ms."""
VAD_AVERAGE_WIDTH = 8
VAD_LONGEST_SILENCE = 6
INT16_MAX = 32_767
LEAST_SPEECH_S = 0.3
"""Less speech than this says nothing about who speaks: no embedding."""
PARTIALS_PER_BATCH = 64


def louder(samples: Samples) -> Samples:
    """Raise a quiet clip to -30 dBFS (RMS); a loud one stays as it is."""
    rms = float(np.sqrt(np.mean(np.square(samples, dtype=np.float64))))
    if rms <= 0.0:
        return samples
    change_db = TARGET_DBFS - 20.0 * np.log10(rms)
    if change_db < 0.0:
        return samples
    return np.asarray(samples * 10.0 ** (change_db / 20.0), dtype=np.float32)


def without_long_silences(samples: Samples) -> Samples:
    """Cut silences over about 0.2 s, as heard by webrtcvad at its strictest, smoothed over 0.24 s."""
    import webrtcvad  # noqa: PLC0415 - only where a speaker is measured

    samples = samples[: len(samples) - len(samples) % VAD_WINDOW]
    pcm = np.round(samples * INT16_MAX).astype(np.int16)
    vad = webrtcvad.Vad(3)
    flags = np.array(
        [
            vad.is_speech(pcm[start : start + VAD_WINDOW].tobytes(), JUDGE_RATE_HZ)
            for start in range(0, len(pcm), VAD_WINDOW)
        ],
        dtype=float,
    )
    left, right = (VAD_AVERAGE_WIDTH - 1) // 2, VAD_AVERAGE_WIDTH // 2
    sums = np.cumsum(np.concatenate([np.zeros(left), flags, np.zeros(right)]))
    sums[VAD_AVERAGE_WIDTH:] = sums[VAD_AVERAGE_WIDTH:] - sums[:-VAD_AVERAGE_WIDTH]
    smooth = sums[VAD_AVERAGE_WIDTH - 1 :] / VAD_AVERAGE_WIDTH
    kept = binary_dilation(np.round(smooth).astype(bool), np.ones(VAD_LONGEST_SILENCE + 1))
    return np.asarray(samples[np.repeat(kept, VAD_WINDOW)], dtype=np.float32)


@cache
def _mel_filters() -> NDArray[np.float32]:
    """Slaney's mel filters, area-normalised, (40, 201)."""
    step_hz, knee_hz, log_step = 200.0 / 3.0, 1000.0, np.log(6.4) / 27.0
    knee_mel = knee_hz / step_hz
    top_mel = knee_mel + np.log(JUDGE_RATE_HZ / 2 / knee_hz) / log_step
    mels = np.linspace(0.0, top_mel, MEL_CHANNELS + 2)
    edges_hz = np.where(mels < knee_mel, mels * step_hz, knee_hz * np.exp(log_step * (mels - knee_mel)))
    bins_hz = np.linspace(0.0, JUDGE_RATE_HZ / 2, FFT_SIZE // 2 + 1)
    ramps = edges_hz[:, None] - bins_hz[None, :]
    widths = np.diff(edges_hz)[:, None]
    rising, falling = -ramps[:-2] / widths[:-1], ramps[2:] / widths[1:]
    filters = np.maximum(0.0, np.minimum(rising, falling))
    filters *= 2.0 / (edges_hz[2:] - edges_hz[:-2])[:, None]
    return np.asarray(filters, dtype=np.float32)


def mel_spectrogram(samples: Samples) -> NDArray[np.float32]:
    """Power mel spectrogram (not its logarithm), (frames, 40), one frame per 10 ms, centred."""
    window = np.hanning(FFT_SIZE + 1)[:-1].astype(np.float32)
    padded = np.pad(samples, FFT_SIZE // 2)
    frames = np.lib.stride_tricks.sliding_window_view(padded, FFT_SIZE)[::HOP]
    power = np.square(np.abs(np.fft.rfft(frames * window, axis=1))).astype(np.float32)
    return np.asarray(power @ _mel_filters().T, dtype=np.float32)


def partial_starts(n_samples: int) -> range:
    """First frames of the 1.6 s pieces that cover an utterance; the last may reach beyond its end."""
    n_frames = int(np.ceil((n_samples + 1) / HOP))
    step = round(JUDGE_RATE_HZ / PARTIALS_PER_S / HOP)
    starts = range(0, max(1, n_frames - PARTIAL_FRAMES + step + 1), step)
    coverage = (n_samples - starts[-1] * HOP) / (PARTIAL_FRAMES * HOP)
    return starts[:-1] if coverage < LEAST_COVERAGE and len(starts) > 1 else starts


def partials(samples: Samples) -> NDArray[np.float32]:
    """The 1.6 s mel pieces of a prepared utterance, (pieces, 160, 40)."""
    starts = partial_starts(len(samples))
    end = (starts[-1] + PARTIAL_FRAMES) * HOP
    if end >= len(samples):
        samples = np.pad(samples, (0, end - len(samples)))
    mel = mel_spectrogram(samples)
    return np.stack([mel[start : start + PARTIAL_FRAMES] for start in starts])


def _load_network(threads: int) -> Callable[[NDArray[np.float32]], Embedding]:
    weights = directory_of("resemblyzer") / "pretrained.pt"
    import torch  # noqa: PLC0415 - seconds and 200 MB, only where a speaker is measured

    torch.set_num_threads(threads)
    lstm = torch.nn.LSTM(MEL_CHANNELS, EMBEDDING_SIZE, 3, batch_first=True)
    linear = torch.nn.Linear(EMBEDDING_SIZE, EMBEDDING_SIZE)
    state = torch.load(weights, map_location="cpu", weights_only=True)["model_state"]
    for name, module in (("lstm.", lstm), ("linear.", linear)):
        module.load_state_dict({k.removeprefix(name): v for k, v in state.items() if k.startswith(name)})
        module.eval()

    def forward(mels: NDArray[np.float32]) -> Embedding:
        with torch.inference_mode():
            _, (hidden, _) = lstm(torch.from_numpy(mels))
            raw = torch.relu(linear(hidden[-1]))
            unit = raw / torch.linalg.vector_norm(raw, dim=1, keepdim=True)
        return np.asarray(unit.numpy(), dtype=np.float32)

    return forward


class SpeakerEncoder:
    """Turns speech into a unit vector of 256 that points the same way for the same voice."""

    def __init__(self, threads: int) -> None:
        self._forward = _load_network(threads)

    def embed(self, samples: Samples) -> Embedding | None:
        """Embed one utterance of 16 kHz mono samples; None where there is less than 0.3 s of speech."""
        if not samples.size:
            return None
        speech = without_long_silences(louder(samples))
        if len(speech) < LEAST_SPEECH_S * JUDGE_RATE_HZ:
            return None
        pieces = partials(speech)
        embedded = [
            self._forward(pieces[start : start + PARTIALS_PER_BATCH])
            for start in range(0, len(pieces), PARTIALS_PER_BATCH)
        ]
        return unit(np.concatenate(embedded).mean(axis=0))


def unit(vector: Embedding) -> Embedding | None:
    """The vector at length 1; None where it has no direction."""
    length = float(np.linalg.norm(vector))
    if not np.isfinite(length) or length <= 0.0:
        return None
    return np.asarray(vector / length, dtype=np.float32)
