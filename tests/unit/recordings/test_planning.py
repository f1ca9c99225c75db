from __future__ import annotations

from voicewright.recordings.listing import list_recordings
from voicewright.recordings.planning import plan_intake


def lay(folder, *names, metadata=None):
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")
    if metadata is not None:
        (folder / "metadata.csv").write_text(metadata)


def plan(folder):
    return plan_intake(list_recordings(folder), single=folder.is_file())


def test_texts_come_to_their_files(tmp_path):
    lay(tmp_path, "wavs/a.wav", "wavs/b.wav", metadata="a|One\nc|Three\n")
    found = plan(tmp_path)
    assert {path.name: text for path, text in found.texts.items()} == {"a.wav": "One"}
    assert found.notes == ("1 of 2 lines of the transcript file name recordings that are not there: c.",)


def test_a_second_copy_of_a_clip_is_refused(tmp_path):
    lay(tmp_path, "mp3/a.mp3", "wavs/a.flac", "mp3/b.mp3", metadata="a|One\nb|Two\n")
    found = plan(tmp_path)
    assert [file.relative for file in found.files] == ["mp3/b.mp3", "wavs/a.flac"]
    assert [(refused.path.name, refused.code) for refused in found.refused] == [("a.mp3", "DUPLICATE")]


def test_other_speakers_are_refused(tmp_path):
    lay(tmp_path, "a.wav", "b.wav", "c.wav", metadata="audio_file|text|speaker_name\na|1|x\nb|2|x\nc|3|y\n")
    found = plan(tmp_path)
    assert [file.relative for file in found.files] == ["a.wav", "b.wav"]
    assert [(refused.path.name, refused.code) for refused in found.refused] == [("c.wav", "OTHER_SPEAKER")]


def test_metadata_of_the_folder_above_is_used_when_it_fits(tmp_path):
    lay(tmp_path, "mp3/a.mp3", "mp3/b.mp3", metadata="a|One\nb|Two\n")
    found = plan(tmp_path / "mp3")
    assert sorted(found.texts.values()) == ["One", "Two"]
    assert "one folder above" in found.notes[0]
    (tmp_path / "metadata.csv").write_text("x|One\ny|Two\n")
    assert plan(tmp_path / "mp3").texts == {}


def test_the_text_files_of_the_neighbours_of_a_single_file_are_not_read(tmp_path):
    lay(tmp_path, "a.wav", "b.wav", "sub/c.wav")
    (tmp_path / "a.txt").write_text("One")
    (tmp_path / "b.txt").write_bytes(b"not a text\x00")
    (tmp_path / "sub" / "c.txt").write_bytes(b"not a text\x00")
    found = plan(tmp_path / "a.wav")
    assert found.transcripts.texts == {"a": "One"}
    assert found.notes == ()


def test_a_single_file_gets_its_text_and_hears_nothing_of_the_others(tmp_path):
    lay(tmp_path, "a.wav", "b.wav", metadata="a|One\nb|Two\nc|Three\n")
    found = plan(tmp_path / "b.wav")
    assert list(found.texts.values()) == ["Two"]
    assert found.notes == ()
