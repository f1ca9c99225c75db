"""Training the acoustic network: batches, loss, validation, early stopping.

Loss: absolute error of cepstra (the first twenty count double), of their slopes, of pitch and noise where
voiced, and cross entropy of voicing. Schedule: one cycle (L. Smith, "Super-convergence", 2018). What is kept
of an interrupted training is the affair of `checkpoint`.
"""

from __future__ import annotations

import copy
import math
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from voicewright.engines.errors import EngineError
from voicewright.plugins.builtin.analysis import CEPSTRA, LOG_F0, NOISE, ORDER, VOICED
from voicewright.plugins.builtin.checkpoint import Checkpoint, Progress
from voicewright.plugins.builtin.network import FRAMES_PER_STEP, AcousticNetwork

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from numpy.typing import NDArray
    from torch import Tensor

    from voicewright.engines.port import RunContext
    from voicewright.plugins.builtin.context import Context

    Floats = NDArray[np.float32]

CHUNK_FRAMES: Final = 300
"""A second and a half."""
DROPOUT: Final = 0.1
GUIDE_NOISE: Final = 0.1
CHECKPOINT_EVERY_S: Final = 10.0
_DOUBLE_WEIGHT = 20
_SLOPE, _PITCH, _VOICING, _NOISE = 0.5, 0.5, 0.1, 0.1
_WEIGHT_DECAY = 1e-4
_WARM_UP = 0.1
_EPOCH_SEEDS = 1_000_003


@dataclass(frozen=True, slots=True)
class FitPlan:
    """How long and how fast to train."""

    epochs: int
    batch_size: int
    learning_rate: float
    patience: int | None
    """Epochs without a better validation loss after which training stops; None: never."""
    max_time_s: float | None
    """Training stops after so long, what came before an interruption included; None: never."""
    seed: int
    data: str
    """Tells one set of recordings from another: a checkpoint of others is of no use."""
    asked_epochs: int | None = None
    """The epochs that somebody asked for; None: they follow from the amount of speech."""

    @property
    def identity(self) -> dict[str, float | str | None]:
        """What a checkpoint must agree in; not the batch size, which is halved for want of memory."""
        return {
            "epochs": self.asked_epochs,
            "learning_rate": self.learning_rate,
            "patience": self.patience,
            "seed": self.seed,
            "data": self.data,
        }


@dataclass(frozen=True, slots=True)
class Example:
    """One recording, normalised."""

    context: Context
    """With the guide normalised."""
    frames: Floats
    """(frames, FRAME_SIZE), normalised."""
    weight: float


@dataclass(frozen=True, slots=True)
class FitOutcome:
    """The trained network and how it came about."""

    network: AcousticNetwork
    epochs: int
    """Whole ones."""
    stopped: str
    """As in `TrainingOutcome.stopped`."""
    resumed: bool
    training_loss: float | None
    """Of the last whole epoch; None where time ran out before one was over."""
    validation_loss: float | None
    """Of the network that is given back."""


def steps_per_epoch(examples: Sequence[Example], batch_size: int) -> int:
    """How many batches see about as many frames as there are."""
    frames = sum(len(e.frames) for e in examples)
    return max(1, math.ceil(frames / (CHUNK_FRAMES * batch_size)))


def fit(
    training: Sequence[Example],
    validation: Sequence[Example],
    *,
    network: AcousticNetwork,
    plan: FitPlan,
    context: RunContext,
    checkpoint_dir: Path | None,
    tick: Callable[[float], None],
    listen: Callable[[AcousticNetwork, int], None] = lambda _network, _epoch: None,
) -> FitOutcome:
    """Train from scratch, or go on from the checkpoint: both end in the same network.

    With a patience, the network of the epoch with the best validation loss is given back, as the one cycle
    was not meant to end where it was stopped.

    Args:
        training: what to learn from.
        validation: what to be judged on after each epoch; may be empty.
        network: what to start from; it is trained in place.
        plan: how long and how fast.
        context: for metrics, the log and cancelling.
        checkpoint_dir: where the state is kept about every ten seconds; None: nowhere.
        tick: called with the share of epochs done; may raise to stop.
        listen: called with the network as it is, ready to speak, and the epochs that it has learnt for.

    Raises:
        EngineError: the loss grew beyond all bounds.
    """
    run = _Run(training, validation, network, plan)
    checkpoint = Checkpoint(checkpoint_dir, plan.identity, context) if checkpoint_dir else None
    resumed = checkpoint is not None and run.take_up(checkpoint)
    kept_at = time.monotonic()
    while (stopped := run.end()) is None:
        if not run.train_epoch(context, tick):
            continue
        context.metric("training_loss", run.training_loss or 0.0, step=run.epoch)
        if validation:
            context.metric("validation_loss", run.validate(context), step=run.epoch)
        run.network.eval()
        listen(run.network, run.epoch)
        if checkpoint is not None and (
            run.end() is not None or time.monotonic() - kept_at > CHECKPOINT_EVERY_S
        ):
            run.keep(checkpoint)
            kept_at = time.monotonic()
    tick(1.0)
    run.network.eval()
    if run.best is not None:
        run.network.load_state_dict(run.best)
        run.validation_loss = run.best_loss
    return FitOutcome(
        network=run.network,
        epochs=run.epoch,
        stopped=stopped,
        resumed=resumed,
        training_loss=run.training_loss,
        validation_loss=run.validation_loss,
    )


class _Run:
    """One training with all its state."""

    def __init__(
        self,
        training: Sequence[Example],
        validation: Sequence[Example],
        network: AcousticNetwork,
        plan: FitPlan,
    ) -> None:
        self.network = network
        self._plan = plan
        self._batches_per_epoch = steps_per_epoch(training, plan.batch_size)
        self._optimiser = torch.optim.AdamW(
            self.network.parameters(), plan.learning_rate, weight_decay=_WEIGHT_DECAY
        )
        self._schedule = torch.optim.lr_scheduler.OneCycleLR(
            self._optimiser,
            plan.learning_rate,
            total_steps=plan.epochs * self._batches_per_epoch + 1,
            pct_start=_WARM_UP,
        )
        self._data = _joined(training)
        self._validation = [_tensors(e) for e in validation]
        self._started = time.monotonic()
        self.epoch = 0
        self.best_epoch = 0
        self.best_loss = math.inf
        self.best: dict[str, Tensor] | None = None
        """The weights of the best epoch, where a patience asks for them."""
        self.training_loss: float | None = None
        self.validation_loss: float | None = None

    def end(self) -> str | None:
        """Why it is over, or None where it is not."""
        if self.epoch >= self._plan.epochs:
            return "finished"
        patience = self._plan.patience
        if patience is not None and self._validation and self.epoch - self.best_epoch >= patience:
            return "early_stopping"
        return "max_time" if self._out_of_time() else None

    def train_epoch(self, context: RunContext, tick: Callable[[float], None]) -> bool:
        """Go once through as much speech as there is; False where time ran out on the way."""
        # each epoch has a generator of its own, so that a resumed run draws what an unbroken one draws
        torch.manual_seed(self._plan.seed * _EPOCH_SEEDS + self.epoch)
        chooser = np.random.default_rng([self._plan.seed, self.epoch])
        self.network.train()
        total = 0.0
        for number in range(self._batches_per_epoch):
            tick((self.epoch + number / self._batches_per_epoch) / self._plan.epochs)
            if self._out_of_time():
                return False
            phones, places, guide, frames, weight = self._batch(chooser)
            noisy = guide + torch.randn_like(guide) * GUIDE_NOISE
            loss = _loss(self.network(phones, places, noisy), frames, weight)
            context.check_cancelled()
            self._optimiser.zero_grad()
            torch.autograd.backward(loss)
            nn.utils.clip_grad_norm_(self.network.parameters(), 1.0)
            self._optimiser.step()
            self._schedule.step()
            total += float(loss.detach())
            if not math.isfinite(total):
                raise EngineError(
                    f"The network did not learn: its error grew beyond all bounds in epoch {self.epoch + 1}. "
                    "Lower the learning_rate."
                )
        self.epoch += 1
        self.training_loss = total / self._batches_per_epoch
        return True

    def validate(self, context: RunContext) -> float:
        """Mean loss over the validation recordings."""
        self.network.eval()
        step = slice(None, None, FRAMES_PER_STEP)
        losses = []
        with torch.inference_mode():
            for phones, places, guide, frames, _ in self._validation:
                context.check_cancelled()
                predicted = self.network(phones[None, step], places[None, step], guide[None, step])
                losses.append(float(_loss(predicted, frames[None], torch.ones(1))))
        self.validation_loss = float(np.mean(losses))
        if self.validation_loss < self.best_loss:
            self.best_loss, self.best_epoch = self.validation_loss, self.epoch
            if self._plan.patience is not None:
                self.best = copy.deepcopy(self.network.state_dict())
        return self.validation_loss

    def keep(self, checkpoint: Checkpoint) -> None:
        """Hand the state over."""
        checkpoint.keep(
            {"network": self.network.state_dict(), "best": self.best or {}},
            self._optimiser,
            Progress(
                epoch=self.epoch,
                epochs=self._plan.epochs,
                best_epoch=self.best_epoch,
                best_loss=self.best_loss if math.isfinite(self.best_loss) else None,
                training_loss=self.training_loss,
                validation_loss=self.validation_loss,
                spent_s=time.monotonic() - self._started,
            ),
        )

    def take_up(self, checkpoint: Checkpoint) -> bool:
        """Go on where the checkpoint was kept; False where there is none that fits."""
        kept = checkpoint.read({k: v.shape for k, v in self.network.state_dict().items()})
        if kept is None:
            return False
        progress = kept.progress
        self.network.load_state_dict(kept.weights["network"])
        self.best = kept.weights["best"] or None
        self._optimiser.load_state_dict(self._optimiser.state_dict() | {"state": kept.optimiser})
        # another batch size may mean other epochs: what counts is the share that is done
        share = self._plan.epochs / progress.epochs
        self.epoch, self.best_epoch = round(progress.epoch * share), round(progress.best_epoch * share)
        self.best_loss = math.inf if progress.best_loss is None else progress.best_loss
        self.training_loss, self.validation_loss = progress.training_loss, progress.validation_loss
        self._started -= progress.spent_s
        steps = self.epoch * self._batches_per_epoch
        self._schedule.load_state_dict({"last_epoch": steps - 1, "_step_count": steps})
        self._schedule.step()
        return True

    def _out_of_time(self) -> bool:
        limit_s = self._plan.max_time_s
        return limit_s is not None and time.monotonic() - self._started >= limit_s

    def _batch(self, chooser: np.random.Generator) -> tuple[Tensor, ...]:
        phones, places, guide, frames, weight = self._data
        length = min(CHUNK_FRAMES, len(frames))
        last = (len(frames) - length) // FRAMES_PER_STEP
        starts = chooser.integers(0, last + 1, self._plan.batch_size) * FRAMES_PER_STEP

        def cut(values: Tensor, every: int) -> Tensor:
            return torch.stack([values[s : s + length : every] for s in starts])

        return (
            cut(phones, FRAMES_PER_STEP),
            cut(places, FRAMES_PER_STEP),
            cut(guide, FRAMES_PER_STEP),
            cut(frames, 1),
            cut(weight, 1).mean(1),
        )


def _tensors(example: Example) -> tuple[Tensor, ...]:
    """An even number of frames as tensors."""
    length = len(example.frames) // FRAMES_PER_STEP * FRAMES_PER_STEP
    context = example.context.cut(length)
    return (
        torch.from_numpy(context.phones),
        torch.from_numpy(context.places),
        torch.from_numpy(context.guide),
        torch.from_numpy(example.frames[:length]),
        torch.full((length,), example.weight),
    )


def _joined(examples: Sequence[Example]) -> tuple[Tensor, ...]:
    parts = [_tensors(e) for e in examples]
    return tuple(torch.cat(columns) for columns in zip(*parts, strict=True))


def _loss(predicted: Tensor, frames: Tensor, weight: Tensor) -> Tensor:
    """Weighted mean over the batch; predicted and frames (batch, frames, FRAME_SIZE), weight (batch,)."""
    scale = torch.ones(ORDER)
    scale[:_DOUBLE_WEIGHT] = 2.0
    voiced = frames[..., VOICED]
    cepstra, wanted = predicted[..., CEPSTRA], frames[..., CEPSTRA]
    error = ((cepstra - wanted).abs() * scale).mean((1, 2))
    slope = (cepstra.diff(dim=1) - wanted.diff(dim=1)).abs().mean((1, 2))
    pitch = ((predicted[..., LOG_F0] - frames[..., LOG_F0]).abs() * (0.9 * voiced + 0.1)).mean(1)
    noise = ((predicted[..., NOISE] - frames[..., NOISE]).abs() * voiced[..., None]).mean((1, 2))
    voicing = functional.binary_cross_entropy_with_logits(
        predicted[..., VOICED], voiced, reduction="none"
    ).mean(1)
    each = error + _SLOPE * slope + _PITCH * pitch + _NOISE * noise + _VOICING * voicing
    return (each * weight).sum() / weight.sum()
