"""Whole evaluations by the real judges: of the sample recordings, and of real people."""

from __future__ import annotations

import json

import numpy as np
import pytest
import soundfile

from voicewright.quality.evaluation import evaluate
from voicewright.quality.figures import SpokenSentence


@pytest.fixture
def judge(measurer):
    def judge(spoken, references, language="en-us"):
        sentences = [SpokenSentence(text, path) for text, path in spoken]
        return evaluate(measurer, spoken=sentences, references=references, language=language)

    return judge


@pytest.fixture
def references(sample_clips):
    return [path for _, path in sample_clips[6:9]]


def test_a_voice_that_is_the_recordings_own_scores_high(judge, sample_clips, references):
    evaluation = judge(sample_clips[:3], references)
    assert evaluation.similarity > 0.85
    assert evaluation.clarity > 0.7
    assert evaluation.overall > 0.7
    assert evaluation.raw["wer"] < 0.3
    assert [figures["text"] for figures in evaluation.sentences] == [text for text, _ in sample_clips[:3]]
    assert json.loads(json.dumps(evaluation.to_json(), allow_nan=False)) == evaluation.to_json()


@pytest.mark.slow
def test_another_voice_scores_lower_in_similarity_alone(judge, sample_clips, references, spoilt):
    own = judge(sample_clips[:2], references)
    other = judge([(text, spoilt(path, faster=1.3)) for text, path in sample_clips[:2]], references)
    assert other.similarity < own.similarity - 0.3


@pytest.mark.slow
def test_a_wrong_text_costs_clarity_alone(judge, sample_clips, references):
    (one, first), (two, second) = sample_clips[:2]
    right = judge([(one, first), (two, second)], references)
    swapped = judge([(two, first), (one, second)], references)
    assert swapped.raw["wer"] > 0.7 > right.raw["wer"]
    assert swapped.clarity < 0.4 < right.clarity
    assert (swapped.similarity, swapped.naturalness) == (right.similarity, right.naturalness)
    assert any("least clear in 2 of 2 sentences" in reason for reason in swapped.reasons)


@pytest.mark.slow
def test_noise_costs_naturalness_and_is_named(judge, sample_clips, references, spoilt):
    clean = judge(sample_clips[:1], references)
    noisy = judge([(text, spoilt(path, snr_db=5)) for text, path in sample_clips[:1]], references)
    assert noisy.naturalness < clean.naturalness - 0.2
    assert any("noise or hum behind the voice in 1 of 1 sentence" in reason for reason in noisy.reasons)


def test_silence_one_sentence_one_recording_and_a_foreign_language(judge, sample_clips, tmp_path):
    quiet = tmp_path / "quiet.wav"
    soundfile.write(quiet, np.zeros(22_050), 22_050)
    empty = tmp_path / "empty.wav"
    soundfile.write(empty, np.zeros(0), 22_050)
    nothing = judge([("one", quiet), ("two", empty)], [sample_clips[0][1]], "de")
    assert (nothing.similarity, nothing.naturalness, nothing.clarity, nothing.overall) == (
        0.0,
        0.0,
        None,
        0.0,
    )
    alone = judge(sample_clips[:1], [sample_clips[1][1]], "de")
    assert alone.consistency is None
    assert alone.clarity is None
    assert alone.similarity > 0.5
    mute = judge(sample_clips[:1], [quiet], "de")
    assert mute.similarity is None
    assert mute.overall == pytest.approx(mute.naturalness)


@pytest.mark.slow
@pytest.mark.speech
def test_two_recordings_of_one_person_score_high_and_two_people_low(judge, speech_dir):
    people = {folder.name: sorted(folder.glob("*.flac")) for folder in (speech_dir / "librispeech").iterdir()}
    assert len(people) == 4
    for name, clips in people.items():
        own = judge([("unknown", clip) for clip in clips[:2]], clips[5:8], "xx")
        assert own.similarity > 0.8, name
        for other, others in people.items():
            if other != name:
                stranger = judge([("unknown", clip) for clip in others[:2]], clips[5:8], "xx")
                assert stranger.similarity < 0.4, (name, other)
                assert stranger.overall < own.overall
