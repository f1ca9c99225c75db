"""The sentences that people read aloud, and the order in which they come."""

from __future__ import annotations

import random
import runpy

import pytest

from voicewright.plugins.builtin.espeak import _CONSONANTS, _VOWELS
from voicewright.recordings.prompts.catalogue import (
    REST,
    Prompt,
    catalogue_for,
    languages,
    sentence_key,
)
from voicewright.recordings.prompts.choosing import in_order


@pytest.mark.parametrize("language", languages())
def test_every_sentence_has_sounds_and_is_there_once(language):
    catalogue = catalogue_for(language)
    assert len(catalogue.by_key) == len(catalogue.prompts) >= 20
    for prompt in catalogue.prompts:
        assert prompt.text[-1] in ".?!", prompt.text
        assert len(prompt.sounds) > 10, prompt.text
        assert prompt.sounds[0] != REST
        assert 20 <= len(prompt.text) <= 80, prompt.text


def test_english_has_every_sound_of_the_language():
    catalogue = catalogue_for("en")
    assert catalogue.language == "en-us"
    assert len(catalogue.prompts) >= 120
    assert catalogue.heard == {*_VOWELS.values(), *_CONSONANTS.values(), "@"}
    for sound in catalogue.heard:
        assert sum(sound in prompt.heard for prompt in catalogue.prompts) >= 5, sound


@pytest.mark.parametrize("language", languages())
def test_the_order_reaches_more_than_chance_and_every_sound_soon(language):
    catalogue = catalogue_for(language)
    chosen = in_order(catalogue.prompts)
    assert sorted(chosen, key=id) == sorted(catalogue.prompts, key=id)
    chance = random.Random(1)  # noqa: S311
    for count in (5, 10, 15):
        most = sum(len(prompt.sounds) for prompt in chosen[:count])
        by_chance = [_pairs(_as_long(chance.sample(catalogue.prompts, len(chosen)), most)) for _ in range(20)]
        assert _pairs(chosen[:count]) > sum(by_chance) / 20
    assert frozenset().union(*(prompt.heard for prompt in chosen[:10])) == catalogue.heard


def test_what_was_said_is_not_asked_for_first_again():
    catalogue = catalogue_for("en-us")
    said = in_order(catalogue.prompts)[:20]
    left = [prompt for prompt in catalogue.prompts if prompt not in said]
    assert in_order(left, said) == in_order(catalogue.prompts)[20:]


def test_the_next_one_brings_most_for_its_length():
    short, long, rare = Prompt("a", ("a", "b")), Prompt("b", ("a", "b") * 9), Prompt("c", ("x", "y", "z"))
    assert in_order([short, long, rare]) == [rare, short, long]
    assert in_order([short, rare], [rare]) == [short, rare]
    assert in_order([]) == []


def test_pauses_are_no_sounds_but_neighbours():
    prompt = Prompt("a, b", ("a", REST, "b"))
    assert prompt.heard == {"a", "b"}
    assert prompt.pairs == {(REST, "a"), ("a", REST), (REST, "b"), ("b", REST)}
    assert Prompt("?").pairs == Prompt("?").heard == frozenset()


def test_a_transcript_is_its_sentence_however_it_is_punctuated():
    assert sentence_key("I'd like  a TABLE -- for four!") == sentence_key("i'd like a table for four.")
    assert sentence_key("a b") != sentence_key("ab")
    assert catalogue_for("tlh") is None
    assert catalogue_for("fr").language == "fr-fr"


@pytest.mark.parametrize("language", languages())
def test_the_sounds_are_those_that_the_guide_hears(language, repository):
    sounds_of = runpy.run_path(str(repository / "benchmarks" / "recording_prompts.py"))["sounds_of"]
    for prompt in catalogue_for(language).prompts[::20]:
        assert sounds_of(prompt.text, language) == prompt.sounds, prompt.text


def _as_long(prompts, most):
    """The first of them, as long as all together have so many sounds."""
    total = 0
    for number, prompt in enumerate(prompts):
        total += len(prompt.sounds)
        if total > most:
            return prompts[:number]
    return prompts


def _pairs(prompts):
    return len(frozenset().union(*(prompt.pairs for prompt in prompts)))
