"""Owns DNSMOS: how natural and clean a clip sounds, by the network that speechmos carries.

speechmos slides a window of 9.01 s over the clip by 1 s and repeats clips that are shorter. Its own loop
spends most of its time on a second network (P.808) that nobody here asks for; this module runs the first
network alone, in batches, over the windows with the most speech.

Source: Reddy, Gopal, Cutler, "DNSMOS P.835" (2022); speechmos 0.0.1.1 (MIT) for the network and polynomials.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from numpy.typing import NDArray

from voicewright.quality.errors import JudgeMissing
from voicewright.quality.signals import JUDGE_RATE_HZ, Samples, at_peak

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

Windows: TypeAlias = NDArray[np.float32]

WINDOW = int(9.01 * JUDGE_RATE_HZ)
HOP = JUDGE_RATE_HZ
WINDOWS_PER_BATCH = 4
"""Larger batches are slower: the first layers no longer fit the processor's cache."""

# Highest power first, as numpy.polyval wants them.
SIG_POLYNOMIAL = (-0.08397278, 1.22083953, 0.0052439)
BAK_POLYNOMIAL = (-0.13166888, 1.60915514, -0.39604546)
OVRL_POLYNOMIAL = (-0.06766283, 1.11546468, 0.04602535)


@dataclass(frozen=True, slots=True)
class Dnsmos:
    """Three opinions about one clip, each about 1 (bad) to 5 (excellent)."""

    ovrl: float
    """Overall."""
    sig: float
    """The speech itself."""
    bak: float
    """The background."""


def repeated(samples: Samples) -> Samples:
    """Extend a short clip as speechmos does: double it until it fills one window."""
    while len(samples) < WINDOW:
        samples = np.concatenate([samples, samples])
    return samples


def window_starts(n_samples: int) -> list[int]:
    """Where speechmos' windows begin in a clip that fills at least one, in samples."""
    count = int(n_samples // JUDGE_RATE_HZ - WINDOW / JUDGE_RATE_HZ) + 1
    starts = [index * HOP for index in range(count) if index * HOP + WINDOW <= n_samples]
    return starts or [0]


def busiest_windows(samples: Samples, max_windows: int) -> Windows:
    """The windows with the most speech, (windows, WINDOW), in order of time.

    Speech is counted in frames of 20 ms within 30 dB of the loudest frame (95th percentile); among equals the
    louder wins. `max_windows` 0 means all of speechmos' windows.
    """
    samples = repeated(samples)
    starts = window_starts(len(samples))
    if max_windows and len(starts) > max_windows:
        frame = JUDGE_RATE_HZ // 50
        energy = np.square(samples[: len(samples) // frame * frame].reshape(-1, frame)).mean(axis=1)
        active = energy > np.percentile(energy, 95) * 1e-3
        worth = np.concatenate([[0.0], np.cumsum(active + energy / (energy.sum() + 1e-12))])
        spans = [(start // frame, (start + WINDOW) // frame) for start in starts]
        gains = [worth[min(end, len(worth) - 1)] - worth[begin] for begin, end in spans]
        best = sorted(range(len(starts)), key=lambda index: -gains[index])
        starts = sorted(_apart([starts[index] for index in best], max_windows))
    return np.stack([samples[start : start + WINDOW] for start in starts]).astype(np.float32)


def _apart(starts: Sequence[int], count: int) -> list[int]:
    """The first `count`, those that do not overlap an earlier choice before the rest."""
    chosen: list[int] = []
    for start in starts:
        if all(abs(start - other) >= WINDOW for other in chosen):
            chosen.append(start)
    chosen += [start for start in starts if start not in chosen]
    return chosen[:count]


class NaturalnessJudge:
    """DNSMOS P.835 on the processor."""

    def __init__(self, threads: int) -> None:
        spec = find_spec("speechmos")
        if spec is None or spec.origin is None:
            raise JudgeMissing("speechmos")
        if find_spec("onnxruntime") is None:
            raise JudgeMissing("onnxruntime")
        import onnxruntime  # noqa: PLC0415 - only where naturalness is measured

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.log_severity_level = 3
        model = Path(spec.origin).parent / "dnsmos_models" / "sig_bak_ovr.onnx"
        self._session = onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])

    def score_windows(self, windows: Windows) -> NDArray[np.float64]:
        """Judge windows of 9.01 s at 16 kHz, (n, WINDOW): rows of (ovrl, sig, bak)."""
        raw = np.concatenate([self._session.run(None, {"input_1": batch})[0] for batch in _batches(windows)])
        sig, bak, ovrl = raw.astype(np.float64).T
        return np.stack(
            [
                np.polyval(OVRL_POLYNOMIAL, ovrl),
                np.polyval(SIG_POLYNOMIAL, sig),
                np.polyval(BAK_POLYNOMIAL, bak),
            ],
            axis=1,
        )

    def judge(self, samples: Samples, max_windows: int) -> Dnsmos | None:
        """Judge one clip of 16 kHz mono samples at a peak of 0.7; None for an empty or silent one."""
        if not np.any(samples):
            return None
        scores = self.score_windows(busiest_windows(at_peak(samples), max_windows)).mean(axis=0)
        if not np.isfinite(scores).all():
            return None
        return Dnsmos(ovrl=float(scores[0]), sig=float(scores[1]), bak=float(scores[2]))


def _batches(windows: Windows) -> Iterator[Windows]:
    for start in range(0, len(windows), WINDOWS_PER_BATCH):
        yield windows[start : start + WINDOWS_PER_BATCH]
