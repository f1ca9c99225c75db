"""The service of the measures answers sensibly about odd audio; called without its host process."""

from __future__ import annotations

import base64

import numpy as np
import pytest
import soundfile

from voicewright.audio.errors import AudioError
from voicewright.engines.errors import Cancelled
from voicewright.quality.service import MeasureService

RATE_HZ = 22_050


class Listener:
    """A context that keeps what it is told, and can be told to stop the work."""

    def __init__(self, stop_at=2.0):
        self.told = []
        self.stop_at = stop_at

    def progress(self, stage, fraction):
        self.told.append((stage, fraction))

    def metric(self, name, value, *, step):
        self.told.append((name, value, step))

    def log(self, message):
        self.told.append(message)

    def check_cancelled(self):
        if self.told and self.told[-1][1] >= self.stop_at:
            raise Cancelled("The work was cancelled.")


@pytest.fixture(scope="module")
def service():
    return MeasureService(threads=2)


@pytest.fixture
def write(tmp_path):
    def write(name, samples, rate_hz=RATE_HZ):
        path = tmp_path / name
        soundfile.write(path, np.asarray(samples, np.float32), rate_hz, subtype="FLOAT")
        return str(path)

    return write


def odd(write):
    broken = np.random.default_rng(0).standard_normal(RATE_HZ) * 0.1
    broken[::7] = np.nan
    return {
        "empty": write("empty.wav", []),
        "silent": write("silent.wav", np.zeros(2 * RATE_HZ)),
        "one sample": write("one.wav", [0.5]),
        "very short": write("short.wav", np.full(200, 0.3)),
        "nan": write("nan.wav", broken),
    }


def test_no_speech_has_no_embedding(service, write):
    paths = odd(write)
    groups = [[paths["empty"]], [paths["silent"]], [paths["one sample"]], [paths["very short"]], []]
    assert service.speaker_embeddings({"groups": groups}, Listener()) == {"rows": [None] * 5}


def test_an_embedding_is_a_unit_vector(service, sample_clips):
    [row] = service.speaker_embeddings({"groups": [[str(sample_clips[0][1])]]}, Listener())["rows"]
    vector = np.frombuffer(base64.b64decode(row), "<f4")
    assert vector.shape == (256,)
    assert np.linalg.norm(vector) == pytest.approx(1.0, abs=1e-5)


def test_silence_has_no_naturalness_and_everything_else_a_finite_one(service, write):
    paths = odd(write)
    answer = service.dnsmos({"paths": list(paths.values()), "max_windows": 1}, Listener())["clips"]
    known = dict(zip(paths, answer, strict=True))
    assert known["empty"] is None
    assert known["silent"] is None
    for name in ("one sample", "very short", "nan"):
        assert np.isfinite(known[name]).all()


def test_odd_audio_is_heard_as_no_words(service, write):
    paths = odd(write)
    answer = service.recognise({"paths": list(paths.values()), "language": "en"}, Listener())["clips"]
    assert [clip["text"] for clip in answer[:4]] == [""] * 4


@pytest.mark.slow
def test_a_clip_is_heard_the_same_way_whatever_came_before(service, sample_clips):
    one, two = (str(path) for _, path in sample_clips[:2])
    first = service.recognise({"paths": [one, two], "language": "en"}, Listener())["clips"]
    again = service.recognise({"paths": [two, one], "language": "en"}, Listener())["clips"]
    assert first == again[::-1]


def test_progress_is_told_and_cancelling_stops_the_work(service, write):
    path = write("a.wav", np.random.default_rng(0).standard_normal(RATE_HZ) * 0.1)
    listener = Listener()
    service.dnsmos({"paths": [path, path], "max_windows": 1}, listener)
    assert [fraction for _, fraction in listener.told] == [0.0, 0.5, 1.0]
    with pytest.raises(Cancelled):
        service.dnsmos({"paths": [path] * 50, "max_windows": 1}, Listener(stop_at=0.01))


def test_a_missing_file_is_named(service, tmp_path):
    with pytest.raises(AudioError, match=r"gone\.wav"):
        service.dnsmos({"paths": [str(tmp_path / "gone.wav")], "max_windows": 1}, Listener())
