from __future__ import annotations

import os
import stat
import sys

import pytest

from voicewright.db import passage
from voicewright.db.passage import let_pass

STRANGER = 65533
NOBODYS_GROUP = 65533


def access_list(folder):
    return {(entry.tag, entry.id): entry.permissions for entry in passage._read(folder)}


@pytest.fixture
def closed(tmp_path):
    """A closed folder with an open one in it, in a place that everybody can reach."""
    folder = tmp_path / "closed"
    (folder / "open").mkdir(parents=True)
    folder.chmod(0o700)
    return folder


def only_below(opened, folder):
    return [path for path in opened if path == folder or folder in path.parents]


@pytest.mark.skipif(sys.platform != "linux", reason="access control lists are read on Linux only")
def test_one_user_may_pass_and_nobody_gains_anything_else(closed):
    opened = only_below(let_pass(closed / "open" / "file", STRANGER, NOBODYS_GROUP), closed)
    assert opened == [closed]
    if "system.posix_acl_access" not in os.listxattr(closed):
        pytest.skip("this file system has no access control lists")
    granted = access_list(closed)
    assert granted[0x02, STRANGER] == 1
    assert granted[0x04, passage._NO_ID] == 0
    assert granted[0x20, passage._NO_ID] == 0
    assert stat.S_IMODE(closed.stat().st_mode) & 0o707 == 0o700
    assert only_below(let_pass(closed / "open" / "file", STRANGER, NOBODYS_GROUP), closed) == []
    other = STRANGER - 1
    assert only_below(let_pass(closed / "open" / "file", other, NOBODYS_GROUP), closed) == [closed]
    assert {(0x02, STRANGER), (0x02, other)} <= access_list(closed).keys()


def test_without_access_control_lists_everybody_may_pass_but_not_look(closed, monkeypatch, caplog):
    def unsupported(*_):
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr(passage, "_write", unsupported)
    let_pass(closed / "open" / "file", STRANGER, NOBODYS_GROUP)
    assert stat.S_IMODE(closed.stat().st_mode) == 0o711
    assert str(closed) in caplog.text


def test_folders_that_are_open_already_are_left_alone(closed):
    closed.chmod(0o711)
    before = closed.stat().st_ctime_ns
    assert only_below(let_pass(closed / "open" / "file", STRANGER, NOBODYS_GROUP), closed) == []
    assert closed.stat().st_ctime_ns == before


@pytest.mark.parametrize(
    ("mode", "user", "group", "passes"),
    [
        (0o100, "own", "other", True),
        (0o677, "own", "other", False),
        (0o710, "other", "own", True),
        (0o701, "other", "own", False),
    ],
)
def test_the_class_that_fits_first_decides(closed, mode, user, group, passes):
    closed.chmod(mode)
    found = closed.stat()
    user_id = found.st_uid if user == "own" else STRANGER
    group_id = found.st_gid if group == "own" else NOBODYS_GROUP
    assert passage._can_pass(closed, user_id, group_id) is passes
    closed.chmod(0o700)
