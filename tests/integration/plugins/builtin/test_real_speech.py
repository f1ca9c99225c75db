"""The engine in its process on real recordings: how like the speaker it is, and how much memory it takes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
import soundfile

from voicewright.engines.client import EngineClient
from voicewright.engines.port import SynthesisRequest, TrainingClip, TrainingRequest
from voicewright.plugins.builtin.plugin import ENGINE
from voicewright.quality.measurer import Measurer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = [pytest.mark.slow, pytest.mark.speech]

HELD_OUT = 4
"""The last clips of the reader are only compared with."""
UNSEEN = (
    "The boy was there when the sun rose.",
    "They told him that the letter would arrive in the morning.",
    "We will go to the market and buy some bread and milk for dinner.",
    "The weather was cold and the roads were covered with snow.",
)


@pytest.fixture
def engine() -> Iterator[EngineClient]:
    with EngineClient(ENGINE) as client:
        yield client


@pytest.fixture(scope="module")
def recordings(speech_dir, tmp_path_factory) -> list[TrainingClip]:
    folder = tmp_path_factory.mktemp("recordings")
    rows = (speech_dir / "ljspeech" / "metadata.csv").read_text("utf-8").splitlines()
    clips = []
    for name, text in (row.split("|")[::2] for row in rows):
        samples, rate_hz = soundfile.read(speech_dir / "ljspeech" / "wavs" / f"{name}.flac", dtype="int16")
        soundfile.write(folder / f"{name}.wav", samples, rate_hz)
        clips.append(TrainingClip(folder / f"{name}.wav", text))
    return clips


def _seconds(clip: TrainingClip) -> float:
    return float(soundfile.info(clip.path).duration)


def _request(clips: list[TrainingClip], folder: Path, **options: object) -> TrainingRequest:
    folder.mkdir()
    return TrainingRequest(tuple(clips), "en-us", options, folder)


def test_twenty_seconds_make_a_voice_like_the_speaker(engine, recordings, tmp_path):
    kept: list[TrainingClip] = []
    for clip in recordings:
        if sum(map(_seconds, kept)) < 20:
            kept.append(clip)
    engine.train(_request(kept, tmp_path / "voice"))
    paths = []
    for number, text in enumerate(UNSEEN):
        chunks = engine.synthesize(SynthesisRequest(tmp_path / "voice", text))
        samples = np.frombuffer(b"".join(chunk.pcm for chunk in chunks), "<i2")
        paths.append(tmp_path / f"{number}.wav")
        soundfile.write(paths[-1], samples, ENGINE.capabilities.sample_rate_hz)

    with Measurer() as measurer:
        target = measurer.speaker_embeddings([clip.path for clip in recordings[-HELD_OUT:]]).mean(0)
        cosine = measurer.speaker_embedding_of_all(paths) @ target / np.linalg.norm(target)
        opinions = measurer.dnsmos(paths)
    assert cosine > 0.84
    assert np.mean([opinion.ovrl for opinion in opinions]) > 2.3


def test_half_an_hour_of_speech_fits_into_the_artefact_and_into_memory(engine, recordings, tmp_path):
    copies = int(1800 / sum(map(_seconds, recordings))) + 1
    outcome = engine.train(_request(recordings * copies, tmp_path / "voice", epochs=1))
    assert outcome.speech_s > 1700
    assert sum(path.stat().st_size for path in (tmp_path / "voice").iterdir()) < 10_000_000
    peak_bytes = engine.usage().peak_rss_bytes
    assert peak_bytes is not None
    assert peak_bytes < 1_500_000_000
