"""Makes a plan of the clips that intake accepted: what to train on, in which words, and what to judge by."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from voicewright.engines.errors import TooLittleSpeech
from voicewright.engines.port import TrainingClip
from voicewright.training.errors import NoUsableSpeech, TranscriptsNeeded
from voicewright.training.holdout import hold_out

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Mapping, Sequence

    from voicewright.engines.port import EngineInfo
    from voicewright.quality.measurer import Measurer
    from voicewright.recordings.report import Clip, IntakeReport

USABLE_WEIGHT: Final = 0.5
"""How much a clip with flaws counts against a good one."""
RECOGNISED_WEIGHT: Final = 0.6
"""How much words that a recogniser heard count against written ones, at full confidence."""
PHONES_WEIGHT: Final = 0.5
"""How much sounds count that were heard without their words."""
_REASONS_SHOWN: Final = 3


@dataclass(frozen=True, slots=True)
class _Heard:
    """What a recogniser made of a clip without a transcript."""

    weight: float
    """How much to trust it, 0..1."""
    text: str | None = None
    phones: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TrainingPlan:
    """What one training run uses."""

    training: tuple[TrainingClip, ...]
    references: tuple[Path, ...]
    """Held out: the engine never hears them. Empty where all speech is needed for training."""
    training_speech_s: float
    reference_speech_s: float
    recognised: int
    """How many of the training clips got their words, or at least their sounds, from a recogniser."""
    notes: tuple[str, ...]

    def fingerprint(self, engine: EngineInfo, language: str, options: Mapping[str, Any]) -> str:
        """Name this run by all that its result depends on, so that only its own checkpoints are used."""
        parts = {
            "engine": [engine.id, engine.version],
            "language": language,
            "options": dict(options),
            "clips": [
                [clip.path.name, _digest_of(clip.path), clip.text, clip.phones, clip.weight]
                for clip in self.training
            ],
        }
        return hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()


def make_plan(
    report: IntakeReport,
    engine: EngineInfo,
    language: str,
    measurer: Measurer,
    *,
    needed_s: float,
    on_progress: Callable[[float], None] | None = None,
    cancel: threading.Event | None = None,
) -> TrainingPlan:
    """Hold clips out, find words (or at least sounds) for the others, and weigh them.

    Args:
        report: what intake accepted.
        engine: that will learn.
        language: of the speech.
        measurer: recognises.
        needed_s: seconds of speech that the engine needs.
        on_progress: told how much of the recognising is done, 0..1.
        cancel: set by another thread to stop.

    Raises:
        NoUsableSpeech: intake accepted nothing.
        TooLittleSpeech: less than the engine needs.
        TranscriptsNeeded: the engine can't do without words and there is no way to get them.
        AppError: as `Measurer.recognise`.
    """
    clips = report.accepted
    if not clips:
        raise NoUsableSpeech(_why_nothing_is_left(report))
    if report.speech_s < needed_s:
        raise TooLittleSpeech(
            f"{report.source}: there are {report.speech_s:.0f} s of usable speech, and the engine "
            f"{engine.title} needs at least {needed_s:.0f} s. Record more, or see what was left out: "
            f'voicewright inspect "{report.source}".'
        )
    division = hold_out(clips, minimum_training_s=needed_s)
    training = [clips[place] for place in division.training]
    references = [clips[place] for place in division.references]
    notes: list[str] = []
    if not references:
        notes.append(
            "All of the speech was needed for training, so nothing was left to judge the voice by. "
            "With a few more recordings it would be evaluated."
        )
    heard = _hear(training, engine, language, measurer, on_progress=on_progress, cancel=cancel)
    notes += _notes_on_words(training, heard, language)
    if engine.capabilities.needs_transcripts:
        training = _with_words(training, heard, engine, notes, needed_s=needed_s)
    return TrainingPlan(
        training=tuple(_weigh(clip, heard.get(clip.path)) for clip in training),
        references=tuple(clip.path for clip in references),
        training_speech_s=sum(clip.speech_s for clip in training),
        reference_speech_s=sum(clip.speech_s for clip in references),
        recognised=len(heard),
        notes=tuple(notes),
    )


def _weigh(clip: Clip, heard: _Heard | None) -> TrainingClip:
    weight = 1.0 if clip.verdict == "good" else USABLE_WEIGHT
    if heard is None:
        return TrainingClip(path=clip.path, text=clip.text, weight=weight)
    return TrainingClip(clip.path, heard.text, round(weight * heard.weight, 4), heard.phones)


def _hear(
    clips: Sequence[Clip],
    engine: EngineInfo,
    language: str,
    measurer: Measurer,
    *,
    on_progress: Callable[[float], None] | None,
    cancel: threading.Event | None,
) -> dict[Path, _Heard]:
    """Recognise the clips that have no words: these, or the sounds where nothing knows the language."""
    untold = [clip.path for clip in clips if not clip.text]
    if not untold:
        return {}
    if measurer.supports_recognition(language):
        said = measurer.recognise(untold, language, progress=on_progress, cancel=cancel)
        heard = [_Heard(RECOGNISED_WEIGHT * clip.confidence, text=clip.text.strip()) for clip in said]
    elif engine.capabilities.learns_from_phones and measurer.supports_phones():
        rows = measurer.recognise_phones(untold, progress=on_progress, cancel=cancel)
        heard = [_Heard(PHONES_WEIGHT, phones=phones) for phones in rows]
    else:
        return {}
    return {path: clip for path, clip in zip(untold, heard, strict=True) if clip.text or clip.phones}


def _notes_on_words(clips: Sequence[Clip], heard: Mapping[Path, _Heard], language: str) -> tuple[str, ...]:
    untold = sum(1 for clip in clips if not clip.text)
    if not untold:
        return ()
    missing = f"{untold} of {len(clips)} clips have no transcript"
    better = "Writing what is said into metadata.csv makes a better voice."
    unknown = f"nothing on this machine recognises the language '{language}'"
    if not heard:
        return (f"{missing}, and {unknown}.",)
    if any(clip.text for clip in heard.values()):
        return (f"{missing}: the words of {len(heard)} were recognised, with mistakes. {better}",)
    return (f"{missing}, and {unknown}: the voice learnt from sounds alone and may mumble. {better}",)


def _with_words(
    clips: Sequence[Clip],
    heard: Mapping[Path, _Heard],
    engine: EngineInfo,
    notes: list[str],
    *,
    needed_s: float,
) -> list[Clip]:
    """Keep the clips whose words are known, for an engine that can't do without."""
    known = [clip for clip in clips if clip.text or clip.path in heard]
    if sum(clip.speech_s for clip in known) < needed_s or not known:
        raise TranscriptsNeeded(
            f"The engine {engine.title} has to know what is said. {' '.join(notes)} Write it into "
            "metadata.csv, one line per clip: name|text."
        )
    if len(known) < len(clips):
        notes.append(f"{len(clips) - len(known)} clips were left out, because nobody knows their words.")
    return known


def _why_nothing_is_left(report: IntakeReport) -> str:
    reasons = Counter(reason for clip in report.clips for reason in clip.reasons)
    told = [f"{count} x {reason}" for reason, count in reasons.most_common(_REASONS_SHOWN)]
    told += [refused.reason for refused in report.refused[: _REASONS_SHOWN - len(told)]]
    because = f" Found: {'; '.join(told).rstrip('.')}." if told else ""
    return (
        f"{report.source}: there is no usable speech in it.{because} For every file: voicewright inspect "
        f'"{report.source}".'
    )


def _digest_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
