from __future__ import annotations

import threading
from collections.abc import Generator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from voicewright.engines.errors import OptionsInvalid
from voicewright.engines.port import AudioChunk, SpokenWord, SynthesisRequest
from voicewright.speech.errors import NothingSpoken
from voicewright.speech.stream import (
    FADE_S,
    PARAGRAPH_PAUSE_S,
    SENTENCE_PAUSE_S,
    SpeechStream,
    check_pitches,
    spoken_by,
)
from voicewright.text.errors import TextEmpty
from voicewright.text.reading import read_script
from voicewright.text.script import Manner, Piece, Script

RATE_HZ = 1000
FADE = round(FADE_S * RATE_HZ)


class Clock:
    now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


class Metronome:
    """Speaks a tenth of a second per word, and takes a hundredth for each."""

    def __init__(self, value: int = 16384) -> None:
        self.clock = Clock()
        self.asked: list[SynthesisRequest] = []
        self._pcm = np.full(RATE_HZ // 10, value, dtype="<i2").tobytes()

    def synthesize(
        self, request: SynthesisRequest, *, cancel: threading.Event | None = None
    ) -> Generator[AudioChunk, None, None]:
        self.asked.append(request)
        for _ in request.text.split():
            self.clock.now_s += 0.01
            yield AudioChunk(self._pcm, RATE_HZ)


class Mute:
    def synthesize(
        self, request: SynthesisRequest, *, cancel: threading.Event | None = None
    ) -> Generator[AudioChunk, None, None]:
        yield AudioChunk(b"", RATE_HZ)


def stream(speaker: Metronome | Mute, text: str, **more: Any) -> SpeechStream:
    manner = SynthesisRequest(Path("voice"), "")
    return SpeechStream(
        read_script(text, language="en-us"), spoken_by(speaker, manner), sample_rate_hz=RATE_HZ, **more
    )


def test_speaks_sentence_by_sentence_with_pauses_between() -> None:
    speech = stream(Metronome(), "One two. Three.\n\nFour.")

    samples = np.concatenate(list(speech))

    assert len(samples) == round(RATE_HZ * (0.4 + SENTENCE_PAUSE_S + PARAGRAPH_PAUSE_S))
    assert speech.output_s == pytest.approx(len(samples) / RATE_HZ)
    assert samples.max() == pytest.approx(0.5)
    assert samples[-FADE - 1] == pytest.approx(0.5), "no pause after the last sentence"
    first, last = samples[:200], samples[-100:]
    for piece in (first, last):
        assert 0 < piece[0] < 0.2, "it comes up from zero"
        assert 0 < piece[-1] < 0.2, "and goes down to it, so that no joint clicks"
    assert np.ptp(first[FADE:-FADE]) == 0, "and is left alone between"


def test_each_piece_is_spoken_in_its_own_manner_within_that_of_the_whole() -> None:
    speaker = Metronome()
    manner = SynthesisRequest(Path("voice"), "", language="de", speed=2.0, seed=7, pitch_semitones=1.0)
    pieces = (
        Piece("1.", "One.", manner=Manner(speed=0.5, pitch_semitones=2.0), pause_after_s=1.0),
        Piece("Two.", "Two.", manner=Manner(speed=100.0, pitch_semitones=-100.0)),
        Piece("Three.", "Three.", pause_after_s=0.5),
    )
    script = Script(pieces, lead_in_s=0.2)
    speech = SpeechStream(script, spoken_by(speaker, manner), sample_rate_hz=RATE_HZ, speed=2.0)

    samples = np.concatenate(list(speech))

    asked = [(r.text, r.language, r.seed, r.speed, r.pitch_semitones) for r in speaker.asked]
    assert asked == [
        ("One.", "de", 7, 1.0, 3.0),
        ("Two.", "de", 7, 4.0, -12.0),
        ("Three.", "de", 7, 2.0, 1.0),
    ]
    silent = [0.2, 1.0, SENTENCE_PAUSE_S / 2, 0.5]
    assert len(samples) == pytest.approx(RATE_HZ * (0.3 + sum(silent)), abs=2)
    assert not samples[:200].any()
    assert not samples[-500:].any()


def test_words_are_told_with_their_times_in_the_whole() -> None:
    class Timed(Metronome):
        def synthesize(
            self, request: SynthesisRequest, *, cancel: threading.Event | None = None
        ) -> Generator[AudioChunk, None, None]:
            for place, chunk in enumerate(super().synthesize(request, cancel=cancel)):
                yield replace(chunk, words=(SpokenWord(f"w{place}", place * 0.1, place * 0.1 + 0.1),))

    speech = stream(Timed(), "One two. Three.")
    list(speech)

    # as they were written, whatever the engine calls them
    told = [("One", 0), ("two.", 0.1), ("Three.", 0.45)]
    assert [(w.text, round(w.start_s, 3)) for w in speech.words] == told
    assert not speech.words_estimated


def test_times_of_words_are_estimated_where_the_engine_does_not_tell() -> None:
    speech = stream(Metronome(), "One two. Three.")
    list(speech)

    assert [w.text for w in speech.words] == ["One", "two.", "Three."]
    assert speech.words[2].start_s == pytest.approx(0.45)
    assert speech.words[2].end_s == pytest.approx(speech.output_s)
    assert speech.words_estimated


def test_counts_the_time_of_the_engine_and_not_of_the_reader() -> None:
    speaker = Metronome()
    speech = stream(speaker, "One two three four.", clock=speaker.clock)
    for _ in speech:
        speaker.clock.now_s += 5.0

    assert speech.first_audio_s == pytest.approx(0.01)
    assert speech.synthesis_s == pytest.approx(0.04)
    assert speech.real_time_factor == pytest.approx(0.1)


def test_the_pauses_between_sentences_do_not_flatter_the_engine() -> None:
    speaker = Metronome()
    speech = stream(speaker, "One two. Three.\n\nFour.", clock=speaker.clock)
    list(speech)

    assert speech.speech_s == pytest.approx(0.4)
    assert speech.real_time_factor == pytest.approx(0.1)


def test_asks_before_each_piece_and_tells_after_it() -> None:
    told: list[str] = []
    speech = stream(
        Metronome(),
        "One. Two.",
        before_piece=lambda place: told.append(f"before {place}"),
        after_piece=lambda done: told.append(f"{done} done"),
    )
    list(speech)

    assert told == ["before 0", "1 done", "before 1", "2 done"]


def test_a_text_without_words_is_refused_at_once() -> None:
    with pytest.raises(TextEmpty):
        stream(Metronome(), " ... ")


def test_an_engine_that_says_nothing_is_found_out() -> None:
    with pytest.raises(NothingSpoken):
        list(stream(Mute(), "One."))


def test_a_pitch_in_the_markup_is_refused_before_the_first_sentence_is_spoken():
    pitched = '<speak>As usual. <prosody pitch="+2st">Higher.</prosody></speak>'
    script = read_script(pitched, language="en-us", markup="ssml")
    check_pitches(script, shifts_pitch=True)
    check_pitches(read_script("As usual.", language="en-us"), shifts_pitch=False)
    with pytest.raises(OptionsInvalid, match="in the markup"):
        check_pitches(script, shifts_pitch=False)
