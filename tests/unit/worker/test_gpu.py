from __future__ import annotations

import threading
from pathlib import Path

import pytest

from voicewright.worker import gpu
from voicewright.worker.gpu import Gpu, GpuMemory


def pretend(folder: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    """A program of the tool's name, as on a machine that has a GPU."""
    tool = folder / "nvidia-smi"
    tool.write_text(f"#!/bin/sh\n{script}\n")
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", str(folder), prepend=":")


def test_the_one_with_the_most_memory_is_chosen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pretend(
        tmp_path,
        monkeypatch,
        'case "$1" in *memory.total*) echo "GPU-a, 16384"; echo "GPU-b, 24576";;'
        ' *) echo "GPU-a, 30"; echo "GPU-b, 50";; esac',
    )

    found = gpu.largest()

    assert found == Gpu("GPU-b", 24576)
    assert gpu.utilization(found) == 50.0


@pytest.mark.parametrize("script", ["exit 9", "echo 'No devices were found'", "true", "echo 'GPU-a, [N/A]'"])
def test_a_tool_that_finds_nothing_means_no_gpu(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str
) -> None:
    pretend(tmp_path, monkeypatch, script)

    assert gpu.largest() is None
    assert gpu.utilization(Gpu("GPU-a", 1)) is None


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


def test_who_needs_much_is_not_passed_by_those_who_need_little() -> None:
    memory = GpuMemory(10)
    order: list[str] = []
    asked = threading.Semaphore(0)

    def ask(name: str, needed_mb: int) -> None:
        asked.release()
        with memory.lend(needed_mb, wait_s=60) as granted:
            assert granted
            order.append(name)

    with memory.lend(6):
        much = threading.Thread(target=ask, args=("much", 10))
        much.start()
        asked.acquire()
        while not memory._waiting:
            pass
        little = threading.Thread(target=ask, args=("little", 4))
        little.start()
        asked.acquire()
        while len(memory._waiting) < 2:
            pass
    for thread in (much, little):
        thread.join(60)

    assert order == ["much", "little"]


def test_whoever_is_told_to_give_up_waits_no_longer() -> None:
    memory, give_up = GpuMemory(1), threading.Event()
    give_up.set()
    with memory.lend(1), memory.lend(1, wait_s=3600, give_up=give_up) as granted:
        assert not granted


def test_what_a_machine_computes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gpu, "_ROCM_DEVICE", tmp_path / "kfd")
    assert gpu.find_type(Gpu("GPU-a", 16384)) == "cuda"
    monkeypatch.setattr(gpu.platform, "system", lambda: "Linux")
    assert gpu.find_type(None) == "cpu"
    (tmp_path / "kfd").touch()
    assert gpu.find_type(None) == "rocm"
    (tmp_path / "kfd").unlink()
    monkeypatch.setattr(gpu.platform, "system", lambda: "Darwin")
    monkeypatch.setattr(gpu.platform, "machine", lambda: "arm64")
    assert gpu.find_type(None) == "mps"
    monkeypatch.setattr(gpu.platform, "machine", lambda: "x86_64")
    assert gpu.find_type(None) == "cpu"
