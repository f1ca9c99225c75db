"""Recordings in which a speaker agrees: samples of theirs, that a consent names as what proves it."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any, Final

from voicewright.errors import FieldFault
from voicewright.privacy.errors import ConsentInvalid
from voicewright.privacy.speakers import speaker_key
from voicewright.recordings.entering import Incoming, Place
from voicewright.recordings.errors import SampleRefused
from voicewright.recordings.models import Sample
from voicewright.recordings.names import clean_language

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from sqlalchemy.orm import Session

    from voicewright.privacy.models import Consent
    from voicewright.recordings.samples import SampleService

SHORTEST_S: Final = 1.0
_UNKNOWN: Final = "und"
"""BCP 47 for a language that nobody has told."""


def evidence_of(sample: Sample, speaker: str, language: str | None) -> dict[str, Any]:
    """What a consent keeps of the recording that proves it.

    Args:
        sample: the recording.
        speaker: who agrees.
        language: BCP 47, of what is said; None: nobody knows.

    Raises:
        ConsentInvalid: the recording is one of somebody else.
        LanguageInvalid: the tag is none.
    """
    if speaker_key(sample.speaker) != speaker_key(speaker):
        message = f"The sample {sample.id} is of {sample.speaker}, and {speaker} has to be heard agreeing."
        raise ConsentInvalid(message, fields=[FieldFault("recording_sample_id", message)])
    return {
        "sample_id": str(sample.id),
        "sha256": sample.digest,
        "seconds": round(sample.duration_s, 2),
        "language": _UNKNOWN if language is None else clean_language(language),
    }


def language_of(evidence: Mapping[str, Any] | None) -> str:
    """What language a speaker agreed in."""
    return str((evidence or {}).get("language", _UNKNOWN))


def recording_of(session: Session, consent: Consent) -> Sample | None:
    """The recording that proves a consent; None: there is none, or it was deleted."""
    sample_id = (consent.evidence or {}).get("sample_id")
    if consent.source != "recording" or sample_id is None:
        return None
    sample = session.get(Sample, uuid.UUID(sample_id))
    return sample if sample is not None and sample.owner_id == consent.owner_id else None


def take_agreement(
    samples: SampleService, owner_id: uuid.UUID, speaker: str, path: Path, *, max_s: float
) -> Sample:
    """Take a recording in as a sample of a speaker; the same one again is the same sample.

    Raises:
        SampleRefused: it can't be used; says why.
        SpeakerInvalid: nobody can be called that.
        AppError: as `SampleService.take`.
    """
    place = Place.for_single(owner_id, speaker, min_s=SHORTEST_S, max_s=max_s)
    with samples.upload_folder() as folder:
        (taken,) = samples.take([Incoming.of(path, path.name)], place, folder)
    if taken.sample is None:
        reason = "" if taken.refused is None else taken.refused.reason
        raise SampleRefused(f"{path}: {reason}")
    return taken.sample
