from __future__ import annotations

from pathlib import Path

import pytest

from voicewright.audio.errors import AudioFormatUnknown, AudioNotWritten
from voicewright.speech.say import check_output


@pytest.mark.parametrize("name", ["a.wav", "a.FLAC", "a.mp3", "a.opus", "a.m4a"])
def test_accepts_what_can_be_written(tmp_path: Path, name: str) -> None:
    check_output(tmp_path / name)


def test_an_unknown_extension_is_refused_with_those_there_are(tmp_path: Path) -> None:
    with pytest.raises(AudioFormatUnknown, match=r"\.wav"):
        check_output(tmp_path / "a.xyz")


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(AudioNotWritten, match="no folder"):
        check_output(tmp_path / "absent" / "a.wav")


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    (tmp_path / "a.wav").mkdir()

    with pytest.raises(AudioNotWritten, match="is a folder"):
        check_output(tmp_path / "a.wav")
