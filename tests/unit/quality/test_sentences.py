from __future__ import annotations

import pytest

from voicewright.quality import sentences
from voicewright.quality.wer import words_of


def test_a_dozen_languages_have_sentences_of_their_own():
    assert len(sentences.languages()) >= 12


@pytest.mark.parametrize("language", sentences.languages())
def test_each_language_has_eight_different_sentences_of_a_few_seconds(language):
    found = sentences.test_sentences(language)
    assert len(set(found)) >= 8
    assert all(5 <= len(words_of(sentence, language)) <= 30 for sentence in found)


@pytest.mark.parametrize("language", sentences.languages())
def test_no_sentence_holds_figures(language):
    assert not any(letter.isdigit() for sentence in sentences.test_sentences(language) for letter in sentence)


def test_a_region_uses_its_language():
    assert sentences.test_sentences("en-US") == sentences.test_sentences("en-gb")
    assert sentences.sentence_set("pt-br").note is None


def test_mandarin_and_bokmal_are_known_by_their_usual_names():
    assert sentences.sentence_set("cmn").language == "zh"
    assert sentences.sentence_set("cmn-latn-pinyin").language == "en"  # a reader of Pinyin reads no Chinese


def test_a_language_without_sentences_gets_english_ones_and_a_note():
    found = sentences.sentence_set("xh")
    assert found.language == "en"
    assert "xh" in found.note
