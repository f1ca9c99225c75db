"""XTTS-v2 in an environment of its own, with networks of random numbers that are small enough for a test.

`VOICEWRIGHT_TEST_XTTS_PYTHON` names the interpreter of an environment that is there already.
"""

from __future__ import annotations

import dataclasses
import os
import subprocess
import sys
import venv
import wave
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from voicewright.engines.client import EngineClient
from voicewright.engines.host.spawn import environment_for
from voicewright.engines.installed import python_of, requirements_of
from voicewright.engines.port import EngineSetup, TrainingClip
from voicewright.plugins.xtts_v2.plugin import ENGINE

if TYPE_CHECKING:
    from collections.abc import Callable

SMALL = Path(__file__).parent / "small"
RATE_HZ = 22_050
PATIENCE_S = 600.0
"""For a start on a busy machine: importing the library reads some 3,000 files."""


@pytest.fixture(scope="session")
def python(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The interpreter of an environment with exactly what the requirements name, and torch."""
    given = os.environ.get("VOICEWRIGHT_TEST_XTTS_PYTHON")
    if given:
        return given
    folder = tmp_path_factory.mktemp("xtts")
    assert ENGINE.environment is not None
    (folder / "requirements.txt").write_text(requirements_of(ENGINE.environment), encoding="utf-8")
    venv.create(folder / "env", with_pip=True)
    interpreter = python_of(folder / "env")
    pip = [str(interpreter), "-m", "pip", "install", "--quiet", "--no-deps", "--no-compile"]
    subprocess.run([*pip, "-r", str(folder / "requirements.txt")], check=True)
    _lend_torch(interpreter)
    return str(interpreter)


def _lend_torch(interpreter: Path) -> None:
    """Link our own torch into the environment: it is the same, and 700 MB."""
    ask = "import site; print(site.getsitepackages()[0])"
    there = Path(subprocess.check_output([str(interpreter), "-c", ask], text=True).strip())
    spec = find_spec("torch")
    assert spec is not None
    assert spec.origin is not None
    ours = Path(spec.origin).parent.parent
    for path in (*ours.glob("torch"), *ours.glob("torchgen"), *ours.glob("functorch"), *ours.glob("torch-*")):
        (there / path.name).symlink_to(path)


@pytest.fixture(scope="session")
def weights(python: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Small weights of random numbers."""
    folder = tmp_path_factory.mktemp("xtts-weights")
    program = [python, "-P", str(SMALL / "small_xtts.py"), str(folder)]
    environment = environment_for(python, {}) if python != sys.executable else dict(os.environ)
    subprocess.run(program, check=True, env=environment)
    return folder


@pytest.fixture(scope="session")
def make_client(python: str) -> Callable[..., EngineClient]:
    """Make a client of the engine with small networks."""

    def make(weights: Path | None, factory: str = "SmallXtts", **terms: float) -> EngineClient:
        return EngineClient(
            dataclasses.replace(ENGINE, factory=f"small_xtts:{factory}"),
            setup=EngineSetup(weights_dir=weights),
            python=python,
            env={"PYTHONPATH": str(SMALL)},
            start_timeout_s=PATIENCE_S,
            hang_timeout_s=120.0,
            **{"cancel_grace_s": 20.0, **terms},
        )

    return make


@pytest.fixture(scope="session")
def clips(tmp_path_factory: pytest.TempPathFactory) -> tuple[TrainingClip, ...]:
    """A minute of something like a voice, in clips that the small network has room for."""
    folder = tmp_path_factory.mktemp("clips")
    return tuple(_write_clip(folder / f"{number:02d}.wav", 2.5, seed=number) for number in range(25))


def _write_clip(
    path: Path, duration_s: float, text: str = "the boat went slowly past.", seed: int = 0
) -> TrainingClip:
    """Write a buzz with changing loudness."""
    time_s = np.arange(round(duration_s * RATE_HZ)) / RATE_HZ
    random = np.random.default_rng(seed)
    pitch_hz = 110 + 20 * np.sin(2 * np.pi * 0.7 * time_s + seed)
    phase = 2 * np.pi * np.cumsum(pitch_hz) / RATE_HZ
    buzz = sum(np.sin(k * phase) / k for k in range(1, 12))
    sound = 0.2 * buzz * (0.6 + 0.4 * np.sin(2 * np.pi * 3 * time_s)) + 0.005 * random.standard_normal(
        len(time_s)
    )
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE_HZ)
        file.writeframes(np.round(np.clip(sound, -1, 1) * 32767).astype("<i2").tobytes())
    return TrainingClip(path, text)


@pytest.fixture(scope="session")
def write_clip() -> Callable[..., TrainingClip]:
    """Write a clip of so many seconds, with a text."""
    return _write_clip
