"""Small signals with known properties, and one thread for the network."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch
from threadpoolctl import threadpool_limits

from voicewright.plugins.builtin.analysis import FRAME_SIZE, GUIDE_SIZE, Scale
from voicewright.plugins.builtin.artefact import save_voice
from voicewright.plugins.builtin.context import PLACES, POSITION, Context, PhoneSet
from voicewright.plugins.builtin.durations import DurationModel
from voicewright.plugins.builtin.network import AcousticNetwork
from voicewright.plugins.builtin.tiling import FrameBank
from voicewright.plugins.builtin.voice import Voice

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

RATE_HZ = 22_050


@pytest.fixture(autouse=True, scope="session")
def _one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    with threadpool_limits(1, user_api="blas"):
        yield
    torch.set_num_threads(before)


def _pulses(f0_hz: float | np.ndarray, seconds: float) -> np.ndarray:
    """Band-limited harmonics of equal strength up to 5 kHz: a train of pulses, (samples,)."""
    samples = int(seconds * RATE_HZ)
    f0 = np.broadcast_to(np.asarray(f0_hz, np.float64), samples)
    phase = 2 * np.pi * np.cumsum(f0) / RATE_HZ
    count = int(5000 / f0.max())
    wave = sum(np.cos(k * phase) for k in range(1, count + 1))
    return (0.5 * wave / count).astype(np.float32)


def _vowel(f0_hz: float | np.ndarray, seconds: float) -> np.ndarray:
    """Pulses under three formants."""
    spectrum = np.fft.rfft(_pulses(f0_hz, seconds))
    hz = np.fft.rfftfreq(int(seconds * RATE_HZ), 1 / RATE_HZ)
    gain = sum(a / (1 + ((hz - centre) / 120) ** 2) for a, centre in ((1, 600), (0.6, 1200), (0.3, 2500)))
    wave = np.fft.irfft(spectrum * (gain + 0.01), int(seconds * RATE_HZ))
    return (0.5 * wave / np.abs(wave).max()).astype(np.float32)


@pytest.fixture(scope="session")
def rate_hz() -> int:
    return RATE_HZ


@pytest.fixture(scope="session")
def pulses() -> Callable[..., np.ndarray]:
    return _pulses


@pytest.fixture(scope="session")
def vowel() -> Callable[..., np.ndarray]:
    return _vowel


def _context(frames: int, phones: int, seed: int) -> Context:
    """Ten frames to a phone."""
    rng = np.random.default_rng(seed)
    ids = np.repeat(rng.integers(0, phones, (frames // 10 + 1, 5)), 10, axis=0)[:frames]
    places = rng.normal(size=(frames, PLACES)).astype(np.float32)
    places[:, POSITION] = (np.arange(frames) % 10 + 0.5) / 10
    return Context(ids, places, rng.normal(size=(frames, GUIDE_SIZE)).astype(np.float32))


@pytest.fixture(scope="session")
def random_context() -> Callable[[int, int, int], Context]:
    return _context


def make_voice(frames: int = 400, names: tuple[str, ...] = ("a", "b", "s", "t", "m")) -> Voice:
    """A voice with random numbers in it: it speaks noise, but it is complete."""
    torch.manual_seed(1)
    rng = np.random.default_rng(1)
    phones = PhoneSet(names, rng.normal(size=(len(names) + 1, GUIDE_SIZE)).astype(np.float32))
    real = rng.normal(size=(frames, FRAME_SIZE)).astype(np.float32)
    network = AcousticNetwork(len(phones), 16, dropout=0.0).half().float().eval()
    return Voice(
        language="en-us",
        network=network,
        phones=phones,
        scale=Scale(
            rng.normal(size=FRAME_SIZE).astype(np.float32),
            np.full(FRAME_SIZE, 0.1, np.float32),
            np.zeros(GUIDE_SIZE, np.float32),
            np.ones(GUIDE_SIZE, np.float32),
        ),
        durations=DurationModel(rng.normal(size=DurationModel.size(len(phones))) * 0.1, 30, phones),
        speaker_deviation=np.ones(40, np.float32),
        bank=FrameBank.collect([_context(frames, len(phones), 1)], [real], [real]),
        finish=np.ones(5, np.float32) / 5,
    )


@pytest.fixture(scope="session")
def random_voice() -> Voice:
    return make_voice()


@pytest.fixture(scope="session")
def make_random_voice() -> Callable[..., Voice]:
    return make_voice


@pytest.fixture
def voice_dir(random_voice: Voice, tmp_path: Path) -> Path:
    """An artefact of the random voice."""
    directory = tmp_path / "voice"
    directory.mkdir()
    save_voice(random_voice, directory, {"speech_s": 12.0})
    return directory
