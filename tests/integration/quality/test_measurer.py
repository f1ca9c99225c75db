"""The client of the measures, against the real judges in real host processes."""

from __future__ import annotations

import threading

import numpy as np
import pytest

from voicewright.audio.errors import AudioError
from voicewright.engines.errors import Cancelled
from voicewright.engines.port import PAUSE
from voicewright.quality.errors import LanguageUnrecognised
from voicewright.quality.judges.sphinx import IPA
from voicewright.quality.measurer import Measurer
from voicewright.quality.wer import word_error_rate


def test_no_clips_no_answers_and_no_process():
    with Measurer() as idle:
        assert idle.speaker_embeddings([]).shape == (0, 256)
        assert idle.dnsmos([]) == []
        assert idle.recognise([], "en") == []
        assert idle.recognise_phones([]) == []
        assert all(host.pid is None for host in idle._hosts)


def test_one_voice_is_nearer_to_itself_than_to_a_higher_one(measurer, sample_clips, spoilt):
    paths = [path for _, path in sample_clips[:2]]
    rows = measurer.speaker_embeddings([*paths, spoilt(paths[0], faster=1.3)])
    assert rows.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(rows, axis=1), 1.0, atol=1e-5)
    assert rows[0] @ rows[1] > rows[2] @ rows[1] + 0.1


def test_several_clips_can_be_one_utterance(measurer, sample_clips):
    paths = [path for _, path in sample_clips[:3]]
    rows = measurer.speaker_embeddings(paths)
    whole = measurer.speaker_embedding_of_all(paths)
    assert whole @ rows.mean(axis=0) > 0.9
    assert np.isnan(measurer.speaker_embedding_of_all([])).all()


def test_noise_lowers_naturalness_step_by_step(measurer, sample_clips, spoilt):
    path = sample_clips[0][1]
    clean, some, much = measurer.dnsmos([path, spoilt(path, snr_db=15), spoilt(path, snr_db=0)])
    assert clean.ovrl > some.ovrl > much.ovrl
    assert clean.bak > some.bak > much.bak


def test_words_come_back_with_times_and_confidence_in_the_order_asked(measurer, sample_clips):
    texts, paths = zip(*sample_clips[:4], strict=True)
    told = []
    heard = measurer.recognise(paths, "en-us", progress=told.append)
    assert word_error_rate(zip(texts, (clip.text for clip in heard), strict=True)) < 0.25
    assert told[-1] == 1.0
    for clip in heard:
        starts = [start_s for _, start_s, _ in clip.words]
        assert starts == sorted(starts)
        assert all(0 <= start_s <= end_s < 10 for _, start_s, end_s in clip.words)
        assert 0 < clip.confidence <= 1
        assert clip.text == " ".join(word for word, _, _ in clip.words)


def test_sounds_are_heard_where_the_words_are_not_known(measurer, sample_clips):
    texts, paths = zip(*sample_clips[:4], strict=True)
    assert measurer.supports_phones()
    heard = measurer.recognise_phones(paths)
    assert [len(set(row) - set(IPA.values()) - {PAUSE}) for row in heard] == [0] * 4
    for text, row in zip(texts, heard, strict=True):
        assert 0.5 < len(row) / sum(letter.isalpha() for letter in text) < 1.5
        assert PAUSE not in (row[0], row[-1])
    assert measurer.recognise_phones(paths[:1]) == heard[:1]


def test_a_language_without_a_recogniser_is_refused_before_any_work(measurer, sample_clips):
    assert measurer.supports_recognition("en-gb")
    assert not measurer.supports_recognition("de")
    with pytest.raises(LanguageUnrecognised):
        measurer.recognise([sample_clips[0][1]], "de")


def test_a_file_that_is_no_audio_is_named(measurer, tmp_path):
    path = tmp_path / "letter.wav"
    path.write_text("Dear reader")
    for question in (measurer.speaker_embeddings, measurer.dnsmos, lambda p: measurer.recognise(p, "en")):
        with pytest.raises(AudioError, match=r"letter\.wav"):
            question([path])


@pytest.mark.slow
def test_recognition_that_is_cancelled_is_not_done_to_its_end(sample_clips):
    paths = [path for _, path in sample_clips] * 4
    cancel, told = threading.Event(), []

    def stop(share):
        told.append(share)
        if share > 0:
            cancel.set()

    with Measurer() as measurer, pytest.raises(Cancelled):
        measurer.recognise(paths, "en", progress=stop, cancel=cancel)
    assert 0 < max(told) < 0.5
