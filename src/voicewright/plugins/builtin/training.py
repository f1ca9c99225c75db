"""From clips to a voice: read, align, analyse, fit, and tune the result on its own speech."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np
import soundfile
import torch
from scipy import signal

from voicewright.engines.errors import EngineError, LanguageUnsupported, TooLittleSpeech
from voicewright.engines.port import TrainingOutcome
from voicewright.plugins.builtin import pitch, restoration
from voicewright.plugins.builtin.alignment import Alignment, align
from voicewright.plugins.builtin.analysis import (
    LOG_F0,
    SAMPLE_RATE_HZ,
    VOICED,
    Scale,
    analyse_guide,
    analyse_speaker,
)
from voicewright.plugins.builtin.artefact import save_voice
from voicewright.plugins.builtin.context import Context, PhoneSet, describe
from voicewright.plugins.builtin.durations import DurationModel
from voicewright.plugins.builtin.espeak import Guide, Rendering
from voicewright.plugins.builtin.fitting import Example, FitOutcome, FitPlan, fit, steps_per_epoch
from voicewright.plugins.builtin.languages import LANGUAGES
from voicewright.plugins.builtin.network import FRAMES_PER_STEP
from voicewright.plugins.builtin.tiling import FrameBank
from voicewright.plugins.builtin.voice import Voice, filtered, predict

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from numpy.typing import NDArray

    from voicewright.engines.port import RunContext, TrainingClip, TrainingRequest
    from voicewright.plugins.builtin.options import BuiltinOptions

    Floats = NDArray[np.float32]

MINIMUM_SPEECH_S: Final = 10.0
IDEAL_SPEECH_S: Final = 600.0
FEWEST_STEPS, MOST_STEPS = 450, 1500
STEPS_PER_SECOND_OF_SPEECH: Final = 1.5
_THREADS = 2
_VALIDATED_FROM_CLIPS = 8
"""With fewer clips each one is needed for training."""
_RANGE_SAMPLE = 8
_TUNING_SENTENCES = 4
_TUNED_PEAK = 0.7
_MISFIT_DEVIATIONS = 6.0
_FEWEST_FRAMES_PER_PHONE, _MOST_FRAMES_PER_PHONE = 4.0, 60.0


@dataclass(frozen=True, slots=True)
class _Utterance:
    """One clip on its way through the stages."""

    wave: Floats
    rendering: Rendering
    weight: float
    name: str


@dataclass(frozen=True, slots=True)
class _Aligned:
    utterance: _Utterance
    alignment: Alignment


def train(request: TrainingRequest, options: BuiltinOptions, context: RunContext) -> TrainingOutcome:
    """Make a voice; see `Trainer.train`."""
    started = time.monotonic()
    if request.language not in LANGUAGES:
        raise LanguageUnsupported(
            f"The built-in engine does not know {request.language!r}; it knows {', '.join(LANGUAGES)}."
        )
    notes: list[str] = []
    progress = _stages(context)
    utterances = _read(request, context, notes)
    aligned = _align(utterances, progress("aligning", 0.02, 0.12), notes)
    speech_s = sum(len(a.utterance.wave) for a in aligned) / SAMPLE_RATE_HZ
    if speech_s < MINIMUM_SPEECH_S:
        raise TooLittleSpeech(
            f"Only {speech_s:.1f} s of speech fit their texts, and the built-in engine needs at least "
            f"{MINIMUM_SPEECH_S:.0f} s; check the transcripts or add recordings."
        )
    frames = _analyse([a.utterance.wave for a in aligned], progress("analysing", 0.12, 0.2))
    tick = progress("learning", 0.2, 0.92)
    phones = PhoneSet(s.name for a in aligned for s in a.alignment.segments)
    contexts, frames = _contexts(aligned, frames, phones)
    scale = Scale.fit(frames, [c.guide for c in contexts])
    examples = _examples(contexts, frames, [a.utterance.weight for a in aligned], scale)
    outcome = _fit(examples, len(phones), options, request, context, tick)
    voice = _assemble(request.language, aligned, contexts, examples, outcome, phones, scale)
    voice = _tune(voice, aligned, frames, progress("tuning", 0.92, 0.98))
    train_s = time.monotonic() - started
    save_voice(
        voice,
        request.artefact_dir,
        {"speech_s": round(speech_s, 2), "epochs": outcome.epochs, "options": options.model_dump()},
    )
    context.progress("saving", 1.0)
    metrics = {"training_loss": outcome.training_loss}
    if outcome.validation_loss is not None:
        metrics["validation_loss"] = outcome.validation_loss
    return TrainingOutcome(
        speech_s=speech_s,
        train_s=train_s,
        epochs=outcome.epochs,
        stopped=outcome.stopped,
        resumed=outcome.resumed,
        metrics=metrics,
        notes=tuple(notes),
    )


def _stages(context: RunContext) -> Callable[[str, float, float], Callable[[float], None]]:
    """A progress function for each stage; every tick is a chance to stop."""

    def stage(name: str, start: float, end: float) -> Callable[[float], None]:
        def tick(done: float) -> None:
            context.check_cancelled()
            context.progress(name, start + (end - start) * done)

        tick(0.0)
        return tick

    return stage


def _read(request: TrainingRequest, context: RunContext, notes: list[str]) -> list[_Utterance]:
    total_s = sum(soundfile.info(str(c.path)).duration for c in request.clips)
    if total_s < MINIMUM_SPEECH_S:
        raise TooLittleSpeech(
            f"There are {total_s:.1f} s of speech, and the built-in engine needs at least "
            f"{MINIMUM_SPEECH_S:.0f} s; add recordings."
        )
    spoken = [c for c in request.clips if c.text and c.text.strip()]
    if not spoken:
        raise EngineError(
            "None of the clips has a text, and the built-in engine learns from what is said. Add a "
            "metadata.csv or a .txt beside each clip; English is recognised by itself."
        )
    if len(spoken) < len(request.clips):
        notes.append(f"{len(request.clips) - len(spoken)} clips without a text were left out.")
    guide = Guide.shared()
    utterances = []
    for clip in spoken:
        context.check_cancelled()
        rendering = guide.render(str(clip.text), request.language)
        if not rendering.sounds:
            notes.append(f"{clip.path.name}: nothing in its text can be said; left out.")
            continue
        utterances.append(_Utterance(_wave(clip), rendering, clip.weight, clip.path.stem))
    return utterances


def _wave(clip: TrainingClip) -> Floats:
    wave, rate = soundfile.read(str(clip.path), dtype="float32")
    if rate != SAMPLE_RATE_HZ or wave.ndim != 1:
        raise EngineError(f"{clip.path.name} is not {SAMPLE_RATE_HZ} Hz mono; take it in first.")
    result: Floats = wave
    return result


def _align(
    utterances: Sequence[_Utterance], tick: Callable[[float], None], notes: list[str]
) -> list[_Aligned]:
    """Align, and leave out clips whose text can't be what is said in them."""
    possible = []
    for utterance in utterances:
        pace = len(utterance.wave) / SAMPLE_RATE_HZ / pitch.HOP_S / len(utterance.rendering.sounds)
        if _FEWEST_FRAMES_PER_PHONE < pace < _MOST_FRAMES_PER_PHONE:
            possible.append(utterance)
        else:
            notes.append(f"{utterance.name}: its text is far too long or too short for it; left out.")
    if not possible:
        raise EngineError("No clip fits its text; check that the transcripts belong to these recordings.")
    alignments = align([(u.wave, u.rendering) for u in possible], SAMPLE_RATE_HZ, tick)
    scores = np.array([a.score for a in alignments])
    middle = float(np.median(scores))
    spread = float(np.median(np.abs(scores - middle))) * 1.48 + 0.1
    kept = []
    for utterance, alignment in zip(possible, alignments, strict=True):
        if alignment.score < middle - _MISFIT_DEVIATIONS * spread:
            notes.append(f"{utterance.name}: what is said does not seem to be its text; left out.")
        else:
            kept.append(_Aligned(utterance, alignment))
    return kept


def _analyse(waves: Sequence[Floats], tick: Callable[[float], None]) -> list[Floats]:
    range_hz = pitch.speaker_range_hz(waves[:: max(1, len(waves) // _RANGE_SAMPLE)], SAMPLE_RATE_HZ)
    results = []
    with ThreadPoolExecutor(_THREADS) as pool:
        for number, frames in enumerate(pool.map(lambda w: analyse_speaker(w, range_hz), waves)):
            results.append(frames)
            tick((number + 1) / len(waves))
    return results


def _contexts(
    aligned: Sequence[_Aligned], frames: Sequence[Floats], phones: PhoneSet
) -> tuple[list[Context], list[Floats]]:
    """The inputs of each utterance, and its frames cut to the same even length."""
    contexts, targets = [], []
    for item, rows in zip(aligned, frames, strict=True):
        guide = analyse_guide(item.utterance.rendering.wave)
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


def _fit(
    examples: Sequence[Example],
    phones: int,
    options: BuiltinOptions,
    request: TrainingRequest,
    context: RunContext,
    tick: Callable[[float], None],
) -> FitOutcome:
    order = np.random.default_rng(options.seed).permutation(len(examples))
    held = int(round(len(examples) * options.validation_split))
    if options.validation_split > 0 and len(examples) >= _VALIDATED_FROM_CLIPS:
        held = max(1, held)
    elif options.early_stopping_patience is None:
        held = 0
    validation = [examples[i] for i in order[:held]]
    training = [examples[i] for i in order[held:]]
    epochs = options.epochs or _epochs_for(training, options.batch_size)
    deadline = None if options.max_time_s is None else time.monotonic() + options.max_time_s
    plan = FitPlan(
        epochs,
        options.batch_size,
        options.learning_rate,
        options.early_stopping_patience,
        deadline,
        options.seed,
    )
    torch.set_num_threads(_THREADS)
    return fit(training, validation, phones, plan, context, request.checkpoint_dir, tick)


def _epochs_for(training: Sequence[Example], batch_size: int) -> int:
    """More steps for more speech, but never so few that little speech is not learnt."""
    speech_s = sum(len(e.frames) for e in training) * pitch.HOP_S
    steps = min(MOST_STEPS, max(FEWEST_STEPS, int(speech_s * STEPS_PER_SECOND_OF_SPEECH)))
    return max(1, round(steps / steps_per_epoch(training, batch_size)))


def _assemble(
    language: str,
    aligned: Sequence[_Aligned],
    contexts: Sequence[Context],
    examples: Sequence[Example],
    outcome: FitOutcome,
    phones: PhoneSet,
    scale: Scale,
) -> Voice:
    network = outcome.network.half().float()  # as it will be loaded
    predicted = [predict(network, c, scale) for c in contexts]
    return Voice(
        language=language,
        network=network,
        phones=phones,
        scale=scale,
        durations=DurationModel.fit([(a.utterance.rendering, a.alignment) for a in aligned], phones),
        speaker_deviation=restoration.deviations([e.frames for e in examples]).astype(np.float32),
        bank=FrameBank.collect(contexts, [e.frames for e in examples], predicted),
        finish=np.ones(1, np.float32),
    )


def _tune(
    voice: Voice, aligned: Sequence[_Aligned], frames: Sequence[Floats], tick: Callable[[float], None]
) -> Voice:
    """Fit the finishing filter on a few sentences that the voice speaks by itself."""
    voiced = [np.exp(f[f[:, VOICED] > 0, LOG_F0]) for f in frames]
    cut_hz = restoration.low_cut_hz(np.concatenate([*voiced, np.array([pitch.WIDEST_RANGE_HZ[0]])]))
    low_cut = restoration.low_cut(cut_hz, SAMPLE_RATE_HZ)
    spoken = []
    for number, item in enumerate(aligned[:: max(1, len(aligned) // _TUNING_SENTENCES)][:_TUNING_SENTENCES]):
        rendering = item.utterance.rendering
        pieces = voice.waves(rendering, voice.durations.predict(rendering, 1.0), seed=number)
        spoken.append(np.concatenate(list(filtered(pieces, low_cut))))
        tick((number + 1) / _TUNING_SENTENCES)
    recordings = [a.utterance.wave for a in aligned]
    equaliser = restoration.fit_equaliser(recordings, spoken, cut_hz, SAMPLE_RATE_HZ)
    peak = max(float(np.abs(signal.fftconvolve(w, equaliser)).max()) for w in spoken)
    finish = signal.fftconvolve(low_cut, equaliser) * (_TUNED_PEAK / max(peak, 1e-6))
    return replace(voice, finish=finish.astype(np.float32))
