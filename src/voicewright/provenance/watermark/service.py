"""What runs in the process that marks and listens: `engines.host` starts it."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from voicewright.provenance.watermark.embedding import Embedder
from voicewright.provenance.watermark.listening import WINDOW_S, Listener, window_starts
from voicewright.provenance.watermark.weights import read_weights

if TYPE_CHECKING:
    from voicewright.engines.port import RunContext

_FULL_SCALE = np.float32(32768.0)


class WatermarkService:
    """Marks stretches of speech, and hears marks in files; remembers nothing between two questions."""

    def __init__(self) -> None:
        self._embedder = Embedder(read_weights())
        self._listener: Listener | None = None
        """Made when it is first asked: its nets are three times as large."""
        # the first run of everything takes ten times as long: before anybody waits for it
        noise = np.random.default_rng(0).normal(0.0, 0.1, 4800).astype(np.float32)
        self._embedder.residual(noise, 0, 24_000)

    def residual(self, params: dict[str, Any], _context: RunContext) -> dict[str, Any]:
        """What to add to speech: `{samples: base64 float32, start, rate_hz}` to `{residual: base64}`."""
        samples = np.frombuffer(base64.b64decode(params["samples"]), dtype="<f4")
        residual = self._embedder.residual(samples, params["start"], params["rate_hz"])
        return {"residual": base64.b64encode(residual.astype("<f4", copy=False).tobytes()).decode("ascii")}

    def hear(self, params: dict[str, Any], context: RunContext) -> dict[str, Any]:
        """Listen to bare 16-bit samples: `{path, rate_hz}` to `{windows: [[from, to, how sure, doubt]]}`."""
        listener = self._listener = self._listener or Listener(read_weights())
        rate_hz = params["rate_hz"]
        path = Path(params["path"])
        if not path.stat().st_size:
            return {"windows": []}
        sound = np.memmap(path, dtype="<i2", mode="r")
        length = round(WINDOW_S * rate_hz)
        starts = window_starts(len(sound), rate_hz)
        windows = []
        for place, start in enumerate(starts):
            context.check_cancelled()
            context.progress("listening for the watermark", place / len(starts))
            samples = sound[start : start + length].astype(np.float32) / _FULL_SCALE
            confidence, doubt = listener.hear(samples, rate_hz)
            windows.append([start / rate_hz, (start + len(samples)) / rate_hz, confidence, doubt])
        return {"windows": windows}
