"""Texts are cut into chunks that can be spoken, lost and joined one by one."""

from __future__ import annotations

import numpy as np
import pytest

from voicewright.speech.long.chunks import Pauses, cut, plain_text, read, written
from voicewright.speech.long.fetching import file_name
from voicewright.speech.long.joining import from_flac, joined, lay_out, smoothed, to_flac, words_of
from voicewright.speech.long.models import LongChunk, LongPart, LongSpeech
from voicewright.text.reading import read_script
from voicewright.text.script import Manner, Piece, Script

RATE_HZ = 8000
TEXT = "\n\n".join(f"First {n}. Second of {n}." for n in range(10))


def script(text: str) -> Script:
    return read_script(text, language="en-us", normalise=False)


def chunk(length_s: float, level: float = 0.1, **more: object) -> tuple[LongChunk, np.ndarray]:
    times = np.arange(round(length_s * RATE_HZ)) / RATE_HZ
    sound = (level * np.cos(2 * np.pi * 200 * times)).astype(np.float32)
    loudness = 20 * np.log10(level)
    facts = {"pause_before_s": 0.0, "ends_paragraph": False, "audio_s": length_s, "loudness_lufs": loudness}
    return LongChunk(**facts | more), sound


def test_short_paragraphs_share_a_chunk_and_no_word_is_lost() -> None:
    chunks = cut(script(TEXT), Pauses(), by_paragraph=False, longest=60)
    assert {one.part for one in chunks} == {1}
    assert max(one.characters for one in chunks) <= 60
    assert len(chunks) < 10
    assert "\n\n".join(plain_text(one.pieces) for one in chunks) == TEXT
    assert all(one.ends_paragraph for one in chunks)


def test_a_long_paragraph_is_cut_between_sentences() -> None:
    text = "One is here. Two is here. Three is here.\n\nFour."
    first, second = cut(script(text), Pauses(), by_paragraph=False, longest=25)
    assert plain_text(first.pieces) == "One is here. Two is here."
    assert plain_text(second.pieces) == "Three is here.\n\nFour."
    assert (first.ends_paragraph, second.ends_paragraph) == (False, True)


def test_paragraphs_are_parts_where_they_get_files() -> None:
    chunks = cut(script(TEXT), Pauses(), by_paragraph=True)
    assert [one.part for one in chunks] == list(range(1, 11))


def test_pauses_are_those_of_the_text_then_those_that_were_ordered() -> None:
    pieces = (
        Piece("a", "a"),
        Piece("b", "b", pause_after_s=3.0),
        Piece("c", "c", ends_paragraph=True),
        Piece("d", "d", paragraph=1, ends_paragraph=True),
    )
    first, last = cut(Script(pieces, lead_in_s=2.0), Pauses(0.1, 0.7), by_paragraph=True)
    assert [piece.pause_after_s for piece in first.pieces] == [0.1, 3.0, None]
    assert (first.pause_before_s, first.pause_after_s, first.ends_paragraph) == (2.0, 0.7, True)
    assert (last.pause_before_s, last.pause_after_s) == (0.0, 0.7)
    assert not first.pieces[-1].ends_paragraph  # the silence after it is made once, by the joining


def test_pieces_come_back_from_the_table_as_they_were() -> None:
    pieces = (Piece("1", "one", Manner(1.5, -2.0), 0.3, 4, ends_paragraph=True), Piece("b", "b"))
    assert read(written(pieces)) == pieces


def test_seams_make_no_jump_that_is_not_in_a_chunk() -> None:
    """The chunks begin and end at the top of a wave, with some direct current: the worst that can come."""
    sounds = [chunk(0.5, level)[1] + np.float32(0.05) for level in (0.1, 0.11, 0.09)]
    chunks = [chunk(0.5, level, pause_after_s=0.0)[0] for level in (0.1, 0.11, 0.09)]
    by_id = {id(one): sound for one, sound in zip(chunks, sounds, strict=True)}
    seams = lay_out(chunks, 1.0)
    sound = np.concatenate(list(joined(seams, lambda one: by_id[id(one)].copy(), RATE_HZ)))
    inside = max(float(np.abs(np.diff(one)).max()) for one in sounds)
    assert float(np.abs(np.diff(sound)).max()) <= inside * 1.3  # the gain between chunks
    assert abs(float(sound[0])) < 0.01 * inside
    assert abs(float(sound.mean())) < 1e-3


def test_chunks_become_equally_loud_within_reason() -> None:
    chunks = [chunk(1.0, level)[0] for level in (0.1, 0.12, 0.5)]
    quiet, middle, loud = (seam.gain for seam in lay_out(chunks, 1.0))
    assert quiet == pytest.approx(1.2)
    assert middle == pytest.approx(1.0)
    assert loud == pytest.approx(10 ** (-3 / 20))
    assert lay_out([chunk(1.0, loudness_lufs=None)[0]], 1.0)[0].gain == 1.0
    peaky = smoothed(chunk(1.0, 0.9)[1], RATE_HZ, gain=1.4)
    assert float(np.abs(peaky).max()) <= 0.9  # never louder than it may be


def test_pauses_and_words_have_their_places() -> None:
    first = chunk(1.0, pause_before_s=0.5, words=[["a", 0.1, 0.2]])[0]
    second = chunk(1.0, words=[["b", 0.3, 0.4]], ends_paragraph=True)[0]
    third = chunk(1.0, pause_after_s=9.0)[0]
    seams = lay_out([first, second, third], 2.0)
    assert [seam.start_s for seam in seams] == pytest.approx([0.5, 1.5 + 0.125, 2.625 + 0.3])
    assert [(word.text, round(word.start_s, 3)) for word in words_of(seams)] == [("a", 0.6), ("b", 1.925)]
    sounds = joined(seams, lambda _: chunk(1.0)[1], RATE_HZ)
    assert sum(map(len, sounds)) == round((0.5 + 3 + 0.125 + 0.3) * RATE_HZ)  # no pause at the end


def test_sound_is_kept_without_loss() -> None:
    sound = chunk(0.1)[1]
    again = from_flac(to_flac(sound, RATE_HZ))
    assert np.abs(again - sound).max() < 1 / 32767
    assert len(smoothed(np.zeros(0, np.float32), RATE_HZ, 1.0)) == 0


@pytest.mark.parametrize(
    ("name", "called"),
    [
        ("", "007"),
        ("Chapter 1", "007-Chapter 1"),
        ("../../etc/passwd", "007-etc_passwd"),
        ("a\x00b\\c:d", "007-a_b_c_d"),
        ("....", "007"),
        ("Überall 東京", "007-Überall 東京"),
        ("x" * 200, "007-" + "x" * 80),
    ],
)
def test_a_file_name_leads_nowhere(name: str, called: str) -> None:
    assert file_name(LongSpeech(title=""), LongPart(number=7, name=name)) == called
