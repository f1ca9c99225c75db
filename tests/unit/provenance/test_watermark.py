"""The nets of the watermark: held to the package's own arithmetic, and asked about what is no speech."""

from __future__ import annotations

import io
import zipfile
from importlib import import_module, util
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from voicewright.provenance.errors import WatermarkUnavailable
from voicewright.provenance.watermark import weights as reading
from voicewright.provenance.watermark.embedding import Embedder, fade_length
from voicewright.provenance.watermark.listening import MOST_WINDOWS, Listener, window_starts
from voicewright.provenance.watermark.nets import Decoder, stretched
from voicewright.provenance.watermark.spectra import Analysis

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from voicewright.provenance.watermark.weights import Weights

RATE_HZ = 24_000


def marked(samples: NDArray[np.float32], weights: Weights, rate_hz: int = RATE_HZ) -> NDArray[np.float32]:
    return samples + Embedder(weights).residual(samples, 0, rate_hz)[: len(samples)]


@pytest.mark.parametrize("rate_hz", [8000, 16_000, 22_050, 24_000, 44_100, 48_000])
def test_what_is_marked_is_heard_at_every_rate(
    rate_hz: int, spoken: NDArray[np.float32], weights: Weights
) -> None:
    from voicewright.audio.resample import resample

    samples = resample(spoken[: 4 * RATE_HZ], RATE_HZ, rate_hz)
    listener = Listener(weights)
    clean, doubt = listener.hear(samples, rate_hz)
    assert doubt is None
    assert clean is not None
    assert clean < 0.4
    heard, _ = listener.hear(marked(samples, weights, rate_hz), rate_hz)
    assert heard is not None
    assert heard > 0.97


def test_highs_are_not_touched(spoken: NDArray[np.float32], weights: Weights) -> None:
    residual = Embedder(weights).residual(spoken, 0, RATE_HZ)[: len(spoken)]
    power = np.abs(np.fft.rfft(residual)) ** 2
    share = power[int(len(power) * 2200 / (RATE_HZ / 2)) :].sum() / power.sum()
    assert share < 1e-4


def test_the_mark_goes_on_beyond_the_end(spoken: NDArray[np.float32], weights: Weights) -> None:
    residual = Embedder(weights).residual(spoken[:RATE_HZ], 4800, RATE_HZ)
    assert len(residual) == RATE_HZ - 4800 + fade_length(RATE_HZ)


@pytest.mark.parametrize("count", [1, 2, 100, 2000])
def test_the_shortest_sounds_give_finite_numbers(
    count: int, spoken: NDArray[np.float32], weights: Weights
) -> None:
    residual = Embedder(weights).residual(spoken[RATE_HZ : RATE_HZ + count], 0, RATE_HZ)
    assert np.isfinite(residual).all()


def test_silence_gets_no_mark_and_no_verdict(weights: Weights) -> None:
    silence = np.zeros(2 * RATE_HZ, np.float32)
    assert not Embedder(weights).residual(silence, 0, RATE_HZ).any()
    assert Listener(weights).hear(silence, RATE_HZ) == (None, "silent")


def sounds() -> dict[str, tuple[Any, str]]:
    seconds = np.arange(3 * RATE_HZ) / RATE_HZ
    noise = np.random.default_rng(1).normal(size=len(seconds))
    tone = 0.3 * np.sin(2 * np.pi * 440 * seconds)
    return {
        "a tone": (0.3 * np.sin(2 * np.pi * 100 * seconds), "tone"),
        "a tone with noise": (tone + 0.01 * noise, "tone"),
        "a high tone": (0.3 * np.sin(2 * np.pi * 6000 * seconds), "tone"),
        "a sweep": (0.3 * np.sin(2 * np.pi * (100 * seconds + 300 * seconds**2)), "tone"),
        "a chord": (0.1 * sum(np.sin(2 * np.pi * hz * seconds) for hz in (262, 330, 392, 523)), "steady"),
        "noise": (0.1 * noise, "steady"),
        "a breath of noise": (1e-4 * noise, "silent"),
        "a syllable": (tone[: RATE_HZ // 4], "short"),
    }


@pytest.mark.parametrize("name", list(sounds()))
def test_what_is_no_speech_has_no_verdict(name: str, weights: Weights) -> None:
    samples, doubt = sounds()[name]
    assert Listener(weights).hear(samples.astype(np.float32), RATE_HZ) == (None, doubt)


def test_windows_cover_a_file_and_stay_few() -> None:
    assert window_starts(100, 100) == [0]
    assert window_starts(1000, 100) == [0, 140, 280, 420, 560, 700]
    long = window_starts(3600 * 100, 100)
    assert (len(long), long[0], long[-1]) == (MOST_WINDOWS, 0, 3600 * 100 - 300)


def test_a_damaged_file_of_weights_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "weights"
    monkeypatch.setattr(reading, "find_weights", lambda: path)
    for content in (b"no archive", _archive(b"two bytes and more"), _archive(bytes(400))):
        path.write_bytes(content)
        with pytest.raises(WatermarkUnavailable, match="damaged"):
            reading.read_weights()
    monkeypatch.setattr(reading, "find_weights", lambda: None)
    with pytest.raises(WatermarkUnavailable, match="not installed"):
        reading.read_weights()


def _archive(first: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("archive/data/0", first)
    return file.getvalue()


@pytest.mark.slow
def test_the_nets_are_those_of_the_package(spoken: NDArray[np.float32], weights: Weights) -> None:
    """Its model files, loaded by path: what imports librosa and torchaudio is left out."""
    import sys
    import types

    import torch

    folder = util.find_spec("perth").submodule_search_locations[0]  # type: ignore[union-attr,index]
    for name in ("perth_original", "perth_original.implicit"):
        module = types.ModuleType(name)
        module.__path__ = [f"{folder}/perth_net/perth_net_implicit"] if name.endswith("implicit") else []
        sys.modules[name] = module
    config = import_module("perth_original.implicit.config").default_hp
    utils = import_module("perth_original.implicit.utils")
    encoder = import_module("perth_original.implicit.model.encoder").Encoder(256, 128)
    decoder = import_module("perth_original.implicit.model.decoder").Decoder(256, 128)
    state = torch.load(reading.find_weights(), map_location="cpu", weights_only=True)["model"]
    for part, net in (("encoder.", encoder), ("decoder.", decoder)):
        net.load_state_dict(
            {name.removeprefix(part): array for name, array in state.items() if name.startswith(part)}
        )
    samples = spoken[: 3 * 32_000]  # at the rate that the package works at
    window = torch.hann_window(2048)
    signal = torch.from_numpy(samples)
    terms = {"n_fft": 2048, "hop_length": 320, "win_length": 2048, "window": window}
    with torch.no_grad():
        levels, phase = utils.cx_to_magphase(config, torch.stft(signal, **terms, return_complex=True))
        changed, _ = encoder(levels[None])
        theirs = torch.istft(utils.magphase_to_cx(config, changed[0], phase), **terms).numpy()
        ours = marked(samples, weights, 32_000)
        assert np.abs(theirs - ours[: len(theirs)]).max() < 1e-4
        for sound in (samples, ours):
            spectrum = Analysis.at(32_000).spectrum(sound)
            magnitudes = torch.stft(torch.from_numpy(sound), **terms, return_complex=True)
            heard = decoder(utils.cx_to_magphase(config, magnitudes)[0][None])[0]
            assert Decoder(weights)(spectrum.low, spectrum.sums) == pytest.approx(float(heard), abs=1e-3)
        rows = np.random.default_rng(2).normal(size=(17, 5)).astype(np.float32)
        stretch = torch.nn.functional.interpolate(
            torch.from_numpy(rows.T[None].copy()), size=21, mode="linear", align_corners=True
        )
        assert np.abs(stretch[0].numpy().T - stretched(rows, 21)).max() < 1e-5
