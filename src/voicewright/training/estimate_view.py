"""What is told of an estimate."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self
from uuid import UUID

from pydantic import Field

from voicewright.answers import UtcMoment, View
from voicewright.training.methods import needed_speech_s

if TYPE_CHECKING:
    from voicewright.settings import Settings
    from voicewright.training.samples import SampleFacts
    from voicewright.training.service import Estimated


class CostPartView(View):
    """A line of the bill."""

    name: str
    quantity: float
    unit: str
    unit_price: float
    amount: float


class CostView(View):
    """What it would cost, in dollars."""

    total: float
    currency: str
    parts: list[CostPartView]


class TimeView(View):
    """How long it would run."""

    estimated_time_ms: int
    compared_jobs: int = Field(
        description="Ended trainings here that corrected the engine's own forecast; 0: it stands uncorrected."
    )
    start_after: UtcMoment | None = Field(description="Before which it would not start; null: at once.")


class MemoryView(View):
    """What it would need of a node."""

    memory_mb: int
    gpu_memory_mb: int


class ImprovementView(View):
    """Something that would make the voice better."""

    action: str
    predicted_quality: float
    gain: float


class WeakSampleView(View):
    """A sample that has flaws, or can't be used at all."""

    id: UUID
    filename: str
    verdict: str = Field(description="`usable`: counts half. `rejected`: is left out.")
    reasons: list[str]


class PredictedQualityView(View):
    """How good the voice would be, 0..1."""

    predicted: float
    threshold: float = Field(description="Under which the training fails.")
    target: float
    improvements: list[ImprovementView] = Field(description="The most helpful first.")
    weak_samples: list[WeakSampleView]


class SpeechView(View):
    """What it would learn from."""

    samples: int
    rejected: int
    without_transcript: int
    speech_seconds: float
    needed_seconds: float = Field(description="The least that the engine makes a voice of so.")
    ideal_seconds: float = Field(description="Above this more speech hardly helps.")


class BudgetView(View):
    """What may be spent, in dollars."""

    per_job: float
    per_day: float
    left: float = Field(description="Of the day in which it would start.")


class NodeView(View):
    """A machine that can run it now."""

    name: str
    concurrency: int


class RefusalView(View):
    """Why a start would be refused now."""

    code: str
    error: str


class EstimateView(View):
    """What would become of a training, without starting it."""

    provider: str
    method: str = Field(description="`auto`, `clone` or `train`.", examples=["auto"])
    name: str
    language: str
    estimated_cost: float
    estimated_time_ms: int
    cost: CostView
    time: TimeView
    memory: MemoryView
    quality: PredictedQualityView
    speech: SpeechView
    options: dict[str, Any]
    nodes: list[NodeView]
    budget: BudgetView
    can_start: bool
    refusals: list[RefusalView] = Field(description="Empty: a start would be accepted.")
    warnings: list[str]

    @classmethod
    def of(cls, estimated: Estimated, settings: Settings) -> Self:
        """From an estimate."""
        draft = estimated.draft
        estimate, material = draft.estimate, draft.material
        total = float(estimate.cost.total)
        return cls(
            provider=draft.engine.id,
            method=draft.method,
            name=draft.name,
            language=draft.language,
            estimated_cost=total,
            estimated_time_ms=estimate.time_ms,
            cost=CostView(
                total=total,
                currency="USD",
                parts=[
                    CostPartView(
                        name=part.name,
                        quantity=float(part.quantity),
                        unit=part.unit,
                        unit_price=float(part.unit_price),
                        amount=float(part.amount),
                    )
                    for part in estimate.cost.parts
                ],
            ),
            time=TimeView(
                estimated_time_ms=estimate.time_ms,
                compared_jobs=estimate.compared_jobs,
                start_after=draft.start_after,
            ),
            memory=MemoryView(memory_mb=estimate.memory_mb, gpu_memory_mb=estimate.gpu_memory_mb),
            quality=PredictedQualityView(
                predicted=estimate.quality,
                threshold=draft.options.quality_threshold,
                target=settings.target_quality_score,
                improvements=[
                    ImprovementView(action=each.action, predicted_quality=each.quality, gain=each.gain)
                    for each in estimate.improvements
                ],
                weak_samples=[_weak(sample) for sample in material.samples if sample.verdict != "good"],
            ),
            speech=SpeechView(
                samples=len(material.samples),
                rejected=len(material.samples) - len(material.usable),
                without_transcript=sum(not sample.told for sample in material.usable),
                speech_seconds=round(material.speech_s, 1),
                needed_seconds=needed_speech_s(draft.engine, draft.method),
                ideal_seconds=draft.engine.capabilities.ideal_speech_s,
            ),
            options=draft.options.shown,
            nodes=[NodeView(name=node.name, concurrency=node.concurrency) for node in estimated.nodes],
            budget=BudgetView(
                per_job=float(settings.max_training_cost),
                per_day=float(settings.daily_training_budget),
                left=float(estimated.left_today),
            ),
            can_start=not estimated.refusals,
            refusals=[RefusalView(code=each.code, error=each.message) for each in estimated.refusals],
            warnings=list(draft.warnings),
        )


def _weak(sample: SampleFacts) -> WeakSampleView:
    return WeakSampleView(
        id=sample.id, filename=sample.filename, verdict=sample.verdict, reasons=list(sample.reasons)
    )
