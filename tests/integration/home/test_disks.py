"""The data directory where it can't be written."""

from __future__ import annotations

import os
import subprocess

import pytest

from voicewright.home.errors import HomeNotWritable
from voicewright.home.layout import Home


@pytest.fixture
def read_only_disk(short_dir):
    if os.geteuid() != 0:
        pytest.skip("mounting needs root")
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "tmpfs", str(short_dir)], capture_output=True, check=False
    )
    if mounted.returncode != 0:
        pytest.skip(f"this machine does not let root mount: {mounted.stderr}")
    Home.open(short_dir / "home")
    subprocess.run(["mount", "-o", "remount,ro", str(short_dir)], check=True)
    yield short_dir
    subprocess.run(["umount", "--lazy", str(short_dir)], check=True)


def test_a_read_only_disk_is_told_from_a_missing_permission(read_only_disk):
    for root in (read_only_disk / "home", read_only_disk / "new"):
        with pytest.raises(HomeNotWritable, match="read-only file system"):
            Home.open(root)


def test_a_home_of_somebody_else_is_refused_with_what_to_do(short_dir, start_python):
    if os.geteuid() != 0:
        pytest.skip("becoming another user needs root")
    Home.open(short_dir / "home")
    (short_dir / "home").chmod(0o755)
    for root in (short_dir / "home", short_dir / "new"):
        process = start_python(
            """
import sys
from pathlib import Path
from voicewright.home.errors import HomeNotWritable
from voicewright.home.layout import Home
become(65534)
try:
    Home.open(Path(sys.argv[1]))
except HomeNotWritable as error:
    print(error.message)
""",
            root,
        )
        out, errors = process.communicate(timeout=60)
        assert "chown -R" in out, errors
