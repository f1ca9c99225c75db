from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from voicewright.engines.errors import Cancelled, EngineError
from voicewright.plugins.builtin import fitting
from voicewright.plugins.builtin.analysis import FRAME_SIZE, VOICED
from voicewright.plugins.builtin.checkpoint import FILE
from voicewright.plugins.builtin.fitting import Example, FitPlan, fit, steps_per_epoch
from voicewright.plugins.builtin.network import AcousticNetwork

PHONES = 6


class Recorder:
    """A run context that writes down what it is told and cancels when it is asked for the n-th time."""

    def __init__(self, cancel_at: int | None = None) -> None:
        self.metrics: list[tuple[str, float, int]] = []
        self.lines: list[str] = []
        self._left = cancel_at

    def progress(self, stage: str, fraction: float) -> None:
        pass

    def metric(self, name: str, value: float, *, step: int) -> None:
        self.metrics.append((name, value, step))

    def log(self, message: str) -> None:
        self.lines.append(message)

    def check_cancelled(self) -> None:
        if self._left is not None:
            self._left -= 1
            if self._left <= 0:
                raise Cancelled("enough")


@pytest.fixture(scope="module")
def examples(random_context):
    def example(seed: int, frames: int) -> Example:
        context = random_context(frames, PHONES, seed)
        # there is something to learn: the frames follow from the guide
        mix = np.random.default_rng(0).normal(size=(context.guide.shape[1], FRAME_SIZE)) * 0.2
        rows = (context.guide @ mix).astype(np.float32)
        rows[:, VOICED] = rows[:, VOICED] > 0
        return Example(context, rows, 1.0)

    return [example(seed, 400) for seed in range(3)], [example(9, 301)]


def _plan(**changes) -> FitPlan:
    given = {
        "epochs": 6,
        "batch_size": 2,
        "learning_rate": 2e-3,
        "patience": None,
        "max_time_s": None,
        "seed": 3,
        "data": "these",
    }
    return FitPlan(**(given | changes))


def _fit(examples, plan, context=None, checkpoint_dir=None, tick=None):
    torch.manual_seed(plan.seed)
    return fit(
        examples[0],
        examples[1],
        network=AcousticNetwork(PHONES, 24, 0.1),
        plan=plan,
        context=context or Recorder(),
        checkpoint_dir=checkpoint_dir,
        tick=tick or (lambda _: None),
    )


def _weights(outcome):
    return {name: value.clone() for name, value in outcome.network.state_dict().items()}


def _same(one, other):
    return all(torch.equal(one[name], other[name]) for name in one)


@pytest.fixture
def kept_after_each_epoch(monkeypatch):
    monkeypatch.setattr(fitting, "CHECKPOINT_EVERY_S", -1.0)


def test_loss_falls(examples):
    context = Recorder()
    outcome = _fit(examples, _plan(epochs=25, learning_rate=0.02), context)
    losses = [value for name, value, _ in context.metrics if name == "training_loss"]
    assert outcome.stopped == "finished"
    assert outcome.epochs == len(losses) == 25
    assert losses[-1] < 0.9 * losses[0]
    assert outcome.training_loss == losses[-1]


def test_same_seed_makes_the_same_network_and_another_seed_another(examples):
    first, again = _fit(examples, _plan()), _fit(examples, _plan())
    assert _same(_weights(first), _weights(again))
    assert not _same(_weights(first), _weights(_fit(examples, _plan(seed=4))))


@pytest.mark.parametrize("patience", [None, 50])
@pytest.mark.usefixtures("kept_after_each_epoch")
def test_resumed_run_ends_like_an_unbroken_one(examples, tmp_path, patience):
    plan = _plan(patience=patience)
    unbroken = _fit(examples, plan)

    def fail_late(done: float) -> None:
        if done > 0.6:
            raise InterruptedError

    with pytest.raises(InterruptedError):
        _fit(examples, plan, checkpoint_dir=tmp_path, tick=fail_late)
    resumed = _fit(examples, plan, checkpoint_dir=tmp_path)
    assert resumed.resumed
    assert resumed.epochs == 6
    assert _same(_weights(resumed), _weights(unbroken))
    assert resumed.training_loss == unbroken.training_loss
    assert resumed.validation_loss == unbroken.validation_loss


def test_finished_run_is_not_trained_again(examples, tmp_path):
    first = _fit(examples, _plan(), checkpoint_dir=tmp_path)
    context = Recorder()
    again = _fit(examples, _plan(), context, checkpoint_dir=tmp_path)
    assert again.resumed
    assert not context.metrics
    assert _same(_weights(again), _weights(first))
    assert again.training_loss == first.training_loss


@pytest.mark.parametrize(
    "change", [{"seed": 4}, {"asked_epochs": 7}, {"data": "others"}, {"learning_rate": 1e-3}]
)
def test_checkpoint_of_another_training_is_not_taken_up(examples, tmp_path, change):
    _fit(examples, _plan(), checkpoint_dir=tmp_path)
    assert not _fit(examples, _plan(**change), checkpoint_dir=tmp_path).resumed


@pytest.mark.usefixtures("kept_after_each_epoch")
def test_goes_on_with_smaller_batches_where_the_memory_was_not_enough(examples, tmp_path):
    def fail_half_way(done: float) -> None:
        if done > 0.5:
            raise InterruptedError

    with pytest.raises(InterruptedError):
        _fit(examples, _plan(epochs=6, batch_size=4), checkpoint_dir=tmp_path, tick=fail_half_way)
    context = Recorder()
    goes_on = _fit(examples, _plan(epochs=12, batch_size=2), context, checkpoint_dir=tmp_path)

    assert (goes_on.resumed, goes_on.epochs) == (True, 12)
    epochs = [step for name, _, step in context.metrics if name == "training_loss"]
    assert epochs == list(range(9, 13))


@pytest.mark.parametrize("share", [0.0, 0.001, 0.5, 0.999])
def test_damaged_checkpoint_costs_time_only(examples, tmp_path, share):
    whole = _fit(examples, _plan(), checkpoint_dir=tmp_path)
    content = (tmp_path / FILE).read_bytes()
    (tmp_path / FILE).write_bytes(content[: int(len(content) * share)])
    context = Recorder()
    again = _fit(examples, _plan(), context, checkpoint_dir=tmp_path)
    assert not again.resumed
    assert "ignored" in context.lines[0]
    assert _same(_weights(again), _weights(whole))


def test_checkpoint_that_can_not_be_written_does_not_end_the_training(examples, tmp_path):
    (tmp_path / "file").touch()
    context = Recorder()
    outcome = _fit(examples, _plan(), context, checkpoint_dir=tmp_path / "file")
    assert outcome.epochs == 6
    assert "could not be kept" in context.lines[0]


def test_early_stopping_gives_the_best_network_back(examples):
    context = Recorder()
    outcome = _fit(examples, _plan(epochs=200, learning_rate=0.05, patience=2), context)
    losses = [value for name, value, _ in context.metrics if name == "validation_loss"]
    assert outcome.stopped == "early_stopping"
    assert outcome.epochs == len(losses) < 200
    assert outcome.validation_loss == min(losses)
    assert len(losses) - 1 - int(np.argmin(losses)) == 2


@pytest.mark.usefixtures("kept_after_each_epoch")
def test_stopped_run_is_not_gone_on_with(examples, tmp_path):
    plan = _plan(epochs=200, learning_rate=0.05, patience=2)
    first = _fit(examples, plan, checkpoint_dir=tmp_path)
    again = _fit(examples, plan, checkpoint_dir=tmp_path)
    assert (again.epochs, again.stopped) == (first.epochs, "early_stopping")
    assert _same(_weights(again), _weights(first))


def test_time_ends_a_training_in_the_middle_of_an_epoch(examples):
    outcome = _fit(examples, _plan(epochs=100_000, max_time_s=0.5))
    assert outcome.stopped == "max_time"
    assert outcome.epochs < 100_000


def test_no_time_at_all_still_gives_a_network(examples):
    outcome = _fit(examples, _plan(max_time_s=1e-9))
    assert (outcome.stopped, outcome.epochs, outcome.training_loss) == ("max_time", 0, None)


@pytest.mark.parametrize("cancel_at", [1, 5, 9])
def test_cancelled_training_stops_at_once(examples, cancel_at):
    with pytest.raises(Cancelled):
        _fit(examples, _plan(), Recorder(cancel_at))


def test_progress_grows_to_one(examples):
    ticks: list[float] = []
    _fit(examples, _plan(), tick=ticks.append)
    assert ticks == sorted(ticks)
    assert ticks[-1] == 1.0


def test_training_that_runs_away_is_told(random_context):
    rows = np.full((400, FRAME_SIZE), np.inf, np.float32)
    with pytest.raises(EngineError, match="learning_rate"):
        _fit(([Example(random_context(400, PHONES, 1), rows, 1.0)], []), _plan())


def test_recordings_shorter_than_a_piece_are_learnt_from(random_context):
    rows = np.zeros((31, FRAME_SIZE), np.float32)
    short = ([Example(random_context(31, PHONES, 1), rows, 0.5)], [])
    outcome = _fit(short, _plan(epochs=2))
    assert math.isfinite(outcome.training_loss)
    assert outcome.validation_loss is None


def test_recordings_of_little_weight_count_little(random_context):
    context = random_context(400, PHONES, 1)

    def learnt(*weights: float) -> float:
        examples = [
            Example(context, np.full((400, FRAME_SIZE), value, np.float32), w)
            for value, w in zip((0.0, 1.0), weights, strict=True)
        ]
        network = _fit((examples, []), _plan(epochs=40, batch_size=8, learning_rate=1e-2)).network
        with torch.inference_mode():
            frames = network(
                *(torch.from_numpy(x[None, ::2]) for x in (context.phones, context.places, context.guide))
            )
        return float(frames[..., :40].mean())

    assert learnt(1.0, 0.02) < learnt(0.02, 1.0) - 0.3


def test_an_epoch_sees_about_all_frames(examples):
    assert steps_per_epoch(examples[0], 2) == 2
    assert steps_per_epoch(examples[0], 64) == 1
