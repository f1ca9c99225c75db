"""What intake found: clips with measures and verdicts, refused files, and notes, all in words."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any


class Verdict(StrEnum):
    """What a clip is worth to a voice."""

    GOOD = "good"
    USABLE = "usable"
    """It helps where better ones are scarce; the reasons say what is wrong with it."""
    REJECTED = "rejected"
    """It would harm the voice; the reasons say why."""


@dataclass(frozen=True, slots=True)
class ClipMeasures:
    """The figures of one clip, measured on the recording as it came (before it was levelled)."""

    snr_db: float
    """Speech over background; 100 where the background is digital silence."""
    clipping_ratio: float
    """Share of samples cut off at the top of the waveform, 0..1."""
    loudness_lufs: float
    bandwidth_hz: float
    """The sound reaches up to here; at most 11,025, half of the working copy's sample rate."""
    dnsmos_ovrl: float | None = None
    """Predicted overall quality, 1..5 (ITU-T P.835 scale); None where not measured."""
    dnsmos_sig: float | None = None
    """Predicted quality of the voice alone, 1..5."""
    speaker_cosine: float | None = None
    """Likeness to the main speaker of all clips, -1..1."""


@dataclass(frozen=True, slots=True)
class Clip:
    """One stretch of speech of at most 15 seconds."""

    id: str
    """Unique in the report, usable as a file name: the name of the file, with a number where it was cut."""
    source: Path
    start_s: float
    end_s: float
    """Where it lies in the source."""
    path: Path
    """The working copy, 22,050 Hz mono 16-bit WAV; removed again where the verdict is `rejected`."""
    duration_s: float
    speech_s: float
    """Without the pauses."""
    text: str | None
    verdict: Verdict
    reasons: tuple[str, ...]
    """Why the verdict is not `good`, each a sentence a person understands."""
    measures: ClipMeasures


@dataclass(frozen=True, slots=True)
class RefusedFile:
    """A file that gave no clip."""

    path: Path
    code: str
    """Stable, for programs: the code of an audio error, or SILENT, NO_SPEECH, TOO_SHORT, DUPLICATE,
    OUTSIDE_FOLDER, OTHER_SPEAKER, FILE_FAILED."""
    reason: str
    """For people; names the file and says what to do."""


@dataclass(frozen=True, slots=True)
class IntakeReport:
    """Everything intake has to say about a folder or file."""

    source: Path
    clips: tuple[Clip, ...]
    """In the order of their files and times, rejected ones included."""
    refused: tuple[RefusedFile, ...]
    speaker_outliers: tuple[str, ...]
    """Ids of the clips that sound like somebody else; their verdict is `rejected`."""
    notes: tuple[str, ...]
    """What else is worth knowing, in sentences."""
    transcript_kind: str
    """Where the texts come from; see `metadata.TranscriptSource.kind`."""

    @property
    def accepted(self) -> tuple[Clip, ...]:
        """The clips a voice can be made of."""
        return tuple(clip for clip in self.clips if clip.verdict is not Verdict.REJECTED)

    @property
    def speech_s(self) -> float:
        """Seconds of speech in the accepted clips."""
        return sum(clip.speech_s for clip in self.accepted)

    def to_json(self) -> dict[str, Any]:
        """Give the report as plain values for JSON; paths become strings, figures are rounded."""
        return {
            "source": str(self.source),
            "speech_seconds": round(self.speech_s, 2),
            "transcripts": self.transcript_kind,
            "clips": [_clip_json(clip) for clip in self.clips],
            "refused": [{"path": str(r.path), "code": r.code, "reason": r.reason} for r in self.refused],
            "speaker_outliers": list(self.speaker_outliers),
            "notes": list(self.notes),
        }


def _clip_json(clip: Clip) -> dict[str, Any]:
    measures = {name: rounded(value) for name, value in asdict(clip.measures).items()}
    return {
        "id": clip.id,
        "source": str(clip.source),
        "path": str(clip.path),
        "start_seconds": round(clip.start_s, 3),
        "end_seconds": round(clip.end_s, 3),
        "duration_seconds": round(clip.duration_s, 3),
        "speech_seconds": round(clip.speech_s, 3),
        "text": clip.text,
        "verdict": clip.verdict.value,
        "reasons": list(clip.reasons),
        "measures": measures,
    }


def rounded(value: float | None) -> float | None:
    """A figure for JSON, which knows neither NaN nor infinity."""
    return round(value, 4) if value is not None and math.isfinite(value) else None
