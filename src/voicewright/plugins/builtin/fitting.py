"""Training the acoustic network: batches, loss, validation, early stopping, checkpoints.

Loss: absolute error of cepstra (the first twenty count double), of their slopes, of pitch and noise where
voiced, and cross entropy of voicing. Schedule: one cycle (L. Smith, "Super-convergence", 2018).
"""

from __future__ import annotations

import json
import math
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import nn
from torch.nn import functional

from voicewright.plugins.builtin.analysis import CEPSTRA, LOG_F0, NOISE, ORDER, VOICED
from voicewright.plugins.builtin.network import FRAMES_PER_STEP, AcousticNetwork
from voicewright.plugins.builtin.pitch import HOP_S

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray
    from torch import Tensor

    from voicewright.engines.port import RunContext
    from voicewright.plugins.builtin.context import Context

    Floats = NDArray[np.float32]

CHUNK_FRAMES: Final = 300
"""A second and a half."""
CHANNELS: Final = 192
DROPOUT: Final = 0.1
GUIDE_NOISE: Final = 0.1
_DOUBLE_WEIGHT = 20
_SLOPE, _PITCH, _VOICING, _NOISE = 0.5, 0.5, 0.1, 0.1
_WEIGHT_DECAY = 1e-4
_WARM_UP = 0.1
_CHECKPOINT_EVERY_S = 10.0


@dataclass(frozen=True, slots=True)
class FitPlan:
    """How long and how fast to train."""

    epochs: int
    batch_size: int
    learning_rate: float
    patience: int | None
    """Epochs without a better validation loss after which training stops; None: never."""
    deadline_s: float | None
    """`time.monotonic()` at which training stops; None: never."""
    seed: int


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
    stopped: str
    resumed: bool
    training_loss: float
    validation_loss: float | None


def steps_per_epoch(examples: Sequence[Example], batch_size: int) -> int:
    """How many batches see about as many frames as there are."""
    frames = sum(len(e.frames) for e in examples)
    return max(1, math.ceil(frames / (CHUNK_FRAMES * batch_size)))


def fit(
    training: Sequence[Example],
    validation: Sequence[Example],
    phones: int,
    plan: FitPlan,
    context: RunContext,
    checkpoint_dir: Path | None,
    tick: Callable[[float], None],
) -> FitOutcome:
    """Train from scratch, or go on from the checkpoint.

    Args:
        training: what to learn from.
        validation: what to be judged on after each epoch; may be empty.
        phones: how many ids the contexts use.
        plan: how long and how fast.
        context: for metrics and cancelling.
        checkpoint_dir: where the state is kept about every ten seconds; None: nowhere.
        tick: called with the share of epochs done.
    """
    run = _Run(training, validation, phones, plan, checkpoint_dir)
    resumed = run.resume()
    stopped = "finished"
    while run.epoch < plan.epochs:
        loss = run.train_epoch(context)
        context.metric("training_loss", loss, step=run.epoch)
        if validation:
            context.metric("validation_loss", run.validate(), step=run.epoch)
        tick(run.epoch / plan.epochs)
        run.keep()
        if plan.patience is not None and validation and run.epoch - run.best_epoch >= plan.patience:
            stopped = "early_stopping"
            break
        if plan.deadline_s is not None and time.monotonic() >= plan.deadline_s:
            stopped = "max_time"
            break
    run.keep(final=True)
    run.network.eval()
    return FitOutcome(run.network, run.epoch, stopped, resumed, run.training_loss, run.validation_loss)


class _Run:
    """One training with all its state."""

    def __init__(
        self,
        training: Sequence[Example],
        validation: Sequence[Example],
        phones: int,
        plan: FitPlan,
        checkpoint_dir: Path | None,
    ) -> None:
        torch.manual_seed(plan.seed)
        self.network = AcousticNetwork(phones, CHANNELS, DROPOUT)
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
        self._checkpoint = checkpoint_dir / "network.safetensors" if checkpoint_dir else None
        self._kept_at = time.monotonic()
        self.epoch = 0
        self.best_epoch = 0
        self.best_loss = math.inf
        self.training_loss = math.nan
        self.validation_loss: float | None = None

    def train_epoch(self, context: RunContext) -> float:
        # each epoch has a generator of its own, so that a resumed run draws what an unbroken one draws
        torch.manual_seed(self._plan.seed * 1_000_003 + self.epoch)
        chooser = np.random.default_rng([self._plan.seed, self.epoch])
        self.network.train()
        total = 0.0
        for _ in range(self._batches_per_epoch):
            context.check_cancelled()
            phones, places, guide, frames, weight = self._batch(chooser)
            guide = guide + torch.randn_like(guide) * GUIDE_NOISE
            loss = _loss(self.network(phones, places, guide), frames, weight)
            self._optimiser.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(self.network.parameters(), 1.0)
            self._optimiser.step()
            self._schedule.step()
            total += float(loss.detach())
        self.epoch += 1
        self.training_loss = total / self._batches_per_epoch
        return self.training_loss

    def validate(self) -> float:
        self.network.eval()
        with torch.inference_mode():
            losses = []
            for phones, places, guide, frames, _ in self._validation:
                step = slice(None, None, FRAMES_PER_STEP)
                predicted = self.network(phones[None, step], places[None, step], guide[None, step])
                losses.append(float(_loss(predicted, frames[None], torch.ones(1))))
        self.validation_loss = float(np.mean(losses))
        if self.validation_loss < self.best_loss:
            self.best_loss, self.best_epoch = self.validation_loss, self.epoch
        return self.validation_loss

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

    def keep(self, *, final: bool = False) -> None:
        """Write the state aside and rename it, now and then."""
        if self._checkpoint is None:
            return
        if not final and time.monotonic() - self._kept_at < _CHECKPOINT_EVERY_S:
            return
        tensors = {f"network.{k}": v for k, v in self.network.state_dict().items()}
        for index, state in self._optimiser.state_dict()["state"].items():
            tensors |= {f"optimiser.{index}.{k}": torch.as_tensor(v) for k, v in state.items()}
        state = {
            "plan": asdict(self._plan) | {"deadline_s": None},
            "epoch": self.epoch,
            "best_epoch": self.best_epoch,
            "best_loss": self.best_loss if math.isfinite(self.best_loss) else None,
        }
        aside = self._checkpoint.with_suffix(".part")
        save_file(tensors, aside, metadata={"state": json.dumps(state)})
        aside.replace(self._checkpoint)
        self._kept_at = time.monotonic()

    def resume(self) -> bool:
        """Take up the checkpoint of the same plan; anything else there is ignored."""
        if self._checkpoint is None or not self._checkpoint.exists():
            return False
        try:
            tensors = load_file(self._checkpoint)
            state = _metadata(self._checkpoint)
        except (SafetensorError, OSError, ValueError, KeyError):
            return False  # a damaged checkpoint costs time, not the training
        if state["plan"] != asdict(self._plan) | {"deadline_s": None}:
            return False
        weights = {k.removeprefix("network."): v for k, v in tensors.items() if k.startswith("network.")}
        expected = {k: v.shape for k, v in self.network.state_dict().items()}
        if {k: v.shape for k, v in weights.items()} != expected:
            return False
        self.network.load_state_dict(weights)
        optimiser = self._optimiser.state_dict()
        for name, value in tensors.items():
            if name.startswith("optimiser."):
                _, index, key = name.split(".")
                optimiser["state"].setdefault(int(index), {})[key] = value
        self._optimiser.load_state_dict(optimiser)
        self.epoch, self.best_epoch = state["epoch"], state["best_epoch"]
        self.best_loss = math.inf if state["best_loss"] is None else state["best_loss"]
        for _ in range(self.epoch * self._batches_per_epoch):
            self._schedule.step()
        return True


def _metadata(path: Path) -> dict[str, object]:
    with path.open("rb") as file:
        size = int.from_bytes(file.read(8), "little")
        header = json.loads(file.read(size))
    state: dict[str, object] = json.loads(header["__metadata__"]["state"])
    return state


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


def frames_of_seconds(seconds: float) -> int:
    """5 ms frames in so many seconds."""
    return int(seconds / HOP_S)
