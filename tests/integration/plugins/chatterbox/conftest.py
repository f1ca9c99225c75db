"""Chatterbox in an environment of its own, with networks of random numbers that are small enough for a test.

`VOICEWRIGHT_TEST_CHATTERBOX_PYTHON` names the interpreter of an environment that is there already.
"""

from __future__ import annotations

import dataclasses
import os
import subprocess
import venv
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import soundfile
import soxr

from voicewright.engines.client import EngineClient
from voicewright.engines.host.spawn import environment_for
from voicewright.engines.installed import python_of, requirements_of
from voicewright.engines.port import EngineSetup, TrainingClip
from voicewright.plugins.chatterbox.plugin import ENGINE

if TYPE_CHECKING:
    from collections.abc import Callable

HERE = Path(__file__).parent
RATE_HZ = 22_050
STARVED = "starved"
"""What a voice is called whose cloning is to find no memory."""


@pytest.fixture(scope="session")
def python(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The interpreter of an environment with exactly what the requirements name, and torch."""
    given = os.environ.get("VOICEWRIGHT_TEST_CHATTERBOX_PYTHON")
    if given:
        return given
    folder = tmp_path_factory.mktemp("chatterbox")
    assert ENGINE.environment is not None
    (folder / "requirements.txt").write_text(requirements_of(ENGINE.environment), encoding="utf-8")
    venv.create(folder / "env", with_pip=True)
    interpreter = python_of(folder / "env")
    pip = [str(interpreter), "-m", "pip", "install", "--quiet", "--no-deps", "--no-compile"]
    subprocess.run([*pip, "--only-binary", ":all:", "-r", str(folder / "requirements.txt")], check=True)
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
    """Small weights of random numbers, of all models."""
    folder = tmp_path_factory.mktemp("chatterbox-weights")
    program = [python, "-P", "-W", "ignore", str(HERE / "tiny_chatterbox.py"), str(folder)]
    subprocess.run(program, check=True, env=environment_for(python, {}))
    return folder


@pytest.fixture(scope="session")
def make_client(python: str) -> Callable[..., EngineClient]:
    """Make a client of the engine with small networks."""

    def make(weights: Path | None, **terms: Any) -> EngineClient:
        return EngineClient(
            dataclasses.replace(ENGINE, factory="tiny_chatterbox:TinyChatterbox"),
            setup=EngineSetup(weights),
            python=python,
            env={"PYTHONPATH": str(HERE)},
            start_timeout_s=600.0,
            hang_timeout_s=120.0,  # importing the library on a busy machine
            **{"cancel_grace_s": 20.0, **terms},
        )

    return make


@pytest.fixture(scope="session")
def clips(sample_recordings: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[TrainingClip, ...]:
    """Three of the sample recordings, as engines get them."""
    folder = tmp_path_factory.mktemp("clips")
    made = []
    for path in sorted(sample_recordings.glob("*.flac"))[:3]:
        sound, rate_hz = soundfile.read(path, dtype="float32")
        target = folder / f"{path.stem}.wav"
        soundfile.write(target, soxr.resample(sound, rate_hz, RATE_HZ), RATE_HZ, subtype="PCM_16")
        made.append(TrainingClip(target))
    return tuple(made)
