"""The marker over a real process: one for all tests of this file."""

from __future__ import annotations

import os
import signal
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import numpy as np
import pytest

from voicewright.provenance import marker as marking
from voicewright.provenance.errors import WatermarkUnavailable
from voicewright.provenance.marker import Marker
from voicewright.provenance.tally import Tally, altogether
from voicewright.provenance.watermark.listening import Listener

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from voicewright.provenance.watermark.weights import Weights

RATE_HZ = 24_000


@pytest.fixture(scope="module")
def marker(weights: Weights) -> Iterator[Marker]:  # noqa: ARG001 - it skips where there are none
    opened = Marker()
    yield opened
    opened.close()


def cut(samples: NDArray[np.float32], length: int) -> Iterator[NDArray[np.float32]]:
    for start in range(0, len(samples), length):
        yield samples[start : start + length]


def confidence(samples: NDArray[np.float32], weights: Weights) -> float:
    heard, _ = Listener(weights).hear(samples, RATE_HZ)
    assert heard is not None
    return heard


@pytest.mark.parametrize("length", [480, 5000, 12_001, 10**9])
def test_blocks_of_any_length_come_back_marked_and_whole(
    length: int, marker: Marker, spoken: NDArray[np.float32], weights: Weights
) -> None:
    samples = spoken[: 3 * RATE_HZ + 7]
    tally = Tally()
    blocks = list(marker.mark(cut(samples, length), RATE_HZ, tally))
    got = np.concatenate(blocks)
    assert len(got) == len(samples)
    assert (tally.marked, tally.watermark) == (len(samples), "perth")
    assert len(blocks[0]) <= 0.2 * RATE_HZ
    assert np.abs(got).max() <= 1
    assert confidence(got, weights) > 0.97
    # no step in the mark that is larger where blocks meet than elsewhere
    steps = np.abs(np.diff(got - samples))
    joins = np.cumsum([len(block) for block in blocks])[:-1]
    assert steps[joins - 1].max() <= steps.max()
    assert steps[joins - 1].max() < 0.02


def test_streams_at_once_are_never_mixed(marker: Marker, spoken: NDArray[np.float32]) -> None:
    voices = [np.roll(spoken[: 2 * RATE_HZ], 5000 * place) for place in range(6)]
    alone = [np.concatenate(list(marker.mark(cut(voice, 4800), RATE_HZ))) for voice in voices]
    with ThreadPoolExecutor(6) as pool:
        together = list(
            pool.map(lambda voice: np.concatenate(list(marker.mark(cut(voice, 4800), RATE_HZ))), voices)
        )
    for voice, one, other in zip(voices, alone, together, strict=True):
        # pieces may be cut elsewhere, as blocks wait for one another; the speech is the same
        assert np.corrcoef(one - voice, other - voice)[0, 1] > 0.95


def test_silence_between_sentences_stays_silent(marker: Marker, spoken: NDArray[np.float32]) -> None:
    silence = np.zeros(RATE_HZ, np.float32)
    got = np.concatenate(list(marker.mark(iter([spoken[:RATE_HZ], silence, silence]), RATE_HZ)))
    assert not got[-RATE_HZ:].any()


def test_a_killed_process_is_replaced_in_the_middle_of_a_speech(
    marker: Marker, spoken: NDArray[np.float32], weights: Weights
) -> None:
    samples = spoken[: 4 * RATE_HZ]
    blocks = marker.mark(cut(samples, 4800), RATE_HZ)
    got = [next(blocks)]
    killed = marker.pid
    assert killed is not None
    os.kill(killed, signal.SIGKILL)
    got += blocks
    assert marker.pid not in {None, killed}
    assert confidence(np.concatenate(got), weights) > 0.97


def test_what_the_speech_raises_comes_through_after_what_was_spoken(
    marker: Marker, spoken: NDArray[np.float32]
) -> None:
    def failing() -> Iterator[NDArray[np.float32]]:
        yield spoken[:4800]
        yield spoken[4800:9600]  # too little to be marked alone, where more waits
        raise RuntimeError("the engine broke")

    left = 0
    with pytest.raises(RuntimeError, match="the engine broke"):  # noqa: PT012 - what came before counts
        for block in marker.mark(failing(), RATE_HZ):
            left += len(block)
    assert left == 9600


def test_leaving_early_closes_the_speech(marker: Marker, spoken: NDArray[np.float32]) -> None:
    closed = threading.Event()

    def endless() -> Iterator[NDArray[np.float32]]:
        try:
            while True:
                yield spoken[:4800]
        finally:
            closed.set()

    blocks = marker.mark(endless(), RATE_HZ)
    next(blocks)
    blocks.close()  # type: ignore[attr-defined]
    assert closed.is_set()


def test_what_waits_is_marked_together_and_nothing_is_waited_for(
    marker: Marker, spoken: NDArray[np.float32]
) -> None:
    length = RATE_HZ // 5
    first = [length // 2] * 2
    for waits, lengths in ((True, [*first, RATE_HZ, length]), (False, [*first, *[length] * 6])):
        parts = [spoken[place * length : (place + 1) * length] for place in range(7)]
        marked = marker.mark(parts, RATE_HZ, has_more=lambda waits=waits: waits)  # type: ignore[misc]
        assert [len(block) for block in marked] == lengths


def test_off_marks_nothing_and_starts_nothing(spoken: NDArray[np.float32]) -> None:
    marker = Marker("off")
    assert not marker.available
    assert [block is spoken for block in marker.mark(iter([spoken]), RATE_HZ)] == [True]
    assert marker.pid is None


def test_without_the_weights(monkeypatch: pytest.MonkeyPatch, spoken: NDArray[np.float32]) -> None:
    monkeypatch.setattr(marking, "find_weights", lambda: None)
    assert [block is spoken for block in Marker("auto").mark(iter([spoken]), RATE_HZ)] == [True]
    required = Marker("required")
    assert not required.available
    with pytest.raises(WatermarkUnavailable, match="not installed"):
        required.require()
    with pytest.raises(WatermarkUnavailable, match="not installed"):
        list(required.mark(iter([spoken]), RATE_HZ))


@pytest.mark.usefixtures("weights")
@pytest.mark.parametrize("policy", ["auto", "required"])
def test_where_marking_fails_speech_goes_on_or_not_as_the_setting_says(
    policy: marking.Policy, spoken: NDArray[np.float32]
) -> None:
    marker = Marker(policy)
    marker.close()  # from now on every question is refused
    tally = Tally()
    blocks = marker.mark(iter([spoken]), RATE_HZ, tally)
    if policy == "auto":
        assert np.array_equal(np.concatenate(list(blocks)), spoken)
        assert (tally.watermark, tally.bare) == ("none", len(spoken))
        again = Tally()  # for a while, nobody asks a process that has just failed
        assert [block is spoken for block in marker.mark(iter([spoken]), RATE_HZ, again)] == [True]
        assert again.watermark == "none"
    else:
        with pytest.raises(WatermarkUnavailable, match="required"):
            list(blocks)


def test_what_could_not_be_marked_to_its_end_is_told_apart(
    weights: Weights, spoken: NDArray[np.float32]
) -> None:
    assert weights
    tally = Tally()
    with Marker() as marker:
        blocks = marker.mark(cut(spoken[:RATE_HZ], 4800), RATE_HZ, tally)
        next(blocks)
        assert tally.watermark == "perth"
        marker.close()
        rest = list(blocks)
    assert (tally.watermark, tally.marked + tally.bare) == ("partial", RATE_HZ)
    assert rest


def test_a_whole_is_marked_as_its_parts_are() -> None:
    assert altogether([]) is altogether(["perth", None]) is None
    assert altogether(["perth", "perth"]) == "perth"
    assert altogether(["none"]) == "none"
    assert altogether(["perth", "none"]) == altogether(["partial", "perth"]) == "partial"


@pytest.mark.usefixtures("weights")
@pytest.mark.parametrize("policy", ["auto", "required"])
def test_speech_below_8_khz_holds_no_mark(policy: marking.Policy, spoken: NDArray[np.float32]) -> None:
    tally = Tally()
    blocks = Marker(policy).mark(iter([spoken]), 6000, tally)
    if policy == "auto":
        assert len(list(blocks)) == 1
        assert tally.watermark == "none"
    else:
        with pytest.raises(WatermarkUnavailable, match="6000 Hz"):
            list(blocks)
