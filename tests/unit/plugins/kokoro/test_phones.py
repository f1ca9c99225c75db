"""Texts are read in the alphabet that the model has learnt."""

from __future__ import annotations

import espeakng_loader
import pytest
from kokoro_onnx.config import DEFAULT_VOCAB
from phonemizer.backend.espeak.wrapper import EspeakWrapper

from voicewright.plugins.kokoro.languages import LANGUAGES
from voicewright.plugins.kokoro.phones import Reader


@pytest.fixture(scope="module")
def read():
    EspeakWrapper.set_library(espeakng_loader.get_library_path())
    EspeakWrapper.set_data_path(espeakng_loader.get_data_path())
    readers = {language: Reader(language) for language in LANGUAGES}
    return lambda text, language="en-us": readers[language].read(text)


@pytest.mark.parametrize(
    ("text", "phones"),
    [
        ("judge", "ʤˈʌʤ"),
        ("church", "ʧˈɜɹʧ"),
        ("nine boys", "nˈIn bˈYz"),
        ("now pay", "nˈW pˈA"),
        ("old boats", "ˈOld bˈOts"),
        ("water", "wˈɔTəɹ"),
        ("sea", "sˈi"),
    ],
)
def test_american_english_has_one_letter_for_a_diphthong_and_none_for_length(read, text, phones):
    assert read(text) == phones


@pytest.mark.parametrize(("text", "phones"), [("boat", "bˈQt"), ("sea", "sˈiː"), ("bird", "bˈɜːd")])
def test_british_english_keeps_its_lengths(read, text, phones):
    assert read(text, "en-gb") == phones


@pytest.mark.parametrize(
    ("text", "language", "phones"),
    [
        ("il ghiaccio", "it", "il ɡjˈaʧːo"),
        ("ocho", "es", "ˈoʧo"),
        ("dia", "pt-br", "ʤˈiæ"),
        ("bonjour", "fr", "bɔ̃ʒˈuʁ"),
    ],
)
def test_other_languages_keep_espeaks_letters(read, text, language, phones):
    assert read(text, language) == phones


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en-us", "Judges' butter, “quoted” (aside); e.g. Mr. Smith's eighth button…"),
        ("en-gb", "The bear's poor hair: rhythm, prison, and little bottles!"),
        ("es", "¿El niño comió queso? ¡Llamó al perro «grande»!"),
        ("fr", "Le garçon mange une bonne pomme dans un vin rouge."),
        ("hi", "यह एक अच्छा दिन है।"),
        ("it", "La pizza è già pronta, gli amici mangiano."),
        ("pt-br", "O coração não mente, João disse à tia."),
    ],
)
def test_nothing_is_left_that_the_model_has_not_learnt(read, language, text):
    said_nothing_of = set("¿¡")  # the model has not learnt them, and the question is marked at its end
    assert set(read(text, language)) - said_nothing_of <= set(DEFAULT_VOCAB)


def test_names_of_other_languages_are_not_read_aloud(read):
    assert "(" not in read("Привет 你好")


@pytest.mark.parametrize("text", ["", " ", "\u200b"])
def test_nothing_is_read_as_nothing(read, text):
    assert read(text) == ""
