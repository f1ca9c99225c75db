"""What goes into the registry, and what comes out of a deletion or a sweep, as plain values."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

LOCAL_USER_ID = UUID("00000000-0000-4000-8000-000000000001")
"""The owner of everything made from the command line of a machine without accounts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VoiceFacts:
    """What is said of a voice that is to be registered, apart from its files.

    Attributes:
        name: what its owner calls it; the same name again makes the next version (see `voices.names`).
        engine: id of the engine that made it.
        engine_version: version of that engine, for "this voice needs a newer engine".
        language: BCP 47 tag.
        speech_s: seconds of speech that it was trained on.
        train_s: wall seconds that the training took.
        sample_rate_hz: of the sound that it makes, when the engine says so.
        evaluation: `Evaluation.to_json()`, or None when it was not judged.
        quality_score: 0..1; None: the `overall` of the evaluation.
        options: the options that the engine was given.
        training_job_id: the queued job that made it; a second registration of the same job finds the first.
        dataset_hash: what says that two voices were trained on the same recordings.
        speaker: whose voice it is, as the consent names them; None: not known.
        parent_id: the version that it was made from; None: the newest one of its name, if there is one.
        details: what its owner keeps with it (`metadata` outside).
        notes: words for people.
    """

    name: str
    engine: str
    engine_version: str
    language: str
    speech_s: float
    train_s: float
    sample_rate_hz: int | None = None
    evaluation: Mapping[str, Any] | None = None
    quality_score: float | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
    dataset_hash: str | None = None
    speaker: str | None = None
    training_job_id: UUID | None = None
    parent_id: UUID | None = None
    details: Mapping[str, Any] = field(default_factory=dict)
    notes: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewVoice(VoiceFacts):
    """A trained voice with its files.

    Attributes:
        artefact_dir: the folder that the engine wrote; it is stored, and may be removed afterwards.
        references: recordings that were held out from training; they are stored with the voice, so that it
            can be judged again (`VoiceService.references`).
        spoken: what the voice spoke to be judged by; it is stored under the names of these files, which are
            those in the evaluation.
    """

    artefact_dir: Path
    references: Sequence[Path] = ()
    spoken: Sequence[Path] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredTrees:
    """The files of one voice, as they lie in the store.

    Attributes:
        artefact: digest of the tree that an engine loads.
        artefact_bytes: of its files.
        references: digest of the recordings to judge it by; None where there are none. So below.
        spoken: digest of what it spoke to be judged by.
        stored_bytes: of all these files, before compression.
    """

    artefact: str
    artefact_bytes: int
    references: str | None = None
    spoken: str | None = None
    stored_bytes: int


class OwnedTree(NamedTuple):
    """A tree in the store, by its owner and the digest of its manifest."""

    owner_id: UUID
    digest: str


@dataclass(frozen=True, slots=True)
class Collected:
    """What a collection of garbage removed.

    Attributes:
        blobs: how many blobs.
        skipped: the owners of whom nothing could be removed, as it can't be told what they still need.
        postponed: whether a writer was at work, so that all waits for the next collection.
    """

    blobs: int = 0
    skipped: frozenset[UUID] = frozenset()
    postponed: bool = False
