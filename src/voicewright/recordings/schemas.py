"""Samples and datasets as they are shown to those who own them."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Self
from uuid import UUID

from pydantic import BaseModel, Field

from voicewright.recordings.entering import Outcome
from voicewright.recordings.report import Verdict

if TYPE_CHECKING:
    from voicewright.recordings.datasets import Summary
    from voicewright.recordings.models import Sample, SampleClip
    from voicewright.recordings.samples import Taken


class MeasuresView(BaseModel):
    """The figures of a clip, measured on the recording as it came; null where one was not measured."""

    snr_db: float | None = Field(description="Speech over background.", examples=[41.2])
    clipping_ratio: float | None = Field(description="Share of samples that are cut off.", examples=[0.0])
    loudness_lufs: float | None = Field(examples=[-21.3])
    bandwidth_hz: float | None = Field(description="The sound reaches up to here.", examples=[10900.0])


class ClipView(BaseModel):
    """One stretch of speech in a recording."""

    index: int
    start_seconds: float
    end_seconds: float
    speech_seconds: float = Field(description="Without the pauses.")
    text: str | None = Field(description="What is said in it, where that is known.")
    verdict: Verdict
    reasons: list[str] = Field(description="Why the verdict is not `good`.")
    measures: MeasuresView

    @classmethod
    def of(cls, clip: SampleClip) -> Self:
        """Show a clip."""
        return cls(
            index=clip.index,
            start_seconds=round(clip.start_s, 3),
            end_seconds=round(clip.end_s, 3),
            speech_seconds=round(clip.speech_s, 3),
            text=clip.text,
            verdict=Verdict(clip.verdict),
            reasons=clip.reasons,
            measures=MeasuresView.model_validate(clip.measures),
        )


class SampleView(BaseModel):
    """One uploaded recording."""

    id: UUID
    filename: str
    speaker: str
    transcript: str | None
    format: str = Field(description="What the content turned out to be.", examples=["mp3"])
    sha256: str = Field(description="Of the file as it was uploaded.")
    size_bytes: int
    duration_seconds: float
    speech_seconds: float = Field(description="In clips that can be used, without the pauses.")
    verdict: Verdict = Field(description="That of the best clip.")
    reasons: list[str]
    notes: list[str]
    created_at: datetime
    updated_at: datetime
    clips: list[ClipView]

    @classmethod
    def of(cls, sample: Sample) -> Self:
        """Show a sample."""
        return cls(
            id=sample.id,
            filename=sample.filename,
            speaker=sample.speaker,
            transcript=sample.transcript,
            format=sample.container,
            sha256=sample.digest,
            size_bytes=sample.size_bytes,
            duration_seconds=round(sample.duration_s, 3),
            speech_seconds=round(sample.speech_s, 3),
            verdict=Verdict(sample.verdict),
            reasons=sample.reasons,
            notes=sample.notes,
            created_at=sample.created_at,
            updated_at=sample.updated_at,
            clips=[ClipView.of(clip) for clip in sample.clips],
        )


class SamplesView(BaseModel):
    """A page of samples."""

    samples: list[SampleView]
    total: int


class FileView(BaseModel):
    """What came of one uploaded file."""

    filename: str
    outcome: Outcome = Field(examples=[Outcome.CREATED])
    sample: SampleView | None = Field(default=None, description="None: the file was refused.")
    code: str | None = Field(default=None, description="Why it was refused, for programs.")
    reason: str | None = Field(default=None, description="The same for people.")

    @classmethod
    def of(cls, taken: Taken) -> Self:
        """Show what came of a file."""
        return cls(
            filename=taken.filename,
            outcome=taken.outcome,
            sample=None if taken.sample is None else SampleView.of(taken.sample),
            code=None if taken.refused is None else taken.refused.code,
            reason=None if taken.refused is None else taken.refused.reason,
        )


class QualitySpread(BaseModel):
    """How many recordings got which verdict."""

    good: int = Field(default=0, examples=[102])
    usable: int = 0
    rejected: int = 0


class DatasetView(BaseModel):
    """A dataset with the figures of its recordings."""

    id: UUID
    name: str
    user_id: UUID
    speaker: str
    language: str
    file_count: int
    transcript_count: int
    minutes: float
    speech_minutes: float
    quality: QualitySpread
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, summary: Summary) -> Self:
        """Show a dataset."""
        dataset = summary.dataset
        return cls(
            id=dataset.id,
            name=dataset.name,
            user_id=dataset.owner_id,
            speaker=dataset.speaker,
            language=dataset.language,
            file_count=summary.files,
            transcript_count=summary.transcripts,
            minutes=round(summary.duration_s / 60, 2),
            speech_minutes=round(summary.speech_s / 60, 2),
            quality=QualitySpread(**{verdict.value: count for verdict, count in summary.verdicts.items()}),
            created_at=dataset.created_at,
            updated_at=dataset.updated_at,
        )


class DatasetsView(BaseModel):
    """A page of datasets."""

    datasets: list[DatasetView]
    total: int


class DatasetDetailView(BaseModel):
    """A dataset with a page of its samples."""

    dataset: DatasetView
    samples: list[SampleView] = Field(description="By the names of their files.")
    total: int = Field(description="How many samples there are in all.")


class UploadView(BaseModel):
    """What came of an upload."""

    dataset: DatasetView
    files: list[FileView]
    notes: list[str]
