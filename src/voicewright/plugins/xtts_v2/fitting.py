"""Trains the network with the library's own trainer, told and stopped through its callbacks."""

from __future__ import annotations

import logging
import math
import time
from dataclasses import fields
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple

import torch

from voicewright.engines.errors import EngineError, WeightsDamaged
from voicewright.plugins.xtts_v2 import coqui
from voicewright.plugins.xtts_v2.checkpoints import Epoch
from voicewright.plugins.xtts_v2.languages import model_code
from voicewright.plugins.xtts_v2.stopping import stoppable
from voicewright.plugins.xtts_v2.weights import CODEC, MODEL, NORMS, VOCABULARY

if TYPE_CHECKING:
    from collections.abc import Sequence

    from voicewright.engines.port import RunContext
    from voicewright.plugins.xtts_v2.checkpoints import Checkpoints
    from voicewright.plugins.xtts_v2.clips import Utterance
    from voicewright.plugins.xtts_v2.options import XttsOptions
    from voicewright.plugins.xtts_v2.weights import Weights

FROM, TO = 0.12, 0.85
"""The share of the whole work."""
MOST_TOKENS: Final = 200
"""Of a text that is learnt from."""
_NEVER: Final = 10**9


class Fit(NamedTuple):
    """How a training went."""

    epochs: int
    stopped: Literal["finished", "early_stopping"]


class _Enough(Exception):
    """Nothing has become better for a while."""


def build_model(weights: Weights, options: XttsOptions, folder: str) -> Any:
    """The network with all that training it takes, in the processor's memory.

    Raises:
        WeightsMissing, WeightsDamaged: names the file.
    """
    base = weights.config()
    state = weights.state()
    codec, _ = weights.load(CODEC), weights.load(NORMS)
    config = _config(weights, base, options, folder)
    model = coqui.GPTTrainer(config)
    weights.check_fit(MODEL, model.xtts, state)
    if not isinstance(codec, dict):
        raise WeightsDamaged(f"{weights.path(CODEC)} is damaged: there is no codec in it.")
    # the library takes what it finds in the file, and is content with nothing
    weights.check_fit(CODEC, model.dvae, codec)
    return model


def fit(
    model: Any,
    learnt: Sequence[Utterance],
    judging: Sequence[Utterance],
    language: str,
    *,
    options: XttsOptions,
    checkpoints: Checkpoints,
    context: RunContext,
) -> Fit:
    """Train until the end, or until nothing becomes better.

    Raises:
        EngineError: it went astray.
        Cancelled: it was to stop.
    """
    config = model.config
    config.run_eval = bool(judging)
    kept = checkpoints.resumes
    arguments = coqui.TrainerArgs(
        continue_path=str(checkpoints.run_folder) if kept else "",
        grad_accum_steps=options.gradient_accumulation,
        gpu=0 if torch.cuda.is_available() else None,
    )
    handlers = list(logging.getLogger("trainer").handlers)
    watch = _Watch(options, checkpoints, context, steps=-(-len(learnt) // options.batch_size))
    try:
        with stoppable(context):
            trainer = coqui.Trainer(
                arguments,
                config,
                str(checkpoints.folder),
                dashboard_logger=coqui.DummyLogger(),
                model=model,
                train_samples=_samples(learnt, language),
                eval_samples=_samples(judging, language),
                parse_command_line_args=False,
                callbacks={"on_train_step_end": watch.note_step, "on_epoch_end": watch.note_epoch},
            )
            # `fit` would end the process on any error
            trainer._fit()  # noqa: SLF001
    except _Enough:
        return Fit(checkpoints.progress.epochs_done, "early_stopping")
    except RecursionError as error:
        raise EngineError(
            "None of the clips could be read any more while the network learnt from them; try again."
        ) from error
    finally:
        logger = logging.getLogger("trainer")
        for handler in [each for each in logger.handlers if each not in handlers]:
            logger.removeHandler(handler)
            handler.close()
    return Fit(checkpoints.progress.epochs_done, "finished")


class _Watch:
    """What happens after each step and each epoch."""

    def __init__(
        self, options: XttsOptions, checkpoints: Checkpoints, context: RunContext, *, steps: int
    ) -> None:
        self._options = options
        self._checkpoints = checkpoints
        self._context = context
        self._all_steps = steps * options.epochs
        self._steps = steps * checkpoints.progress.epochs_done
        self._kept_at_s = time.monotonic()
        self._epoch_at_s = self._kept_at_s

    def note_step(self, _: Any) -> None:
        self._context.check_cancelled()
        self._steps += 1
        share = min(1.0, self._steps / self._all_steps)
        self._context.progress("learning", FROM + (TO - FROM) * share)

    def note_epoch(self, trainer: Any) -> None:
        progress, number = self._checkpoints.progress, trainer.epochs_done + 1
        now_s = time.monotonic()
        progress.train_s += now_s - self._epoch_at_s
        self._epoch_at_s = now_s
        training, validation = _loss(trainer.keep_avg_train), _loss(trainer.keep_avg_eval)
        loss = training if validation is None else validation
        for name, value in (("training_loss", training), ("validation_loss", validation)):
            if value is not None and math.isfinite(value):
                self._context.metric(name, value, step=number)
        if loss is None or not math.isfinite(loss):
            raise EngineError(
                f"The training went astray in epoch {number}: its loss is {loss}. Lower learning_rate."
            )
        progress.epochs_done = number
        state = trainer.model.xtts.gpt.state_dict()
        self._checkpoints.keep_network(Epoch(number, loss), state)
        if number - progress.best_epoch >= self._options.early_stopping_patience:
            raise _Enough
        if number < self._options.epochs and now_s - self._kept_at_s >= self._options.checkpoint_every_s:
            self._keep(trainer)

    def _keep(self, trainer: Any) -> None:
        # the library goes on with the epoch that a checkpoint names: name the next one
        trainer.epochs_done += 1
        trainer.save_checkpoint()
        trainer.epochs_done -= 1
        path = trainer.output_path / f"checkpoint_{trainer.total_steps_done}.pth"
        self._checkpoints.keep_checkpoint(path)
        self._kept_at_s = time.monotonic()


def _loss(averages: Any) -> float | None:
    """The mean of an epoch; not the library's own sum, which it divides by the accumulated batches."""
    if averages is None or "avg_loss_mel_ce" not in averages.avg_values:
        return None
    return float(averages["avg_loss_mel_ce"] + averages["avg_loss_text_ce"])


def _samples(utterances: Sequence[Utterance], language: str) -> list[dict[str, str]]:
    code = model_code(language)
    return [{"audio_file": str(each.path), "text": each.text, "language": code} for each in utterances]


def _config(weights: Weights, base: Any, options: XttsOptions, folder: str) -> Any:
    known = {each.name for each in fields(coqui.GPTArgs)}
    arguments = {name: value for name, value in base.model_args.to_dict().items() if name in known}
    # what decides whether it learns is the library's own recipe for this network
    arguments |= {
        "min_conditioning_length": 66_150,
        "max_conditioning_length": 132_300,
        "max_wav_length": 255_995,
        "max_text_length": MOST_TOKENS,
        "tokenizer_file": str(weights.path(VOCABULARY)),
        "mel_norm_file": str(weights.path(NORMS)),
        "dvae_checkpoint": str(weights.path(CODEC)),
        "xtts_checkpoint": "",
        "gpt_use_masking_gt_prompt_approach": True,
    }
    return coqui.GPTTrainerConfig(
        output_path=folder,
        run_name="run",
        model_args=coqui.GPTArgs(**arguments),
        audio=coqui.XttsAudioConfig(),
        epochs=options.epochs,
        batch_size=options.batch_size,
        eval_batch_size=options.batch_size,
        num_loader_workers=0,
        num_eval_loader_workers=0,
        optimizer="AdamW",
        optimizer_wd_only_on_weights=True,
        optimizer_params={"betas": [0.9, 0.96], "eps": 1e-8, "weight_decay": 1e-2},
        lr=options.learning_rate,
        lr_scheduler=None,
        training_seed=options.seed,
        save_checkpoints=False,
        save_n_checkpoints=2,
        save_best_after=_NEVER,
        save_on_interrupt=False,
        print_step=_NEVER,
        plot_step=_NEVER,
        log_model_step=_NEVER,
        test_sentences=[],
    )
