from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from voicewright.engines.port import SpokenWord
from voicewright.speech.subtitles import LINE, LONGEST_CUE_S, cues, to_json, to_srt, to_webvtt
from voicewright.speech.timings import words_of_piece
from voicewright.text.reading import read_script
from voicewright.text.script import Piece


def said(*words: str, each_s: float = 0.5) -> list[SpokenWord]:
    return [SpokenWord(word, place * each_s, (place + 1) * each_s) for place, word in enumerate(words)]


def shown(words: list[SpokenWord]) -> list[tuple[str, float, float]]:
    return [(word.text, round(word.start_s, 3), round(word.end_s, 3)) for word in words]


def test_words_of_the_engine_are_moved_into_the_whole() -> None:
    piece = Piece("One, two.", "One, two.")
    assert shown(words_of_piece(piece, said("One,", "two."), 2.0, 3.5)) == [
        ("One,", 2, 2.5),
        ("two.", 2.5, 3),
    ]


def test_words_stand_as_they_were_written() -> None:
    piece = Piece("It cost $5 in 1999 😀.", "It cost five dollars in nineteen ninety-nine.")
    told = said("It", "cost", "five", "dollars", "in", "nineteen", "ninety-nine.")

    assert [(text, start, end) for text, start, end in shown(words_of_piece(piece, told, 1.0, 5.0))] == [
        ("It", 1.0, 1.5),
        ("cost", 1.5, 2.0),
        ("$5", 2.0, 3.0),
        ("in", 3.0, 3.5),
        # one stretch of two written words
        ("1999", 3.5, pytest.approx(4.434, abs=0.2)),
        ("😀.", pytest.approx(4.434, abs=0.2), 4.5),
    ]


@pytest.mark.parametrize(
    ("written", "spoken", "words"),
    [
        ("Dr. Who came", "Doctor Who came", ["Dr.", "Who", "came"]),
        ("😀 Hi you", "Hi you", ["😀", "Hi", "you"]),
        ("Hi 😀 you", "Hi you", ["Hi 😀", "you"]),
        ("one — two", "one — two", ["one —", "two"]),
        ("W3C", "World Wide Web Consortium", ["W3C"]),
        ("a b", "a very b", ["a", "b"]),
        ("100", "one hundred", ["100"]),
    ],
)
def test_no_written_word_is_lost(written: str, spoken: str, words: list[str]) -> None:
    told = said(*(word for word in spoken.split() if word.isalnum()))
    timed = words_of_piece(Piece(written, spoken), told, 0.0, 9.0)

    assert [word.text for word in timed] == words
    assert timed[-1].end_s == told[-1].end_s


def test_cut_words_of_scripts_without_spaces_stay_cut() -> None:
    piece = Piece("你好，今天。", "你好，今天。")
    assert [word.text for word in words_of_piece(piece, said("你好，", "今天。"), 0, 1)] == [
        "你好，",
        "今天。",
    ]


def test_where_the_engine_tells_nothing_letters_share_the_time() -> None:
    words = words_of_piece(Piece("I understand, so.", "I understand, so."), (), 1.0, 3.0)

    assert [word.text for word in words] == ["I", "understand,", "so."]
    assert words[0].start_s == 1.0
    assert words[-1].end_s == pytest.approx(3.0)
    assert words[1].end_s - words[1].start_s > 3 * (words[0].end_s - words[0].start_s)
    # a pause after the comma
    assert words[2].start_s > words[1].end_s


@settings(deadline=None)
@given(st.text(min_size=1, max_size=80), st.booleans())
def test_any_text_is_timed_in_order(text: str, tells: object) -> None:
    for piece in read_script(text + " a", language="en-us").pieces:
        told = said(*piece.spoken.split()) if tells else []
        end_s = 2.0 + (told[-1].end_s if told else 1.0)
        words = words_of_piece(piece, told, 2.0, end_s)
        times = [each for word in words for each in (word.start_s, word.end_s)]
        assert words
        assert times == pytest.approx(sorted(times))
        assert times[0] >= 2.0
        assert times[-1] <= end_s + 1e-6


def test_a_cue_is_a_sentence() -> None:
    first = said("Dr.", "Smith", "left.")
    second = [SpokenWord(word.text, word.start_s + 2, word.end_s + 2) for word in said("He", "ran.")]

    assert [(cue.start_s, cue.end_s, cue.lines) for cue in cues([*first, *second])] == [
        (0.0, 1.5, ("Dr. Smith left.",)),
        (2.0, 3.0, ("He ran.",)),
    ]


def test_a_cue_is_two_lines_at_most_and_no_longer_than_can_be_read() -> None:
    many = list(cues(said(*["word"] * 100, each_s=0.2)))
    assert all(len(cue.lines) <= 2 and all(len(line) <= LINE for line in cue.lines) for cue in many)
    assert sum(" ".join(cue.lines).count("word") for cue in many) == 100

    slow = list(cues(said(*["word"] * 20, each_s=1.5)))
    assert max(cue.end_s - cue.start_s for cue in slow) <= LONGEST_CUE_S

    (endless,) = cues(said("x" * 100))
    assert endless.lines == ("x" * 100,)
    assert [cue.lines for cue in cues(said("你好，", "今天"))] == [("你好，今天",)]


WORDS = [
    SpokenWord("Tom", 0.0, 0.25),
    SpokenWord("&", 0.25, 0.5),
    SpokenWord("<b>Jerry</b>", 0.5, 1.2344),
    SpokenWord("-->", 3661.5, 3661.5),
]


def test_webvtt() -> None:
    assert to_webvtt(WORDS) == (
        "WEBVTT\n\n"
        "00:00:00.000 --> 00:00:01.234\nTom &amp; &lt;b&gt;Jerry&lt;/b&gt;\n\n"
        "01:01:01.500 --> 01:01:01.501\n--&gt;\n"
    )
    assert to_webvtt([]) == "WEBVTT\n"


def test_srt() -> None:
    assert to_srt(WORDS) == (
        "1\n00:00:00,000 --> 00:00:01,234\nTom & ‹b›Jerry‹/b›\n\n2\n01:01:01,500 --> 01:01:01,501\n--›\n\n"
    )
    assert to_srt([]) == ""


def test_json() -> None:
    assert json.loads(to_json(WORDS[:1], estimated=True)) == {
        "words": [{"text": "Tom", "start": 0.0, "end": 0.25}],
        "estimated": True,
    }
