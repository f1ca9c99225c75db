"""Whose turn it is, by count."""

from __future__ import annotations

import uuid
from collections import Counter
from pathlib import Path
from typing import Any, cast

from voicewright.speech.turns import VOICES_LOADED, Turn, Worker, best_worker, next_turn

ANN, BOB, CY = (uuid.UUID(int=number) for number in range(3))
VOICE = Path("voice")


def turn(user_id: uuid.UUID, lead_s: float = 0.0) -> Turn:
    return Turn("tone", user_id, VOICE, lambda: lead_s)


def worker(used_s: float, *voices: Path) -> Worker:
    return Worker(cast("Any", None), used_s, voices=list(voices))


def test_users_take_turns_however_many_streams_each_has() -> None:
    waiting = [turn(ANN) for _ in range(20)] + [turn(BOB) for _ in range(4)] + [turn(CY)]
    served: dict[uuid.UUID, int] = {}
    order = []
    for number in range(1, 10):
        chosen = next_turn(waiting, served)
        waiting.remove(chosen)
        served[chosen.user_id] = number
        order.append(chosen.user_id)

    assert order[:3] == [ANN, BOB, CY]
    assert Counter(order) == {ANN: 4, BOB: 4, CY: 1}


def test_of_one_users_streams_the_one_that_is_about_to_run_dry() -> None:
    waiting = [turn(ANN, 8.0), turn(ANN, 0.5), turn(ANN, 0.5), turn(BOB, 0.0)]

    assert next_turn(waiting, {BOB: 1}) is waiting[1], "and of equal ones the first"
    assert next_turn(waiting, {ANN: 2, BOB: 1}) is waiting[3], "but whose turn it is comes before it"


def test_a_process_that_has_the_voice_is_better_than_one_that_was_idle_for_longer() -> None:
    idle = [worker(3.0, VOICE), worker(1.0, Path("other")), worker(2.0, VOICE)]

    assert best_worker(idle, VOICE) is idle[0]
    assert best_worker(idle, Path("third")) is idle[1]


def test_a_process_is_known_to_have_the_last_few_voices() -> None:
    one = worker(0.0)
    for number in range(VOICES_LOADED + 1):
        one.speaks_with(Path(str(number)))
    one.speaks_with(Path("2"))

    assert one.voices == [Path("1"), Path("3"), Path("4"), Path("2")]
