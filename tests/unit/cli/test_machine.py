from __future__ import annotations

from pathlib import Path

from voicewright.cli import machine
from voicewright.cli.findings import State


def test_an_old_interpreter_is_missing_something() -> None:
    assert machine.check_python((3, 10, 1)).state is State.MISSING
    assert machine.check_python((3, 11, 0)).state is State.OK


def test_one_processor_is_enough_but_slow() -> None:
    assert machine.check_cores(1).state is State.NOTE
    assert machine.check_cores(2).state is State.OK


def test_little_memory_is_told_with_the_fix() -> None:
    finding = machine.check_memory(500_000_000)

    assert finding.state is State.NOTE
    assert finding.fix
    assert machine.check_memory(4_000_000_000).state is State.OK


def test_this_machine_tells_its_memory() -> None:
    assert "available" in machine.check_memory().detail


def test_the_disk_is_looked_at_where_the_directory_would_be(tmp_path: Path) -> None:
    finding = machine.check_disk(tmp_path / "not" / "yet", free_bytes=1000)

    assert finding.state is State.NOTE
    assert str(tmp_path) in finding.detail


def test_no_gpu_is_nothing_to_fix(tmp_path: Path) -> None:
    assert machine.check_gpu(tmp_path / "absent").state is State.OK
