"""What a job's log says of its steps, in words, with recordings called as their owner calls them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from voicewright.recordings.report import Verdict as ClipVerdict

if TYPE_CHECKING:
    from collections.abc import Sequence

    from voicewright.engines.port import TrainingOutcome
    from voicewright.recordings.models import Sample
    from voicewright.recordings.report import IntakeReport
    from voicewright.training.making import Verdict
    from voicewright.training.plan import TrainingPlan
    from voicewright.training.runs import Run


@dataclass(frozen=True, slots=True)
class Telling:
    """Writes into the log of a run."""

    run: Run
    samples: Sequence[Sample]

    def named(self, sentence: str) -> str:
        """In a workspace a recording is named by the id of its sample; people know it by another name."""
        for sample in self.samples:
            if str(sample.id) in sentence:
                name = sample.filename.replace("\\", "\\\\")  # no escape of a replacement
                sentence = re.sub(rf"\S*{sample.id}(\.\w+)?", name, sentence)
        return sentence

    def intake(self, report: IntakeReport) -> None:
        """What was heard, and which recordings were not used, and why."""
        for refused in report.refused:
            self.run.log(self.named(refused.reason), level="warning", code=refused.code)
        for clip in report.clips:
            if clip.verdict is ClipVerdict.REJECTED:
                reasons = "; ".join(clip.reasons)
                self.run.log(self.named(f"{clip.source.name}: {reasons}"), level="warning")
        self.run.log(
            f"{len(report.accepted)} of {len(report.clips)} clips accepted, with {report.speech_s:.0f} s of "
            "speech.",
            notes=[self.named(note) for note in report.notes],
        )

    def plan(self, plan: TrainingPlan) -> None:
        """What will be learnt from."""
        for note in plan.notes:
            self.run.log(self.named(note), level="warning")
        self.run.log(
            f"Training on {plan.training_speech_s:.0f} s of speech, judged against "
            f"{plan.reference_speech_s:.0f} s."
        )

    def outcome(self, outcome: TrainingOutcome) -> None:
        """How the training went."""
        epochs = f"{outcome.epochs} epoch{'s' if outcome.epochs != 1 else ''}"
        self.run.log(
            f"Trained for {outcome.train_s:.0f} s in {epochs}"
            f"{' from a checkpoint' if outcome.resumed else ''} ({outcome.stopped.replace('_', ' ')}).",
            notes=[self.named(note) for note in outcome.notes],
            metrics=dict(outcome.metrics),
        )

    def verdict(self, verdict: Verdict) -> None:
        """What the judges said."""
        if verdict.judged is None:
            why = (
                " ".join(verdict.notes) or "All of the speech was needed for training: nothing was held out."
            )
            self.run.log(f"The voice was not judged. {why}", level="warning")
            return
        evaluation = verdict.judged.evaluation
        self.run.log(f"Overall quality {evaluation.overall:.2f}.", reasons=list(evaluation.reasons))
