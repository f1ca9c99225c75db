"""Fixtures for all tests."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest

from voicewright.engines.testing import write_plugin

pytest_plugins = ("browsers", "time_limit")

ROOT = Path(__file__).resolve().parents[1]

# how long an example takes says how busy the machine is, and nothing about what is tested
hypothesis.settings.register_profile("patient", deadline=None)
hypothesis.settings.load_profile("patient")


@pytest.fixture(scope="session", autouse=True)
def closed_terminals_end_processes() -> Iterator[None]:
    """Where `nohup` started the tests, they and their children would ignore the signal otherwise."""
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    yield
    signal.signal(signal.SIGHUP, before)


@pytest.fixture(scope="session")
def repository() -> Path:
    """The root of the checkout."""
    return ROOT


@pytest.fixture(scope="session")
def sample_recordings() -> Path:
    """The folder of sample recordings: 25 clips, two minutes, one synthetic speaker, with transcripts."""
    return ROOT / "examples" / "recordings"


@pytest.fixture(scope="session")
def tone_plugin(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that, on the path, registers the tone engine as any other plugin would be."""
    return write_plugin(tmp_path_factory.mktemp("plugin"))


@pytest.fixture(scope="session")
def speech_dir() -> Path:
    """The real human recordings beside the checkout; a test that uses them is marked `speech`."""
    folder = (ROOT / ".." / "shared" / "speech").resolve()
    if not folder.is_dir():
        pytest.skip(f"no real recordings: {folder} is absent")
    return folder
