"""The words of the guide, laid over the text, and what the engine makes of them."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch

from voicewright.engines.port import SynthesisRequest
from voicewright.plugins.builtin.alignment import Segment
from voicewright.plugins.builtin.engine import BuiltinEngine
from voicewright.plugins.builtin.espeak import Guide, Rendering, plain
from voicewright.plugins.builtin.words import spoken_words


def timed(text: str, language: str = "en-us"):
    """Each sound takes 50 ms."""
    rendering = Guide.shared().render(text, language)
    segments = [
        Segment(sound.name, 10 * number, 10 * number + 10, number, sound.word)
        for number, sound in enumerate(rendering.sounds)
    ]
    words = spoken_words(plain(text), rendering, segments)
    return words, [
        "".join(sound.name for sound in rendering.sounds[round(w.start_s / 0.05) : round(w.end_s / 0.05)])
        for w in words
    ]


@pytest.mark.parametrize(
    ("text", "language", "sounds"),
    [
        ("Hello, dear world.", "en-us", ["h@loU", "di@3", "w3:ld"]),
        ("He said: “no…” — twice!", "en-us", ["hi:", "sEd", "noU", "twaIs"]),
        # which the guide takes together
        ("the of a in", "en-us", ["DI2;", "@v", "@", "In"]),
        ("to it was", "en-us", ["tU", "It", "wVz"]),
        ("I don't.", "en-us", ["aI", "doUnt"]),
        # which it counts several times
        ("at 1234 o'clock", "en-us", ["at", "wVnTaUz@ndtu:hVndrI2dT3:t#ifo@r", "@kl0k"]),
        ("MP3 twenty-six", "en-us", ["Empi:Tri:", "twEntisIks"]),
        ("Größe über Straße", "de", ["grY:s@", "y:b3", "StrA:s@"]),
    ],
)
def test_each_word_has_its_sounds(text: str, language: str, sounds: list[str]) -> None:
    words, said = timed(text, language)

    assert said == sounds
    assert [word.text for word in words] == [token for token in text.split() if any(map(str.isalnum, token))]


def test_scripts_without_spaces_are_cut_where_the_guide_cuts() -> None:
    words, _ = timed("你好，今天天气很好。", "cmn")

    assert [word.text for word in words] == ["你好，", "今", "天", "天", "气", "很好。"]


@pytest.mark.parametrize("text", ["", "...", "\x00\x01", "— “” —"])
def test_nothing_said_has_no_words(text: str) -> None:
    assert timed(text)[0] == ()
    assert spoken_words("a", Rendering(np.zeros(0, np.float32), ()), ()) == ()


class Context:
    def check_cancelled(self) -> None:
        pass


@pytest.fixture
def speak(voice_dir):
    def pcm_and_words(text: str, **kwargs):
        chunks = list(engine.synthesize(SynthesisRequest(voice_dir, text, **kwargs), Context()))
        return b"".join(chunk.pcm for chunk in chunks), [word for chunk in chunks for word in chunk.words]

    engine = BuiltinEngine()
    yield pcm_and_words
    # what it sets for its own process must not stay in this one
    torch.set_flush_denormal(False)


def test_the_engine_times_the_words_of_all_sentences_within_its_audio(speak) -> None:
    pcm, words = speak("Hello there. Is it a house? Yes!", speed=1.5)
    again = speak("Hello there. Is it a house? Yes!", speed=1.5)

    assert [word.text for word in words] == ["Hello", "there.", "Is", "it", "a", "house?", "Yes!"]
    times = [each for word in words for each in (word.start_s, word.end_s)]
    assert times == sorted(times)
    assert times[-1] < len(pcm) / 2 / 22_050
    # a pause between sentences
    assert words[2].start_s - words[1].end_s > 0.12 / 1.5
    assert (pcm, words) == again


def test_pitch_moves_the_voice_and_nothing_else(speak, random_voice, monkeypatch) -> None:
    own, words = speak("Hello there.")
    same, _ = speak("Hello there.", pitch_semitones=0.0)
    high, high_words = speak("Hello there.", pitch_semitones=12.0)

    assert same == own
    assert high != own
    assert len(high) == len(own)
    assert high_words == words

    made = []
    monkeypatch.setattr(
        "voicewright.plugins.builtin.vocoder.stream",
        lambda f0, *_args, **_kwargs: made.append(f0) or iter(()),
    )
    for semitones in (0.0, 12.0, -12.0):
        list(random_voice.say("Hello there.", "en-us", 1.0, 0, semitones).pieces)
    voiced = made[0] > 0
    assert all(((each > 0) == voiced).all() for each in made)
    np.testing.assert_allclose(made[1][voiced] / made[0][voiced], 2.0, rtol=1e-5)
    np.testing.assert_allclose(made[2][voiced] / made[0][voiced], 0.5, rtol=1e-5)
    assert all(len(a) == len(b) for a, b in itertools.pairwise(made))
