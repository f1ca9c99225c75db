"""From clips to a voice: read, align, analyse, fit, and tune the result on its own speech."""

from __future__ import annotations

import hashlib
import json
import math
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np
import torch
from scipy import signal

from voicewright.engines.errors import EngineError, TooLittleSpeech
from voicewright.engines.languages import language_unsupported
from voicewright.engines.port import TrainingOutcome
from voicewright.plugins.builtin import pitch, prior, restoration
from voicewright.plugins.builtin.alignment import align
from voicewright.plugins.builtin.analysis import (
    SAMPLE_RATE_HZ,
    VOICED,
    Scale,
    analyse_guide,
    analyse_speaker,
)
from voicewright.plugins.builtin.artefact import save_voice
from voicewright.plugins.builtin.context import Context, PhoneSet, describe
from voicewright.plugins.builtin.durations import DurationModel
from voicewright.plugins.builtin.equaliser import fit_equaliser
from voicewright.plugins.builtin.fitting import DROPOUT, Example, FitPlan, fit, steps_per_epoch
from voicewright.plugins.builtin.languages import LANGUAGES
from voicewright.plugins.builtin.network import FRAMES_PER_STEP
from voicewright.plugins.builtin.plugin import ENGINE
from voicewright.plugins.builtin.prior import starting_network
from voicewright.plugins.builtin.reading import MINIMUM_SPEECH_S, Pairs, read
from voicewright.plugins.builtin.rehearsing import rehearsing
from voicewright.plugins.builtin.tiling import BANK_FRAMES, FrameBank
from voicewright.plugins.builtin.voice import Voice, predict

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from numpy.typing import NDArray

    from voicewright.engines.port import RunContext, TrainingRequest
    from voicewright.plugins.builtin.alignment import Alignment
    from voicewright.plugins.builtin.network import AcousticNetwork
    from voicewright.plugins.builtin.options import BuiltinOptions
    from voicewright.plugins.builtin.reading import Utterance

    Floats = NDArray[np.float32]

FEWEST_STEPS, ENOUGH_STEPS, MOST_STEPS = 250, 650, 1500
STEPS_PER_TRUSTED_SECOND: Final = 10.0
"""Up to `ENOUGH_STEPS`: more steps on little speech, or on doubtful words, undo what the prior knows."""
STEPS_PER_SECOND_OF_SPEECH: Final = 1.5
"""Beyond: each second is to be learnt from, however many there are."""
THREADS: Final = 2
_VALIDATED_FROM_CLIPS = 8
"""With fewer clips each one is needed for training."""
_RANGE_SAMPLE = 8
_TUNING_SENTENCES = 4
_EQUALISED_S = 240.0
"""A long-term spectrum does not change after that."""
_TUNED_PEAK = 0.7
_MISFIT_DEVIATIONS = 3.5
_LEAST_SPREAD = 0.7
"""Of the scores of clips with their own texts: a few clips may lie close together by chance."""
_MEDIAN_TO_DEVIATION = 1.48
_FEWEST_FRAMES_PER_PHONE, _MOST_FRAMES_PER_PHONE = 4.0, 60.0


@dataclass(frozen=True, slots=True)
class _Aligned:
    utterance: Utterance
    alignment: Alignment


def train(request: TrainingRequest, options: BuiltinOptions, context: RunContext) -> TrainingOutcome:
    """Make a voice; see `Trainer.train`."""
    started = time.monotonic()
    if request.language not in LANGUAGES:
        raise language_unsupported(ENGINE, request.language)
    notes: list[str] = []
    progress = _stages(context)
    utterances = read(request, progress("reading", 0.0, 0.02), notes)
    aligned = _align(utterances, progress("aligning", 0.02, 0.12), notes)
    speech_s = sum(a.utterance.duration_s for a in aligned)
    if speech_s < MINIMUM_SPEECH_S:
        raise TooLittleSpeech(
            f"Only {speech_s:.1f} s of speech fit their texts, and the built-in engine needs at least "
            f"{MINIMUM_SPEECH_S:g} s; check the transcripts or add recordings."
        )
    frames, guides = _analyse([a.utterance for a in aligned], progress("analysing", 0.12, 0.2))
    _require_voice(frames)
    known = prior.phone_names() if options.from_prior else ()
    phones = PhoneSet([*known, *(s.name for a in aligned for s in a.alignment.segments)])
    contexts, frames = _contexts(aligned, frames, guides, phones)
    phones = phones.heard_in(contexts)
    scale = Scale.fit(frames, [c.guide for c in contexts])
    examples = _examples(contexts, frames, [a.utterance.weight for a in aligned], scale)
    held = _held_out(len(examples), options, notes)
    plan = _plan(request, options, [e for i, e in enumerate(examples) if i not in held])
    durations = DurationModel.fit([(a.utterance.rendering, a.alignment) for a in aligned], phones)
    deviation = restoration.deviations([e.frames for e in examples]).astype(np.float32)

    def voice_of(
        network: AcousticNetwork, tick: Callable[[float], None], bank_frames: int = BANK_FRAMES
    ) -> Voice:
        return Voice(
            language=request.language,
            network=network,
            phones=phones,
            scale=scale,
            durations=durations,
            speaker_deviation=deviation,
            bank=_bank(network, contexts, examples, scale, tick, bank_frames),
            finish=np.ones(1, np.float32),
        )

    with _torch_threads(THREADS):
        outcome = fit(
            [e for i, e in enumerate(examples) if i not in held],
            [examples[i] for i in sorted(held)],
            network=starting_network(
                phones, dropout=DROPOUT, seed=options.seed, from_prior=options.from_prior
            ),
            plan=plan,
            context=context,
            checkpoint_dir=request.checkpoint_dir,
            tick=progress("learning", 0.2, 0.92),
            listen=rehearsing(request.rehearsal, plan.epochs, voice_of, context),
        )
    tick = progress("tuning", 0.92, 0.98)
    network = outcome.network.half().float()  # as it will be loaded
    voice = voice_of(network, lambda done: tick(0.5 * done))
    voice = _tune(voice, [a.utterance for a in aligned], lambda done: tick(0.5 + 0.5 * done))
    save_voice(
        voice,
        request.artefact_dir,
        {"speech_s": round(speech_s, 2), "epochs": outcome.epochs, "options": options.model_dump()},
    )
    context.progress("saving", 1.0)
    losses = {"training_loss": outcome.training_loss, "validation_loss": outcome.validation_loss}
    return TrainingOutcome(
        speech_s=speech_s,
        train_s=time.monotonic() - started,
        epochs=outcome.epochs,
        stopped=outcome.stopped,
        resumed=outcome.resumed,
        metrics={name: loss for name, loss in losses.items() if loss is not None},
        notes=tuple(notes),
    )


@contextmanager
def _torch_threads(count: int) -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _stages(context: RunContext) -> Callable[[str, float, float], Callable[[float], None]]:
    """A progress function for each stage; every tick is a chance to stop."""

    def stage(name: str, start: float, end: float) -> Callable[[float], None]:
        def tick(done: float) -> None:
            context.check_cancelled()
            context.progress(name, start + (end - start) * done)

        tick(0.0)
        return tick

    return stage


def _align(
    utterances: Sequence[Utterance], tick: Callable[[float], None], notes: list[str]
) -> list[_Aligned]:
    """Align, and leave out clips whose text can't be what is said in them."""
    possible = []
    for utterance in utterances:
        pace = utterance.duration_s / pitch.HOP_S / len(utterance.rendering.sounds)
        if _FEWEST_FRAMES_PER_PHONE < pace < _MOST_FRAMES_PER_PHONE:
            possible.append(utterance)
        else:
            notes.append(f"{utterance.path.name}: its text is far too long or too short for it; left out.")
    if not possible:
        raise EngineError("No clip fits its text; check that the transcripts belong to these recordings.")
    alignments = align(Pairs(possible), SAMPLE_RATE_HZ, tick)
    scores = np.array([a.score for a in alignments])
    middle = float(np.median(scores))
    spread = max(_LEAST_SPREAD, float(np.median(np.abs(scores - middle))) * _MEDIAN_TO_DEVIATION)
    kept = []
    for utterance, alignment in zip(possible, alignments, strict=True):
        if alignment.score < middle - _MISFIT_DEVIATIONS * spread:
            notes.append(f"{utterance.path.name}: what is said does not seem to be its text; left out.")
        else:
            kept.append(_Aligned(utterance, alignment))
    return kept


def _analyse(
    utterances: Sequence[Utterance], tick: Callable[[float], None]
) -> tuple[list[Floats], list[Floats]]:
    """The frames of the recordings, and of the guide's renderings of their texts."""
    sample = utterances[:: math.ceil(len(utterances) / _RANGE_SAMPLE)]
    range_hz = pitch.speaker_range_hz([u.wave() for u in sample], SAMPLE_RATE_HZ)
    tick(0.0)

    def both(utterance: Utterance) -> tuple[Floats, Floats]:
        return analyse_speaker(utterance.wave(), range_hz), analyse_guide(utterance.rendering.wave)

    frames, guides = [], []
    pool = ThreadPoolExecutor(THREADS)
    try:
        for number, (speaker, guide) in enumerate(pool.map(both, utterances)):
            frames.append(speaker)
            guides.append(guide)
            tick((number + 1) / len(utterances))
    finally:
        pool.shutdown(cancel_futures=True)
    return frames, guides


def _require_voice(frames: Sequence[Floats]) -> None:
    if not any((rows[:, VOICED] > 0).any() for rows in frames):
        raise EngineError("There is no voice in the recordings; check that they are not silent.")


def _contexts(
    aligned: Sequence[_Aligned], frames: Sequence[Floats], guides: Sequence[Floats], phones: PhoneSet
) -> tuple[list[Context], list[Floats]]:
    """The inputs of each utterance, and its frames cut to the same even length."""
    contexts, targets = [], []
    for item, rows, guide in zip(aligned, frames, guides, strict=True):
        context = describe(item.alignment.segments, item.utterance.rendering, guide, phones)
        length = min(len(rows), len(context)) // FRAMES_PER_STEP * FRAMES_PER_STEP
        contexts.append(context.cut(length))
        targets.append(rows[:length])
    return contexts, targets


def _examples(
    contexts: Iterable[Context], frames: Iterable[Floats], weights: Iterable[float], scale: Scale
) -> list[Example]:
    return [
        Example(
            replace(c, guide=scale.normalise_guide(c.guide).astype(np.float32)),
            scale.normalise(f).astype(np.float32),
            w,
        )
        for c, f, w in zip(contexts, frames, weights, strict=True)
    ]


def _held_out(count: int, options: BuiltinOptions, notes: list[str]) -> set[int]:
    """Which recordings only judge; never all of them."""
    held = round(count * options.validation_split)
    if options.validation_split > 0 and (
        count >= _VALIDATED_FROM_CLIPS or options.early_stopping_patience is not None
    ):
        held = max(1, held)
    elif options.early_stopping_patience is None:
        held = 0
    held = min(held, count - 1)
    if options.early_stopping_patience is not None and not held:
        notes.append("With one recording there is none to judge by, so that training did not stop early.")
    return set(np.random.default_rng(options.seed).permutation(count)[:held].tolist())


def _plan(request: TrainingRequest, options: BuiltinOptions, training: Sequence[Example]) -> FitPlan:
    return FitPlan(
        epochs=options.epochs or _epochs_for(training, options.batch_size),
        batch_size=options.batch_size,
        learning_rate=options.learning_rate,
        patience=options.early_stopping_patience,
        max_time_s=options.max_time_s,
        seed=options.seed,
        data=_fingerprint(request, options),
        asked_epochs=options.epochs,
    )


def _fingerprint(request: TrainingRequest, options: BuiltinOptions) -> str:
    """Tells apart what is learnt from: the recordings, their texts, and how both are understood."""
    about = (ENGINE.version, request.language, options.validation_split, options.from_prior)
    digest = hashlib.sha256(json.dumps(about).encode())
    for clip in request.clips:
        digest.update(hashlib.sha256(clip.path.read_bytes()).digest())
        digest.update(json.dumps([clip.text, clip.phones, clip.weight]).encode())
    return digest.hexdigest()


def _epochs_for(training: Sequence[Example], batch_size: int) -> int:
    """More steps for more speech, and fewer where nobody is sure what is said in it."""
    seconds = [(len(e.frames) * pitch.HOP_S, e.weight) for e in training]
    speech_s, trusted_s = sum(s for s, _ in seconds), sum(s * weight for s, weight in seconds)
    steps = max(
        min(STEPS_PER_TRUSTED_SECOND * trusted_s, ENOUGH_STEPS), STEPS_PER_SECOND_OF_SPEECH * speech_s
    )
    steps = min(MOST_STEPS, max(FEWEST_STEPS, steps))
    return max(1, round(steps / steps_per_epoch(training, batch_size)))


def _bank(  # noqa: PLR0917 - what a bank is made of
    network: AcousticNetwork,
    contexts: Sequence[Context],
    examples: Sequence[Example],
    scale: Scale,
    tick: Callable[[float], None],
    room: int,
) -> FrameBank:
    """The first recordings' frames beside the network's own idea of them, no more than there is room for."""
    kept, real, predicted = [], [], []
    for context, example in zip(contexts, examples, strict=True):
        length = min(len(context), room) // FRAMES_PER_STEP * FRAMES_PER_STEP
        if not length:
            break
        room -= length
        kept.append(context.cut(length))
        real.append(example.frames[:length])
        predicted.append(predict(network, context, scale)[:length])
        tick(min(1.0, len(kept) / len(contexts)))
    return FrameBank.collect(kept, real, predicted)


def _tune(voice: Voice, utterances: Sequence[Utterance], tick: Callable[[float], None]) -> Voice:
    """Fit the finishing filter on a few sentences that the voice speaks by itself."""
    spoken = []
    sample = utterances[:: max(1, len(utterances) // _TUNING_SENTENCES)][:_TUNING_SENTENCES]
    for number, utterance in enumerate(sample):
        segments = voice.durations.predict(utterance.rendering, 1.0)
        parts = []
        for part in voice.waves(utterance.rendering, segments, seed=number):
            tick(number / len(sample))
            parts.append(part)
        spoken.append(np.concatenate(parts))
    finish = fit_equaliser(_recordings(utterances), spoken)
    tick(1.0)
    peak = max(float(np.abs(signal.fftconvolve(wave, finish)).max()) for wave in spoken)
    return replace(voice, finish=(finish * (_TUNED_PEAK / max(peak, 1e-6))).astype(np.float32))


def _recordings(utterances: Iterable[Utterance]) -> Iterator[Floats]:
    """The first minutes, one recording at a time."""
    length_s = 0.0
    for utterance in utterances:
        if length_s >= _EQUALISED_S:
            return
        yield utterance.wave()
        length_s += utterance.duration_s
