from __future__ import annotations

import pytest

from voicewright.training.progress import Progress, Stages


class Clock:
    now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


def test_stages_add_up_to_the_whole() -> None:
    told: list[Progress] = []
    stages = Stages({"listening": 1, "training": 3}, told.append)

    stages.step("listening", 0.5)
    stages.step("listening", 1.0)
    stages.step("training", 0.5, "epoch 3 of 6")
    stages.step("training", 1.0)

    assert [p.fraction for p in told] == pytest.approx([0.125, 0.25, 0.625, 1.0])
    assert [p.stage for p in told] == ["listening", "listening", "epoch 3 of 6", "training"]


def test_never_goes_back() -> None:
    told: list[Progress] = []
    stages = Stages({"training": 1}, told.append)

    stages.step("training", 0.6)
    stages.step("training", 0.2)

    assert told[-1].fraction == pytest.approx(0.6)


def test_time_left_is_told_once_it_can_be() -> None:
    clock = Clock()
    told: list[Progress] = []
    stages = Stages({"training": 1}, told.append, clock)

    clock.now_s += 1
    stages.step("training", 0.25)
    clock.now_s += 9
    stages.step("training", 0.25)

    assert told[0].left_s is None
    assert told[1].left_s == pytest.approx(30.0)
