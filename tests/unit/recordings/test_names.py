from __future__ import annotations

import unicodedata
from pathlib import PurePosixPath

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from voicewright.recordings.errors import DatasetNameInvalid, LanguageInvalid, TranscriptInvalid
from voicewright.recordings.names import (
    clean_dataset_name,
    clean_filename,
    clean_language,
    clean_transcript,
    dataset_key,
    safe_suffix,
)


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("my_voice_dataset", "my_voice_dataset"),
        ("  My   voice-2.1 ", "My voice-2.1"),
        ("Ame\u0301lie", "Am\u00e9lie"),
        ("\u0939\u093f\u0928\u094d\u0926\u0940", "\u0939\u093f\u0928\u094d\u0926\u0940"),
        ("2024", "2024"),
        ("x" * 100, "x" * 100),
    ],
)
def test_a_name_of_letters_digits_and_plain_marks_is_kept(written, kept):
    assert clean_dataset_name(written) == kept


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ("", "needs a name"),
        (" \t", "needs a name"),
        ("..", "begins with a letter"),
        (".hidden", "begins with a letter"),
        ("-rf", "begins with a letter"),
        ("a.", "does not end with a dot"),
        ("../etc", "replace: /"),
        ("a/b\\c", r"replace: /, \\"),
        ("a\0b", r"U\+0000"),
        ("a\u202eb", r"U\+202E"),
        ("caf\u00e9?", r"replace: \?"),
        ("x" * 101, "Shorten"),
        ("\u6c34" * 100, "Shorten"),
        ("\ud800", "replace"),
    ],
)
def test_what_leads_anywhere_or_can_not_be_shown_is_refused_with_what_to_change(written, words):
    with pytest.raises(DatasetNameInvalid, match=words):
        clean_dataset_name(written)


def test_names_are_the_same_whatever_the_case_and_the_form():
    assert dataset_key("My Voice") == dataset_key(" my  voice ") == dataset_key("\uff2dy voice")


@given(st.text(max_size=60))
def test_a_name_that_is_taken_is_a_plain_name_of_a_folder(written):
    try:
        name = clean_dataset_name(written)
    except DatasetNameInvalid:
        return
    assert PurePosixPath(name).parts == (name,)
    assert name not in {".", ".."}
    assert clean_dataset_name(name) == name
    assert len(f"{name}.zip".encode()) < 255


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        ("take.mp3", "take.mp3"),
        ("../../etc/passwd", "passwd"),
        ("C:\\fakepath\\take 1.wav", "take 1.wav"),
        ("a\x1b[31m\n.mp3", "a [31m .mp3"),
        ("", "audio"),
        ("///", "audio"),
        ("x" * 300 + ".flac", "x" * 195 + ".flac"),
        ("\u202egnp.mp3", "gnp.mp3"),
    ],
)
def test_of_a_files_name_what_can_be_shown_is_kept(sent, shown):
    assert clean_filename(sent) == shown


@given(st.text(max_size=400))
@example(".")
@example("..")
def test_any_name_of_a_file_can_be_shown_and_stored(sent):
    name = clean_filename(sent)
    assert 0 < len(name) <= 200
    assert not any(unicodedata.category(character)[0] == "C" for character in name)
    name.encode()


def test_a_copy_has_the_extension_of_a_recording_or_none():
    assert safe_suffix("a.MP3") == ".mp3"
    assert safe_suffix("a.exe") == safe_suffix("a") == safe_suffix(".wav") == ""


def test_a_transcript_is_one_line_and_of_a_sane_length():
    assert clean_transcript(" Hello\r\n there\0 ") == "Hello there"
    assert clean_transcript("  ") is clean_transcript(None) is None
    with pytest.raises(TranscriptInvalid, match="10,000"):
        clean_transcript("x" * 10_001)


def test_a_language_is_a_tag():
    assert clean_language(" en-US ") == "en-us"
    for odd in ("", "e", "english language", "en/us", "x" * 9, "\u202een"):
        with pytest.raises(LanguageInvalid):
            clean_language(odd)
