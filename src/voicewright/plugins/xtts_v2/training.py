"""A voice from a dataset: the published network, trained further on one speaker."""

from __future__ import annotations

import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil
import torch

from voicewright.engines.errors import GpuUnavailable, TooLittleSpeech
from voicewright.engines.port import TrainingOutcome
from voicewright.engines.reference import choose_clips, clip_s
from voicewright.plugins.xtts_v2 import audition, memory
from voicewright.plugins.xtts_v2.artefact import halved, save_voice
from voicewright.plugins.xtts_v2.checkpoints import Checkpoints, name_request
from voicewright.plugins.xtts_v2.clips import LeftOut, hold_out, prepare
from voicewright.plugins.xtts_v2.fitting import FROM, MOST_TOKENS, TO, build_model, fit
from voicewright.plugins.xtts_v2.network import Network, fault_of
from voicewright.plugins.xtts_v2.plugin import ENGINE
from voicewright.plugins.xtts_v2.weights import CONFIG, VOCABULARY, read_tokenizer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from voicewright.engines.port import RunContext, TrainingClip, TrainingRequest
    from voicewright.plugins.xtts_v2.clips import Utterance
    from voicewright.plugins.xtts_v2.options import XttsOptions
    from voicewright.plugins.xtts_v2.weights import Weights

REFERENCE_S = 30.0
_HARDLY_BETTER = 0.005


def train(
    request: TrainingRequest, options: XttsOptions, weights: Weights, context: RunContext
) -> TrainingOutcome:
    """Train a voice; see the modules that it calls for each step.

    Raises:
        TooLittleSpeech: names what there is and what is needed.
        GpuUnavailable: at once where there is no GPU, and with the numbers where it has too little memory.
        EngineOutOfMemory: with the numbers, once the networks are loaded and before they learn.
        WeightsMissing, WeightsDamaged: names the file.
    """
    started_s = time.monotonic()
    check_amount(request.clips, ENGINE.capabilities.minimum_speech_s)
    _check_device(options)
    left_out = LeftOut()
    with ExitStack() as stack:
        work = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="xtts-")))
        context.progress("reading", 0.0)
        utterances = _read(request, weights, work, left_out, context)
        learnt, judging = hold_out(utterances, options.validation_split, options.seed)
        context.progress("loading", 0.05)
        checkpoints = Checkpoints(
            request.checkpoint_dir or work / "checkpoints",
            name_request(request, options.model_dump(), weights.identity()),
            fp16=options.fp16,
        )
        resumed = checkpoints.resumes
        model = build_model(weights, options, str(checkpoints.folder))
        _check_memory(model, options)
        context.progress("learning", FROM)
        done = fit(
            model,
            learnt,
            judging,
            request.language,
            options=options,
            checkpoints=checkpoints,
            context=context,
        )
        del model
        torch.cuda.empty_cache()

        context.progress("auditioning", TO)
        network = Network.published(weights)
        references = [clip.path for clip in choose_clips(request.clips, most_s=REFERENCE_S)]
        sentences = audition.choose_sentences(judging, learnt)

        def hear() -> audition.Heard:
            return audition.hear(
                network, sentences, references, request.language, seed=options.seed, context=context
            )

        before = hear()
        heard = []
        for number, epoch in enumerate(checkpoints.progress.best, start=1):
            network.replace(checkpoints.network(epoch))
            heard.append((epoch, hear()))
            share = number / len(checkpoints.progress.best)
            context.progress("auditioning", TO + (0.95 - TO) * share)
        epoch, best = audition.best_of(heard)

        context.progress("saving", 0.95)
        state = weights.state() | {f"gpt.{name}": each for name, each in checkpoints.network(epoch).items()}
        metrics = {
            "similarity": best.similarity,
            "similarity_cloned": before.similarity,
            "loss": epoch.loss,
            "best_epoch": float(epoch.number),
            "samples": float(len(learnt)),
        }
        save_voice(
            request.artefact_dir,
            best.likeness,
            language=request.language,
            weights=weights.identity(),
            network=halved(state) if options.fp16 else state,
            built_with={name: weights.path(name).read_bytes() for name in (CONFIG, VOCABULARY)},
            about={"options": options.model_dump(mode="json"), **metrics},
        )
        context.progress("done", 1.0)
        train_s = time.monotonic() - started_s
        return TrainingOutcome(
            speech_s=sum(each.duration_s for each in utterances),
            train_s=train_s,
            epochs=done.epochs,
            stopped=done.stopped,
            resumed=resumed,
            metrics=metrics,
            notes=(*left_out.notes(), *_judge(best, before, judging)),
        )


def check_amount(clips: Sequence[TrainingClip], needed_s: float, found_s: float | None = None) -> None:
    """Refuse too little speech.

    Raises:
        TooLittleSpeech: names both amounts.
    """
    there_are_s = sum(map(clip_s, clips)) if found_s is None else found_s
    if there_are_s < needed_s:
        raise TooLittleSpeech(f"There are {there_are_s:.1f} s of speech, but {needed_s:g} s are needed.")


def _read(
    request: TrainingRequest, weights: Weights, work: Path, left_out: LeftOut, context: RunContext
) -> list[Utterance]:
    tokenizer = read_tokenizer(weights.path(VOCABULARY))

    def fault(text: str) -> str:
        return fault_of(tokenizer, text, request.language, MOST_TOKENS)

    utterances = prepare(request.clips, work, fault, left_out, context)
    usable_s, needed_s = sum(each.duration_s for each in utterances), ENGINE.capabilities.minimum_speech_s
    if usable_s < needed_s:
        raise TooLittleSpeech(
            f"There are {usable_s:.1f} s of speech that can be learnt from, but {needed_s:g} s are needed. "
            + " ".join(left_out.notes())
        )
    return utterances


def _check_device(options: XttsOptions) -> None:
    if not torch.cuda.is_available() and not options.allow_cpu:
        raise GpuUnavailable(
            "XTTS-v2 is trained on a GPU, and there is none here. Train where there is one, clone instead "
            "(method: clone), or set the option allow_cpu and wait for hours."
        )


def _check_memory(model: Any, options: XttsOptions) -> None:
    gpt, arguments = model.xtts.gpt, model.args
    learnt = sum(each.numel() for each in gpt.parameters())
    needed = memory.training_bytes(
        learnt=learnt,
        fixed=sum(each.numel() for each in model.parameters()) - learnt,
        size=arguments.gpt_layers * arguments.gpt_n_model_channels,
        batch_size=options.batch_size,
    )
    if torch.cuda.is_available():
        memory.check_gpu(needed, *torch.cuda.mem_get_info(), batch_size=options.batch_size)
    else:
        memory.check_ram(needed, psutil.virtual_memory().available, batch_size=options.batch_size)


def _judge(best: audition.Heard, before: audition.Heard, judging: Sequence[Utterance]) -> list[str]:
    notes = []
    if best.similarity < before.similarity + _HARDLY_BETTER:
        notes.append(
            f"The trained voice is hardly more like the speaker ({best.similarity:.2f}) than a cloned one "
            f"({before.similarity:.2f}): more speech, or other options, may help; cloning is cheaper."
        )
    if best.astray:
        notes.append(
            f"{best.astray} of the sentences that the voice was tried with came out much shorter or longer "
            "than the speaker said them: listen to it before you use it."
        )
    if not judging:
        notes.append("No clip was held out, so the voice was judged by sentences that it has learnt.")
    return notes
