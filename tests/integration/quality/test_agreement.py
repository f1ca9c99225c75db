"""The lean ways to the judges' figures give the figures of the packages that carry the judges."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from voicewright.quality.judges.naturalness import WINDOW, NaturalnessJudge
from voicewright.quality.judges.signals import JUDGE_RATE_HZ, at_peak, read_for_judging
from voicewright.quality.judges.speaker import SpeakerEncoder, mel_spectrogram

SAMPLES = Path(__file__).parents[3] / "examples" / "recordings"

# The packages import what scipy and setuptools are about to take away; that is why they are not imported
# by the project itself.
pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::UserWarning"),
    pytest.mark.filterwarnings("ignore::FutureWarning"),
]


@pytest.fixture(scope="module")
def clip():
    return read_for_judging(SAMPLES / "sample-01.flac")


@pytest.fixture(scope="module")
def long_clip():
    paths = [SAMPLES / f"sample-{number:02d}.flac" for number in range(1, 5)]
    return np.concatenate([read_for_judging(path) for path in paths])


@pytest.fixture(scope="module")
def judge():
    return NaturalnessJudge(threads=2)


@pytest.mark.slow
def test_the_mel_spectrogram_is_librosas(clip):
    librosa = pytest.importorskip("librosa")
    theirs = librosa.feature.melspectrogram(y=clip, sr=JUDGE_RATE_HZ, n_fft=400, hop_length=160, n_mels=40).T
    np.testing.assert_allclose(mel_spectrogram(clip), theirs, rtol=1e-3, atol=1e-6)


@pytest.mark.slow  # the package takes longer to import than all other judges take to judge
@pytest.mark.parametrize("seconds", [0.9, 1.7, 100.0])
def test_embeddings_are_resemblyzers(long_clip, seconds):
    pytest.importorskip("librosa")
    resemblyzer = pytest.importorskip("resemblyzer")
    samples = long_clip[: int(seconds * JUDGE_RATE_HZ)] * 0.02  # quiet, so that the level is raised too
    prepared = resemblyzer.preprocess_wav(samples.copy())
    theirs = resemblyzer.VoiceEncoder("cpu", verbose=False).embed_utterance(prepared)
    ours = SpeakerEncoder(threads=2).embed(samples)
    np.testing.assert_allclose(ours, theirs, atol=1e-4)


@pytest.mark.slow  # as the next: it imports the package
def test_one_window_scores_as_in_speechmos(judge, long_clip):
    dnsmos = pytest.importorskip("speechmos.dnsmos")
    window = at_peak(long_clip[:WINDOW])
    theirs = dnsmos.run(window, JUDGE_RATE_HZ)
    expected = [theirs["ovrl_mos"], theirs["sig_mos"], theirs["bak_mos"]]
    np.testing.assert_allclose(judge.score_windows(window[np.newaxis])[0], expected, atol=1e-5)


@pytest.mark.slow
def test_all_windows_and_a_repeated_clip_score_as_in_speechmos(judge, clip, long_clip):
    dnsmos = pytest.importorskip("speechmos.dnsmos")
    for samples in (clip[: 4 * JUDGE_RATE_HZ], long_clip[: 12 * JUDGE_RATE_HZ]):
        theirs = dnsmos.run(at_peak(samples), JUDGE_RATE_HZ)
        ours = judge.judge(samples, max_windows=0)
        assert ours.ovrl == pytest.approx(theirs["ovrl_mos"], abs=1e-5)
        assert ours.sig == pytest.approx(theirs["sig_mos"], abs=1e-5)
        assert ours.bak == pytest.approx(theirs["bak_mos"], abs=1e-5)


@pytest.mark.slow
def test_several_windows_at_a_time_score_as_one_by_one(judge, long_clip):
    windows = np.stack([long_clip[:WINDOW], long_clip[WINDOW : 2 * WINDOW] * 0.5])
    together = judge.score_windows(windows)
    apart = np.concatenate([judge.score_windows(window[np.newaxis]) for window in windows])
    np.testing.assert_allclose(together, apart, atol=1e-5)
