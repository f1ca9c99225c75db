"""The voices in memory: few, recent, and never other than what their folders hold."""

from __future__ import annotations

from pathlib import Path

import pytest

from voicewright.engines.loaded import LoadedVoices


def read(folder: Path) -> str:
    return (folder / "voice.txt").read_text(encoding="utf-8")


def make(folder: Path, words: str) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "voice.txt").write_text(words, encoding="utf-8")
    return folder


def test_a_voice_speaks_from_memory_when_its_files_are_gone(tmp_path: Path) -> None:
    voices = LoadedVoices(read, keep=2)
    folder = make(tmp_path / "one", "first")
    assert voices.get(folder) == "first"

    (folder / "voice.txt").unlink()
    assert voices.get(folder) == "first"
    folder.rmdir()
    assert voices.get(folder) == "first"


def test_another_voice_in_the_same_folder_is_loaded_anew(tmp_path: Path) -> None:
    voices = LoadedVoices(read, keep=2)
    folder = make(tmp_path / "one", "first")
    voices.get(folder)

    (folder / "voice.txt").unlink()
    voices.get(folder)
    assert voices.get(make(folder, "other")) == "other"


def test_the_voice_that_was_used_longest_ago_makes_room(tmp_path: Path) -> None:
    voices = LoadedVoices(read, keep=2)
    one, two, three = (make(tmp_path / name, name) for name in ("one", "two", "three"))
    for folder in (one, two, one, three):
        voices.get(folder)
    for folder in (one, two, three):
        (folder / "voice.txt").unlink()

    assert (voices.get(one), voices.get(three)) == ("one", "three")
    with pytest.raises(FileNotFoundError):
        voices.get(two)
