"""Owns DNSMOS: how natural and clean a clip sounds, by the network that speechmos carries.

speechmos slides a window of 9.01 s over the clip by 1 s and repeats clips that are shorter. One window costs
about 0.7 CPU seconds, nearly all of it in four convolutions, so that batches gain nothing and only fewer
windows do: this module judges the windows with the most speech (one by default), and leaves out the second
network (P.808) that nobody here asks for. With all windows its figures are speechmos' own.

Source: Reddy, Gopal, Cutler, "DNSMOS P.835" (2022); speechmos 0.0.1.1 (MIT) for the network and polynomials.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from numpy.typing import NDArray

from voicewright.quality.figures import UNKNOWN_DNSMOS, Dnsmos
from voicewright.quality.judges.packages import directory_of
from voicewright.quality.judges.signals import JUDGE_RATE_HZ, Samples, at_peak

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

Windows: TypeAlias = NDArray[np.float32]

WINDOW = int(9.01 * JUDGE_RATE_HZ)
HOP = JUDGE_RATE_HZ

# Highest power first, as numpy.polyval wants them.
SIG_POLYNOMIAL = (-0.08397278, 1.22083953, 0.0052439)
BAK_POLYNOMIAL = (-0.13166888, 1.60915514, -0.39604546)
OVRL_POLYNOMIAL = (-0.06766283, 1.11546468, 0.04602535)


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
        model = directory_of("speechmos") / "dnsmos_models" / "sig_bak_ovr.onnx"
        directory_of("onnxruntime")
        import onnxruntime  # noqa: PLC0415 - only where naturalness is measured

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.log_severity_level = 3
        # Idle threads would turn round and round instead of waiting, and take the processor from the others.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        self._session = onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])

    def score_windows(self, windows: Windows) -> NDArray[np.float64]:
        """Judge windows of 9.01 s at 16 kHz, (n, WINDOW): rows of (ovrl, sig, bak)."""
        raw = self._session.run(None, {"input_1": np.ascontiguousarray(windows, dtype=np.float32)})[0]
        sig, bak, ovrl = raw.astype(np.float64).T
        return np.stack(
            [
                np.polyval(OVRL_POLYNOMIAL, ovrl),
                np.polyval(SIG_POLYNOMIAL, sig),
                np.polyval(BAK_POLYNOMIAL, bak),
            ],
            axis=1,
        )

    def judge(
        self, samples: Samples, max_windows: int = 1, *, between: Callable[[], None] = lambda: None
    ) -> Dnsmos:
        """Judge one clip of 16 kHz mono samples, brought to a peak of 0.7; an empty or silent one is unknown.

        `max_windows` 0 judges all of speechmos' windows; `between` is called before each one.
        """
        if not np.any(samples):
            return UNKNOWN_DNSMOS
        rows = []
        for window in busiest_windows(at_peak(samples), max_windows):
            between()
            rows.append(self.score_windows(window[np.newaxis]))
        ovrl, sig, bak = np.concatenate(rows).mean(axis=0)
        return Dnsmos(ovrl=float(ovrl), sig=float(sig), bak=float(bak))
