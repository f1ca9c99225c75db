"""What a failure may cost: every job ends once, with one voice, whatever dies, stops or fills up on the way.

All but the shortest are marked slow; those with many jobs print a table.
"""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import threading
import uuid
from pathlib import Path

import pytest

SLOW_EPOCHS = {"epochs": 20, "epoch_s": 0.3, "keeps_epochs": True}


@pytest.mark.slow
def test_a_worker_gone_for_ever_costs_time_and_nothing_else(installation) -> None:
    ids, lost, alive, other = installation.train_beside_an_idle_worker(**SLOW_EPOCHS)

    installation.kill(lost)

    [done] = installation.wait_for_end(ids)
    installation.assert_each_ended_once(ids)
    assert (done.attempt, done.node, done.retry_count) == (2, other, 0)
    assert installation.states_of(ids[0]) == ["queued", "running", "queued", "running", "completed"]
    assert alive.poll() is None


@pytest.mark.slow
def test_an_api_that_is_killed_and_started_again_finds_the_job(installation) -> None:
    installation.start_worker()
    first = installation.start_api()
    job = installation.ask("POST", "/training/start", installation.request_body(**SLOW_EPOCHS))["jobId"]
    ids = [uuid.UUID(job)]
    installation.wait(ids, installation.are_training)
    seen = installation.ask("GET", f"/training/{job}/logs")["nextAfter"]

    installation.kill(first)
    installation.start_api()

    told = installation.stream(f"/training/{job}/events", last_event_id=seen)  # until the job has ended
    assert [one["id"] for one in told] == sorted({one["id"] for one in told})
    assert min(one["id"] for one in told) > seen
    assert told[-1]["message"] == "completed"
    assert installation.ask("GET", f"/training/{job}")["status"] == "completed"
    installation.assert_each_ended_once(ids)


@pytest.mark.slow
@pytest.mark.parametrize(("away_s", "workers", "jobs"), [(2.0, 1, 1), (20.0, 2, 3)])
def test_a_database_that_is_away_for_a_while_costs_nothing(
    installation, away_s: float, workers: int, jobs: int
) -> None:
    for _ in range(workers):
        installation.start_worker()
    ids = [installation.start_job(**SLOW_EPOCHS) for _ in range(jobs)]
    installation.wait(ids, lambda told: sum(installation.are_training([job]) for job in told) == workers)

    installation.stop_database()
    threading.Event().wait(away_s)  # the fault itself: nothing happens that could be awaited
    installation.start_database()

    installation.wait_for_end(ids)
    print(installation.table(ids))
    installation.assert_each_ended_once(ids)
    # nobody took a running job from a worker that lived
    assert {job.attempt for job in installation.jobs(ids)} == {1}


@pytest.mark.slow
def test_workers_that_race_for_one_job_run_it_once(installation) -> None:
    for _ in range(2):
        installation.start_worker()
    ids = [installation.start_job(epochs=2)]

    [done] = installation.wait_for_end(ids)

    installation.assert_each_ended_once(ids)
    assert done.attempt == 1


@pytest.mark.slow
def test_a_worker_that_is_told_to_end_gives_its_job_away_at_once(installation) -> None:
    ids, leaving, _, other = installation.train_beside_an_idle_worker(**SLOW_EPOCHS)

    leaving.stdin.close()
    assert leaving.wait(60) == 0

    [done] = installation.wait_for_end(ids)
    assert (done.node, done.retry_count, done.attempt) == (other, 0, 2)
    installation.assert_each_ended_once(ids)


@pytest.mark.slow
def test_a_frozen_worker_that_comes_back_changes_nothing(installation) -> None:
    ids, frozen, _, other = installation.train_beside_an_idle_worker(**SLOW_EPOCHS)

    os.kill(frozen.pid, signal.SIGSTOP)
    installation.wait(ids, lambda jobs: jobs[0].node == other)
    os.kill(frozen.pid, signal.SIGCONT)

    [done] = installation.wait_for_end(ids)
    assert done.node == other
    installation.assert_each_ended_once(ids)


@pytest.mark.slow
def test_a_disk_that_fills_up_during_the_training_costs_a_retry(
    installation, request: pytest.FixtureRequest
) -> None:
    disk = installation.home / "work"
    shutil.rmtree(disk, ignore_errors=True)
    disk.mkdir()
    mount(disk, "300m", request)
    installation.start_worker()
    ids = [installation.start_job(epochs=40, epoch_s=0.3, keeps_epochs=True)]
    installation.wait(ids, installation.are_training)

    filler = disk / "filler"
    fill(filler)
    [waiting] = installation.wait(ids, lambda jobs: jobs[0].status in {"delayed", "failed"})
    filler.unlink()

    assert (waiting.status, waiting.error_code) == ("delayed", "ENGINE_DISK_FULL"), waiting.last_error
    installation.wait_for_end(ids)
    print(installation.table(ids))
    installation.assert_each_ended_once(ids)


@pytest.mark.slow
def test_workers_killed_at_twenty_random_moments(installation, capsys: pytest.CaptureFixture[str]) -> None:
    chance = random.Random(20)  # noqa: S311 - the moments of a test
    workers = [installation.start_worker(GPU_NODE_ID=f"node-{number}") for number in range(3)]
    ids = [installation.start_job(epochs=20, epoch_s=0.4, keeps_epochs=True) for _ in range(10)]

    for _ in range(20):
        installation.wait(ids, lambda jobs: any(job.status == "running" for job in jobs))
        threading.Event().wait(chance.uniform(0.2, 4.0))  # the random moment
        running = [job.node for job in installation.jobs(ids) if job.status == "running"]
        number = int(chance.choice(running or ["node-0"])[-1])
        installation.kill(workers[number])
        workers[number] = installation.start_worker(GPU_NODE_ID=f"node-{number}")

    installation.wait_for_end(ids)
    with capsys.disabled():
        print(installation.table(ids))
    installation.assert_each_ended_once(ids)


def mount(folder: Path, size: str, request: pytest.FixtureRequest) -> None:
    if os.geteuid() != 0:
        pytest.skip("mounting a small disk needs root on Linux")
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        pytest.skip(f"this machine does not let root mount: {done.stderr.strip()}")
    request.addfinalizer(lambda: subprocess.run(["umount", "--lazy", str(folder)], check=True))


def fill(path: Path) -> None:
    """Write until nothing more fits."""
    with path.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(1 << 20))
        except OSError:
            pass
        try:
            while True:
                file.write(bytes(1))
        except OSError:
            return
