"""What goes into the registry, and what comes out of a deletion or a sweep, as plain values."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from uuid import UUID

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

LOCAL_USER_ID = UUID("00000000-0000-4000-8000-000000000001")
"""The owner of everything made from the command line of a machine without accounts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewVoice:
    """A trained voice that is to be registered.

    Attributes:
        name: what its owner calls it; the same name again makes the next version (see `voices.names`).
        engine: id of the engine that made it.
        engine_version: version of that engine, for "this voice needs a newer engine".
        language: BCP 47 tag.
        artefact_dir: the folder that the engine wrote; it is stored, and may be removed afterwards.
        speech_s: seconds of speech that it was trained on.
        train_s: wall seconds that the training took.
        references: recordings that were held out from training; they are stored with the voice, so that it
            can be judged again (`VoiceService.references`).
        sample_rate_hz: of the sound that it makes, when the engine says so.
        evaluation: `Evaluation.to_json()`, or None when it was not judged. Its `overall` (0..1) is the
            quality score.
        spoken: what the voice spoke to be judged by; it is stored under the names of these files, which are
            those in the evaluation.
        options: the options that the engine was given.
        training_job_id: the queued job that made it; a second registration of the same job finds the first.
        dataset_hash: what says that two voices were trained on the same recordings.
        notes: words for people.
    """

    name: str
    engine: str
    engine_version: str
    language: str
    artefact_dir: Path
    speech_s: float
    train_s: float
    references: Sequence[Path] = ()
    sample_rate_hz: int | None = None
    evaluation: Mapping[str, Any] | None = None
    spoken: Sequence[Path] = ()
    options: Mapping[str, Any] = field(default_factory=dict)
    dataset_hash: str | None = None
    training_job_id: UUID | None = None
    notes: str | None = None


@dataclass(frozen=True, slots=True)
class Collected:
    """What a collection of garbage removed.

    Attributes:
        blobs: how many blobs.
        trees: the digests of the deleted voices' trees that no other voice shares.
        postponed: whether a writer was at work, so that all waits for the next collection.
    """

    blobs: int = 0
    trees: frozenset[str] = frozenset()
    postponed: bool = False
