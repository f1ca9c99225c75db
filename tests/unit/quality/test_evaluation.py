from __future__ import annotations

import json
import math

import pytest

from voicewright.quality.errors import NothingToJudge
from voicewright.quality.evaluation import evaluate, evaluation_of
from voicewright.quality.figures import UNKNOWN_DNSMOS, Dnsmos, SpokenSentence
from voicewright.quality.findings import Findings, ReferenceFigures, SentenceFigures
from voicewright.quality.measurer import Measurer

CLEAN, NOISY = Dnsmos(3.2, 3.5, 4.0), Dnsmos(2.1, 3.0, 2.2)


def figures(text, cosine=0.93, dnsmos=CLEAN, heard=None, duration_s=4.0, **changes):
    words = len(text.split())
    wrong = sum(a != b for a, b in zip(text.split(), (heard or text).split(), strict=False))
    return SentenceFigures(
        text,
        "x.wav",
        duration_s,
        cosine,
        dnsmos,
        heard=heard or text,
        words=words,
        wrong_words=wrong,
        **changes,
    )


def found(*sentences, cosine=0.94, recogniser="pocketsphinx", **changes):
    return Findings("en-us", recogniser, sentences, speaker_cosine=cosine, references=4, **changes)


def reasons(*sentences, **changes):
    return "\n".join(evaluation_of(found(*sentences, **changes)).reasons)


def test_it_survives_json_without_a_nan():
    evaluation = evaluation_of(
        found(figures("good morning"), figures("good night", cosine=math.nan, dnsmos=UNKNOWN_DNSMOS))
    )
    told = evaluation.to_json()
    assert json.loads(json.dumps(told, allow_nan=False)) == told


def test_every_component_gets_a_reason_with_its_figure():
    said = reasons(figures("good morning"), figures("good night"))
    for word in (
        "Similarity: the voice sounds like the speaker (cosine 0.94",
        "DNSMOS 3.20",
        "0% of",
        "spread",
    ):
        assert word in said


def test_a_stranger_is_called_one():
    assert "sounds like somebody else (cosine 0.58" in reasons(figures("good morning"), cosine=0.58)


def test_noise_is_pinned_to_the_sentences_that_have_it_and_to_the_recordings():
    said = reasons(
        figures("a quiet one"),
        figures("a loud one", dnsmos=NOISY),
        reference_figures=(
            ReferenceFigures("r1.wav", NOISY, 5.0),
            ReferenceFigures("r2.wav", CLEAN, 5.0),
            ReferenceFigures("short.wav", NOISY, 2.0),
        ),
    )
    assert 'behind the voice in 1 of 2 sentences: "a loud one"' in said
    assert "background noise in 1 of 2 of the speaker's own recordings: r1.wav" in said


def test_a_short_sentence_is_not_called_noisy():
    # Judges of naturalness hear a short clip repeated, seams included.
    assert "noise" not in reasons(figures("brief", dnsmos=Dnsmos(2.7, 3.5, 2.9), duration_s=1.2))


def test_misheard_sentences_are_quoted_worst_first():
    said = reasons(
        figures("the boy was there", heard="the boy was here"),
        figures("when the sun rose", heard="win this sum froze"),
    )
    assert 'least clear in 1 of 2 sentences, heard "when the sun rose" as "win this sum froze"' in said


def test_an_unknown_language_says_so_and_leaves_clarity_out():
    unheard = SentenceFigures("guten Tag", "x.wav", 4.0, 0.9, CLEAN, words=2)
    evaluation = evaluation_of(found(unheard, unheard, recogniser=None))
    assert evaluation.clarity is None
    assert "Clarity: unknown, because nothing on this machine recognises" in "\n".join(evaluation.reasons)


def test_sentences_in_another_language_leave_clarity_out_and_say_so():
    unheard = SentenceFigures("good morning", "x.wav", 4.0, 0.9, CLEAN, words=2)
    evaluation = evaluation_of(found(unheard, unheard, recogniser=None, foreign="These are English ones."))
    assert evaluation.clarity is None
    assert evaluation.reasons[0] == "Sentences: These are English ones."
    assert "Clarity: unknown, because the sentences are not in the language" in "\n".join(evaluation.reasons)


def test_silence_short_speech_and_silent_recordings_are_named():
    silent = figures("nothing at all", cosine=math.nan, dnsmos=UNKNOWN_DNSMOS, silent=True)
    assert 'nothing can be heard in 1 of 2 sentences: "nothing at all"' in reasons(figures("hello"), silent)
    assert "only 1.0 s were spoken" in reasons(figures("hello", duration_s=1.0), cosine=0.8)
    said = reasons(figures("hello"), cosine=math.nan, silent_references=4)
    assert "Similarity: unknown, because 4 of 4 recordings hold too little speech" in said


def test_a_wavering_voice_is_told_by_its_least_like_sentence():
    said = reasons(figures("like her", cosine=0.93), figures("like him", cosine=0.70))
    assert 'least like the speaker in "like him"' in said


@pytest.mark.parametrize(("spoken", "references"), [(0, 1), (1, 0)])
def test_without_sentences_or_recordings_there_is_nothing_to_judge(tmp_path, spoken, references):
    with Measurer() as measurer, pytest.raises(NothingToJudge):
        evaluate(
            measurer,
            spoken=[SpokenSentence("hello", tmp_path / "a.wav")] * spoken,
            references=[tmp_path / "b.wav"] * references,
            language="en",
        )
