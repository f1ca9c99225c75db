"""Who is let in, who waits, and who is told to come back."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from queue import SimpleQueue

import pytest

from voicewright.engines.errors import Cancelled
from voicewright.speech.admission import Admission, Room
from voicewright.speech.errors import SpeechOverloaded

ANN, BOB, CY = (uuid.UUID(int=number) for number in range(3))
LONG_S = 60.0


@pytest.fixture
def threads() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(8) as pool:
        yield pool


def wait_for_queue(admission: Admission, length: int) -> None:
    changed = threading.Event()
    for _ in range(1000):
        if admission.waiting == length:
            return
        changed.wait(0.01)
    raise AssertionError(f"{admission.waiting} wait instead of {length}")


def test_what_does_not_fit_is_refused_at_once() -> None:
    admission = Admission(Room(at_once=2, of_one_user=2, waiting=0, wait_s=LONG_S))
    places = [admission.enter(ANN), admission.enter(BOB)]
    with pytest.raises(SpeechOverloaded) as refused:
        admission.enter(CY)
    assert refused.value.retry_after_s == LONG_S

    places[0].leave()
    places[0].leave()
    assert admission.going_on == 1, "leaving twice makes no second place"
    admission.enter(CY)
    with pytest.raises(SpeechOverloaded):
        admission.enter(ANN)


def test_one_user_does_not_take_all_places_nor_all_of_the_queue(threads: ThreadPoolExecutor) -> None:
    admission = Admission(Room(at_once=4, of_one_user=2, waiting=8, wait_s=LONG_S))
    places = [admission.enter(ANN) for _ in range(2)]
    waiting = [threads.submit(admission.enter, ANN) for _ in range(2)]
    wait_for_queue(admission, 2)
    with pytest.raises(SpeechOverloaded):
        admission.enter(ANN)
    admission.enter(BOB).leave()

    for place in places:
        place.leave()
    for future in waiting:
        future.result(LONG_S).leave()
    assert (admission.going_on, admission.waiting) == (0, 0)


def test_who_has_least_going_on_is_let_in_first(threads: ThreadPoolExecutor) -> None:
    admission = Admission(Room(at_once=3, of_one_user=3, waiting=8, wait_s=LONG_S))
    places = [admission.enter(ANN), admission.enter(ANN), admission.enter(BOB)]
    let_in: SimpleQueue[uuid.UUID] = SimpleQueue()

    def wait(user_id: uuid.UUID) -> None:
        admission.enter(user_id)
        let_in.put(user_id)

    for length, user_id in enumerate([ANN, BOB, CY], start=1):
        threads.submit(wait, user_id)
        wait_for_queue(admission, length)

    order = []
    for place in reversed(places):
        place.leave()
        order.append(let_in.get(timeout=LONG_S))
    assert order == [BOB, CY, ANN]


def test_who_goes_away_or_has_waited_enough_leaves_the_queue(threads: ThreadPoolExecutor) -> None:
    admission = Admission(Room(at_once=1, of_one_user=1, waiting=2, wait_s=LONG_S))
    place, gone = admission.enter(ANN), threading.Event()
    waiting = threads.submit(admission.enter, BOB, gone)
    wait_for_queue(admission, 1)
    gone.set()
    with pytest.raises(Cancelled):
        waiting.result(LONG_S)
    assert admission.waiting == 0
    place.leave()
    assert admission.going_on == 0, "no place was given to whoever had gone"

    brief = Admission(Room(at_once=1, of_one_user=1, waiting=2, wait_s=0.05))
    brief.enter(ANN)
    with pytest.raises(SpeechOverloaded):
        brief.enter(BOB)
    assert brief.waiting == 0
