from __future__ import annotations

import os
import threading
import time

import pytest

from voicewright.storage.errors import WorkBusy
from voicewright.storage.work import sweep_work, work_folder, work_slot


def test_unfinished_work_is_found_again_and_finished_work_is_not(tmp_path):
    with work_folder(tmp_path, "abc") as work:
        (work.path / "checkpoint").write_text("step 5")
    with work_folder(tmp_path, "abc") as work:
        assert (work.path / "checkpoint").read_text() == "step 5"
        work.finished = True
    assert list(tmp_path.iterdir()) == []
    with work_folder(tmp_path, "abc") as work:
        assert list(work.path.iterdir()) == []


def test_work_that_fails_keeps_its_folder_even_if_it_called_itself_finished(tmp_path):
    def interrupted():
        with work_folder(tmp_path, "abc") as work:
            (work.path / "checkpoint").write_text("step 5")
            work.finished = True
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    with work_folder(tmp_path, "abc") as work:
        assert (work.path / "checkpoint").exists()


def test_the_same_work_is_not_done_twice_at_once(tmp_path):
    with work_folder(tmp_path, "abc"):
        with pytest.raises(WorkBusy, match=str(os.getpid())), work_folder(tmp_path, "abc"):
            pass
        with work_folder(tmp_path, "other"):
            pass
    with work_folder(tmp_path, "abc"):
        pass


@pytest.mark.parametrize("key", ["", "../up", "a/b", ".hidden", "x" * 129, "a b"])
def test_a_key_that_is_no_name_is_a_bug_of_the_caller(tmp_path, key):
    with pytest.raises(ValueError, match="work key"), work_folder(tmp_path, key):
        pass


def test_a_sweep_takes_old_work_that_nobody_does(tmp_path):
    for key in ("old", "busy", "fresh"):
        with work_folder(tmp_path, key) as work:
            (work.path / "checkpoint").write_text(key)
    for key in ("old", "busy"):
        for path in (tmp_path / key, tmp_path / key / "checkpoint"):
            os.utime(path, (time.time() - 5000,) * 2)
    with work_folder(tmp_path, "busy"):
        assert sweep_work(tmp_path, older_than_s=3600) == ("old",)
    assert not (tmp_path / "old").exists()
    assert (tmp_path / "fresh").exists()
    assert sweep_work(tmp_path / "absent", older_than_s=0) == ()


def test_slots_bound_how_much_runs_at_once(tmp_path):
    third = work_slot(tmp_path, slots=2, timeout_s=0)
    with work_slot(tmp_path, slots=2), work_slot(tmp_path, slots=2), pytest.raises(WorkBusy, match="CY=2"):
        third.__enter__()
    with work_slot(tmp_path, slots=2, timeout_s=0):
        pass


def test_who_waits_for_a_slot_is_told_once_and_then_gets_it(tmp_path):
    told = []
    with work_slot(tmp_path, slots=1):
        done = threading.Event()

        def wait():
            with work_slot(tmp_path, slots=1, timeout_s=30, on_wait=lambda: told.append(1)):
                done.set()

        waiting = threading.Thread(target=wait)
        waiting.start()
        while not told:
            time.sleep(0.01)
        assert not done.is_set()
    waiting.join(30)
    assert done.is_set()
    assert told == [1]
