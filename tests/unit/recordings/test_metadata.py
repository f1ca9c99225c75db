from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicewright.recordings.metadata import (
    TranscriptSource,
    clean_text,
    key_of,
    read_transcript_of,
    read_transcripts,
)


def write(folder, content, name="metadata.csv"):
    (folder / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    return read_transcripts(folder)


def test_ljspeech_prefers_the_normalized_text(tmp_path):
    found = write(tmp_path, "a|In 1450|In fourteen fifty\nb|Plain\nc|Only second|\n")
    assert found.kind == "ljspeech"
    assert found.texts == {"a": "In fourteen fifty", "b": "Plain", "c": "Only second"}
    assert found.notes == ()


def test_bom_crlf_blank_lines_and_quotes_do_no_harm(tmp_path):
    found = write(
        tmp_path, '\ufeffa|"Quoted, whole"\r\n\r\n   \r\nb|She said "no" twice\r\nc|"A" and "B"\r\n'
    )
    assert found.texts == {"a": "Quoted, whole", "b": 'She said "no" twice', "c": '"A" and "B"'}


def test_latin_1_is_read_with_a_note(tmp_path):
    found = write(tmp_path, "a|Caf\xe9".encode("latin-1"))
    assert found.texts == {"a": "Café"}
    assert "Latin-1" in found.notes[0]


def test_utf_16_is_read(tmp_path):
    assert write(tmp_path, "a|Grüße".encode("utf-16")).texts == {"a": "Grüße"}


def test_ids_may_have_extensions_and_folders(tmp_path):
    found = write(tmp_path, "wavs/a.wav|One\nb.MP3|Two\nwavs\\c|Three\nv1.2|Four\n")
    files = ["wavs/a.wav", "b.flac", "wavs/c.wav", "v1.2.wav", "other.wav"]
    assert {file: found.texts[key] for file, key in found.match(files).items()} == {
        "wavs/a.wav": "One",
        "b.flac": "Two",
        "wavs/c.wav": "Three",
        "v1.2.wav": "Four",
    }


def test_clips_in_wavs_are_found_by_their_id(tmp_path):
    found = write(tmp_path, "LJ001-0001|One\n")
    assert found.match(["wavs/LJ001-0001.wav"]) == {"wavs/LJ001-0001.wav": "LJ001-0001"}


def test_a_name_in_two_folders_is_no_match_by_name_alone(tmp_path):
    found = write(tmp_path, "x/a|One\ny/a|Two\n")
    assert found.match(["z/a.wav", "y/a.wav"]) == {"y/a.wav": "y/a"}


def test_missing_recordings_are_named(tmp_path):
    found = write(tmp_path, "a|One\nb|Two\n")
    assert (
        found.missing(["a"]) == "1 of 2 lines of the transcript file name recordings that are not there: b."
    )
    assert found.missing(["a", "b"]) is None


def test_coqui_header_finds_its_columns(tmp_path):
    found = write(tmp_path, "audio_file|text|speaker_name\nwavs/a.wav|One|ann\nwavs/b.wav|Two|ann\n")
    assert found.kind == "coqui"
    assert found.texts == {"wavs/a": "One", "wavs/b": "Two"}
    assert found.notes == ()


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_spreadsheets_with_a_header_are_read(tmp_path, delimiter):
    found = write(tmp_path, f'text{delimiter}file\n"One{delimiter} or two"{delimiter}a.wav\n')
    assert found.texts == {"a": f"One{delimiter if delimiter != chr(9) else ''} or two"}


def test_of_several_speakers_the_one_with_most_lines_is_kept(tmp_path):
    found = write(tmp_path, "audio_file|text|speaker_name\na|One|ann\nb|Two|bob\nc|Three|ann\n")
    assert set(found.texts) == {"a", "c"}
    assert found.others == {"b": "bob"}
    assert "names 2 speakers (ann, bob)" in found.notes[0]


def test_odd_lines_are_told_and_left_out(tmp_path):
    found = write(tmp_path, "a|One\njust words\nb|\na|Another\n")
    assert found.texts == {"a": "One"}
    assert any("just words" in note for note in found.notes)
    assert any("no text for b" in note for note in found.notes)
    assert any("two different texts for a" in note for note in found.notes)


def test_piper_form_is_the_same_thing(tmp_path):
    assert write(tmp_path, "a.wav|One\n", "metadata.txt").texts == {"a": "One"}


def test_texts_beside_the_clips(tmp_path):
    for name in ("a.wav", "b.flac", "c.mp3", "sub"):
        (tmp_path / name).mkdir() if name == "sub" else (tmp_path / name).touch()
    (tmp_path / "sub" / "d.wav").touch()
    (tmp_path / "a.txt").write_text("One\n two\n")
    (tmp_path / "b.lab").write_text("Three")
    (tmp_path / "c.mp3.txt").write_text("Four")
    (tmp_path / "sub" / "d.txt").write_text("Five")
    (tmp_path / "README.txt").write_text("Not a transcript")
    found = read_transcripts(tmp_path)
    assert found.kind == "files"
    assert found.texts == {"a": "One two", "b": "Three", "c": "Four", "sub/d": "Five"}


@pytest.mark.parametrize("size", range(251, 256))
@pytest.mark.parametrize("letter", ["a", "日"])
@pytest.mark.parametrize("extension", [".wav", ".au"])
def test_names_as_long_as_a_disk_allows_do_no_harm(tmp_path, size, letter, extension):
    letters, rest = divmod(size - len(extension), len(letter.encode()))
    recording = tmp_path / ("b" * rest + letter * letters + extension)
    recording.touch()
    assert len(recording.name.encode()) == size
    assert read_transcripts(tmp_path).texts == {}
    assert read_transcript_of(recording).texts == {}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("before", ["", "a", "aa", "aaa"])
def test_a_long_text_may_be_cut_in_the_middle_of_a_letter(tmp_path, encoding, before):
    (tmp_path / "a.wav").touch()
    text = before + "\U0001f600é" * 30_000
    (tmp_path / "a.txt").write_bytes(text.encode(encoding))
    found = read_transcripts(tmp_path)
    assert text.startswith(found.texts["a"])
    assert len(found.texts["a"]) > 10_000
    assert found.notes == ("a.txt is longer than 100,000 bytes; the rest was left out.",)


def test_the_text_of_one_recording_is_read_without_the_others(tmp_path):
    (tmp_path / "sub").mkdir()
    for name in ("a.wav", "b.wav", "sub/c.wav"):
        (tmp_path / name).touch()
    (tmp_path / "b.txt").write_bytes(b"Caf\xe9")
    (tmp_path / "sub" / "c.txt").write_bytes(b"\x00")
    assert read_transcript_of(tmp_path / "a.wav") == TranscriptSource("none", {})
    (tmp_path / "a.lab").write_text("One")
    assert read_transcript_of(tmp_path / "a.wav") == TranscriptSource("files", {"a": "One"})


def test_a_list_that_does_not_name_the_recording_hides_no_text_beside_it(tmp_path):
    (tmp_path / "a.wav").touch()
    (tmp_path / "a.txt").write_text("One")
    (tmp_path / "metadata.csv").write_text("b|Two\nodd\n")
    assert read_transcript_of(tmp_path / "a.wav") == TranscriptSource("files", {"a": "One"})
    (tmp_path / "metadata.csv").write_text("a|Two\n")
    assert read_transcript_of(tmp_path / "a.wav") == TranscriptSource("ljspeech", {"a": "Two"})


def test_a_transcript_that_is_a_link_is_not_followed(tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("password")
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "a.wav").touch()
    (folder / "a.txt").symlink_to(secret)
    assert read_transcripts(folder).texts == {}
    (folder / "metadata.csv").symlink_to(secret)
    assert read_transcripts(folder).notes == ()


def test_no_transcripts_and_useless_ones(tmp_path):
    assert read_transcripts(tmp_path).kind == "none"
    assert "empty" in write(tmp_path, "").notes[0]
    assert "not a text file" in write(tmp_path, b"a|\x00\x01").notes[0]
    assert write(tmp_path, "no separators here\n").kind == "none"


@given(st.binary(max_size=300))
def test_no_bytes_break_the_reader(tmp_path_factory, content):
    found = write(tmp_path_factory.mktemp("m"), content)
    assert all(text == clean_text(text) for text in found.texts.values())


@given(st.text())
def test_texts_are_one_line(text):
    cleaned = clean_text(text)
    assert cleaned == cleaned.strip()
    assert len(cleaned.splitlines()) <= 1


def test_keys_have_one_form():
    assert key_of(" wavs\\a.WAV ") == "wavs/a"
    assert key_of("a.b") == "a.b"
    assert key_of("e\u0301.mp3") == "\xe9"
