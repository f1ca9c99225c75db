"""How soon a worker beside the server is started again."""

from __future__ import annotations

from voicewright.cli.offspring import pause_after


def test_a_worker_that_ends_soon_waits_longer_each_time_and_one_that_lived_does_not() -> None:
    pauses = [0.0]
    for lived_s in (0.1, 2, 0.1, 59, 0.1, 0.1, 0.1, 60, 0.1, 3600, 0.1):
        pauses.append(pause_after(lived_s, pauses[-1]))
    assert pauses[1:] == [1, 2, 4, 8, 16, 30, 30, 1, 2, 1, 2]
