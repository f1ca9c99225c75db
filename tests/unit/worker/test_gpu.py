from __future__ import annotations

from pathlib import Path

import pytest

from voicewright.worker import gpu
from voicewright.worker.gpu import GpuMemory


def pretend(folder: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    """A program of the tool's name, as on a machine that has a GPU."""
    tool = folder / "nvidia-smi"
    tool.write_text(f"#!/bin/sh\n{script}\n")
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", str(folder), prepend=":")


def test_the_largest_of_several_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pretend(
        tmp_path,
        monkeypatch,
        'case "$1" in *memory.total*) echo 16384; echo 24576;; *) echo 30; echo 50;; esac',
    )

    assert gpu.total_memory_mb() == 24576
    assert gpu.utilization() == 40.0


@pytest.mark.parametrize("script", ["exit 9", "echo 'No devices were found'", "true"])
def test_a_tool_that_finds_nothing_means_no_gpu(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str
) -> None:
    pretend(tmp_path, monkeypatch, script)

    assert gpu.total_memory_mb() is None
    assert gpu.utilization() is None


def test_memory_is_lent_until_there_is_no_more() -> None:
    memory = GpuMemory(16_000)
    with memory.lend(10_000) as first, memory.lend(10_000) as second, memory.lend(6_000) as third:
        assert (first, second, third) == (True, False, True)
        with memory.lend(1) as fourth:
            assert not fourth
    with memory.lend(16_000) as all_of_it:
        assert all_of_it


def test_what_needs_no_gpu_needs_none() -> None:
    with GpuMemory(None).lend(0) as granted, GpuMemory(None).lend(1) as refused:
        assert granted
        assert not refused


def test_memory_comes_back_after_a_failure() -> None:
    memory = GpuMemory(10)
    with pytest.raises(InterruptedError), memory.lend(10):
        raise InterruptedError
    with memory.lend(10) as granted:
        assert granted
