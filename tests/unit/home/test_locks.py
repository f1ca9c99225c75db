from __future__ import annotations

import os

import pytest

from voicewright.home.errors import LockTimeout
from voicewright.home.locks import lock, read_note, try_lock


def test_an_exclusive_lock_keeps_everybody_out(tmp_path):
    with try_lock(tmp_path / "a") as held:
        assert held is not None
        assert try_lock(tmp_path / "a") is None
        assert try_lock(tmp_path / "a", shared=True) is None
    again = try_lock(tmp_path / "a")
    assert again is not None
    again.release()


def test_a_shared_lock_lets_sharers_in(tmp_path):
    with try_lock(tmp_path / "a", shared=True), try_lock(tmp_path / "a", shared=True) as second:
        assert second is not None
        assert try_lock(tmp_path / "a") is None


def test_a_wait_that_is_too_long_names_the_holder_and_the_purpose(tmp_path):
    with try_lock(tmp_path / "a") as held:
        held.write_note("4711")
        assert read_note(tmp_path / "a") == "4711"
        with pytest.raises(LockTimeout, match=r"4711.*painting the fence.*0 s") as caught:
            lock(tmp_path / "a", timeout_s=0.05, purpose="painting the fence")
    assert caught.value.retryable


def test_releasing_twice_does_not_close_somebody_elses_file(tmp_path):
    held = try_lock(tmp_path / "a")
    held.release()
    other = os.open(tmp_path / "b", os.O_CREAT | os.O_RDWR)
    held.release()
    held.release_and_remove()
    os.fstat(other)
    os.close(other)
    assert (tmp_path / "a").exists()


def test_a_removed_lock_file_is_not_mistaken_for_the_lock(tmp_path, monkeypatch):
    """Between opening and locking, the holder may remove the file: the lock then protects nothing."""
    import fcntl

    path = tmp_path / "a"
    flock, seen = fcntl.flock, []

    def remove_first(descriptor, operation):
        if not seen:
            seen.append(descriptor)
            path.unlink()
        flock(descriptor, operation)

    monkeypatch.setattr(fcntl, "flock", remove_first)
    with try_lock(path):
        assert path.exists()
        assert try_lock(path) is None


def test_the_lock_is_not_inherited_by_programs(tmp_path):
    with try_lock(tmp_path / "a") as held:
        assert not os.get_inheritable(held._descriptor)
