from __future__ import annotations

import json
import stat

import pytest

from voicewright.home.errors import HomeInvalid, HomeTooNew
from voicewright.home.layout import FORMAT, Home


def test_a_new_home_is_made_for_its_owner_alone(tmp_path):
    home = Home.open(tmp_path / "deep" / "home")
    assert json.loads((home.root / "FORMAT").read_text())["format"] == FORMAT
    for folder in (home.root, home.blobs_dir, home.voice_cache_dir, home.work_dir, home.locks_dir):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert not home.database_dir.exists()


def test_an_existing_home_keeps_its_permissions_and_its_marker(tmp_path):
    root = tmp_path / "home"
    root.mkdir(mode=0o755)
    Home.open(root)
    before = (root / "FORMAT").stat().st_mtime_ns
    Home.open(root)
    assert stat.S_IMODE(root.stat().st_mode) == 0o755
    assert (root / "FORMAT").stat().st_mtime_ns == before
    assert not list(root.glob(".FORMAT-*"))


def test_an_older_format_is_opened_and_can_be_made_current(tmp_path):
    (tmp_path / "FORMAT").write_text(json.dumps({"format": 1, "created_by": "0.1"}))
    home = Home.open(tmp_path)
    assert not home.is_current()
    home.mark_current()
    assert home.is_current()
    assert Home.open(tmp_path / "new").is_current()


def test_a_newer_format_is_refused_and_nothing_is_touched(tmp_path):
    (tmp_path / "FORMAT").write_text(json.dumps({"format": FORMAT + 1, "created_by": "9.1"}))
    with pytest.raises(HomeTooNew, match=rf"format {FORMAT + 1} \(made by 9\.1\)"):
        Home.open(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["FORMAT"]


@pytest.mark.parametrize("text", ["", "{", "[]", '{"format": null}', '{"format": 0}', "\0\xff"])
def test_a_marker_that_can_not_be_read_is_named(tmp_path, text):
    (tmp_path / "FORMAT").write_text(text)
    with pytest.raises(HomeInvalid, match="FORMAT"):
        Home.open(tmp_path)


def test_a_file_can_not_be_a_home_nor_hold_one(tmp_path):
    (tmp_path / "file").write_text("x")
    for root in (tmp_path / "file", tmp_path / "file" / "home"):
        with pytest.raises(HomeInvalid, match="VOICEWRIGHT_HOME"):
            Home.open(root)


def test_a_path_with_an_impossible_name_is_refused_in_words(tmp_path):
    with pytest.raises(HomeInvalid, match="VOICEWRIGHT_HOME"):
        Home.open(tmp_path / ("n" * 300))
