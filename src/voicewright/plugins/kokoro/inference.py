"""Runs the model of Kokoro, and stops in the middle of it when nobody listens any more."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import wait as wait_for
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import onnxruntime
from kokoro_onnx import Kokoro
from kokoro_onnx.config import SAMPLE_RATE

from voicewright.engines.errors import WeightsDamaged

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

SAMPLE_RATE_HZ: Final = SAMPLE_RATE
SLOWEST, FASTEST = 0.5, 2.0
"""The speeds that the model knows."""
_LOOK_S: Final = 0.05
"""How often is asked whether to go on."""


class Session:
    """An onnxruntime session as `Kokoro` uses it, which `check` can stop by raising.

    Args:
        path: of the model.
    """

    def __init__(self, path: Path) -> None:
        options = onnxruntime.SessionOptions()
        # threads that spin while they wait starve each other where other work runs
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        options.log_severity_level = 3
        self._session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        self._thread = ThreadPoolExecutor(1, "kokoro")
        self.check: Callable[[], None] = lambda: None

    def __getattr__(self, name: str) -> Any:
        return getattr(self._session, name)

    def run(self, outputs: list[str] | None, inputs: dict[str, NDArray[Any]]) -> list[NDArray[Any]]:
        """Run the model; what `check` raises meanwhile ends it between two of its nodes."""
        terms = onnxruntime.RunOptions()
        work = self._thread.submit(self._session.run, outputs, inputs, terms)
        while not wait_for([work], _LOOK_S).done:
            try:
                self.check()
            except BaseException:
                terms.terminate = True
                wait_for([work])
                raise
        answer: list[NDArray[Any]] = work.result()
        return answer


class Model:
    """Speaks rows of phones.

    Args:
        path: of the model.
        voices: the voices file, which the library wants to see.

    Raises:
        WeightsDamaged: the file is no model of Kokoro.
    """

    def __init__(self, path: Path, voices: Path) -> None:
        try:
            self._session = Session(path)
            self._kokoro = Kokoro.from_session(self._session, str(voices))
        except Exception as error:  # onnxruntime has a class of its own for each way in which a file is bad
            if isinstance(error, MemoryError):
                raise
            raise _damaged(path, error) from error
        inputs = {each.name: each.type for each in self._session.get_inputs()}
        if not {"style", "speed"} < set(inputs) or not {"tokens", "input_ids"} & set(inputs):
            raise _damaged(path, f"its inputs are {', '.join(inputs)}")
        self._has_speeds = "int" not in inputs["speed"]

    def speed(self, wanted: float) -> float:
        """The nearest speed that the model has to the one that is wanted."""
        return min(max(wanted, SLOWEST), FASTEST) if self._has_speeds else 1.0

    def known(self, phones: str) -> str:
        """Those of the phones that the model has learnt."""
        known: str = self._kokoro.tokenizer.known(phones)
        return known

    def speak(
        self, phones: str, style: NDArray[np.float32], speed: float, check: Callable[[], None]
    ) -> NDArray[np.float32]:
        """Speak phones that the model knows, without silence around.

        Args:
            phones: at least one.
            style: (lengths, 1, 256).
            speed: one that the model has.
            check: called every 50 ms; what it raises stops the model.
        """
        self._session.check = check
        wave, _ = self._kokoro.create(phones, style, speed, is_phonemes=True)
        return np.asarray(wave, np.float32)


def _damaged(path: Path, fault: object) -> WeightsDamaged:
    said = " ".join(str(fault).split())[:300]
    return WeightsDamaged(
        f"The model of Kokoro, {path.name}, can't be read ({said}). Get it again with: voicewright engines "
        "install kokoro"
    )
