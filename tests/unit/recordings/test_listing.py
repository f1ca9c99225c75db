from __future__ import annotations

import pytest

from voicewright.recordings.errors import NoRecordings, RecordingsNotFound
from voicewright.recordings.listing import CUT_MARK, list_recordings


def touch(folder, *names):
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")


def test_audio_is_listed_in_order_and_the_rest_left_alone(tmp_path):
    touch(tmp_path, "b.wav", "a.MP3", "sub/c.flac", "notes.txt", "cover.jpg", "metadata.csv")
    found = list_recordings(tmp_path)
    assert [file.relative for file in found.files] == ["a.MP3", "b.wav", "sub/c.flac"]
    assert found.refused == ()
    assert found.notes == ()


def test_hidden_files_are_told_once(tmp_path):
    touch(tmp_path, "a.wav", "._a.wav", ".b.wav", ".git/c.wav")
    found = list_recordings(tmp_path)
    assert [file.relative for file in found.files] == ["a.wav"]
    assert found.notes == ("2 hidden files left out: ._a.wav, .b.wav.",)


def test_links_out_of_the_folder_are_refused(tmp_path):
    folder = tmp_path / "in"
    touch(folder, "a.wav")
    touch(tmp_path, "secret.wav")
    (folder / "link.wav").symlink_to(tmp_path / "secret.wav")
    (folder / "inside.wav").symlink_to(folder / "a.wav")
    (folder / "dangling.wav").symlink_to(folder / "nothing.wav")
    (folder / "loop.wav").symlink_to(folder / "loop.wav")
    found = list_recordings(folder)
    assert [(refused.path.name, refused.code) for refused in found.refused] == [
        ("link.wav", "OUTSIDE_FOLDER")
    ]
    assert [file.relative for file in found.files] == ["a.wav", "dangling.wav", "inside.wav", "loop.wav"]


def test_a_folder_named_like_a_recording_is_refused_and_entered(tmp_path):
    touch(tmp_path, "x.wav/inner.wav")
    found = list_recordings(tmp_path)
    assert [refused.code for refused in found.refused] == ["NOT_A_REGULAR_FILE"]
    assert [file.relative for file in found.files] == ["x.wav/inner.wav"]


def test_ids_are_unique_whatever_the_case_and_safe(tmp_path):
    touch(
        tmp_path,
        "a.wav",
        "A.mp3",
        "sub/a.wav",
        "we ird;$(rm).wav",
        "日本.wav",
        "a+0001.wav",
        "...wav",
        "-.wav",
    )
    ids = [file.clip_id for file in list_recordings(tmp_path).files]
    assert len({clip_id.casefold() for clip_id in ids}) == len(ids)
    assert {"we_ird_rm", "日本"} <= set(ids)
    assert all("/" not in clip_id and not clip_id.startswith(".") for clip_id in ids)
    assert all(CUT_MARK not in clip_id for clip_id in ids)


def test_an_id_leaves_room_for_a_number_and_an_extension(tmp_path):
    touch(tmp_path, "a" * 251 + ".wav", "日" * 83 + ".wav", "𠀀" * 62 + ".wav")
    ids = [file.clip_id for file in list_recordings(tmp_path).files]
    assert [len(clip_id) for clip_id in ids] == [80, 66, 50]
    assert all(len(f"{clip_id}~12345+12345.wav".encode()) <= 255 for clip_id in ids)


def test_the_folder_of_working_copies_is_not_a_source(tmp_path):
    touch(tmp_path, "a.wav", "work/b.wav")
    assert len(list_recordings(tmp_path, leave_out=tmp_path / "work").files) == 1


def test_a_file_is_a_folder_of_one(tmp_path):
    touch(tmp_path, "a.bin", "b.wav")
    [file] = list_recordings(tmp_path / "a.bin").files
    assert file.clip_id == "a"


def test_of_too_many_files_the_first_are_taken(tmp_path):
    touch(tmp_path, *(f"{n}.wav" for n in range(5)))
    found = list_recordings(tmp_path, max_files=3)
    assert len(found.files) == 3
    assert "first 3 of 5" in found.notes[0]


def test_nothing_to_list_is_an_error(tmp_path):
    with pytest.raises(RecordingsNotFound, match="nothere"):
        list_recordings(tmp_path / "nothere")
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    with pytest.raises(RecordingsNotFound, match="loop"):
        list_recordings(tmp_path / "loop")
    touch(tmp_path, "notes.txt")
    with pytest.raises(NoRecordings, match="no recordings"):
        list_recordings(tmp_path)
