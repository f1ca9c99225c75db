"""Marks what a new voice said to be judged by: it is judged as it was made, and kept as everything leaves."""

from __future__ import annotations

import logging
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING

from voicewright.audio.decode import read_mono
from voicewright.audio.encode import write_audio
from voicewright.provenance.claims import TrialClaim
from voicewright.provenance.errors import WatermarkUnavailable
from voicewright.provenance.tally import Marked, Tally

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from voicewright.engines.port import EngineInfo
    from voicewright.provenance.service import ProvenanceService
    from voicewright.quality.evaluation import Evaluation

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Marks:
    """What was done to one file."""

    watermark: Marked
    signed: bool


def mark_spoken(
    evaluation: Evaluation, spoken: Iterable[Path], provenance: ProvenanceService, engine: EngineInfo
) -> tuple[Evaluation, tuple[Path, ...]]:
    """Mark and sign the files that were judged, and note in the evaluation what was done to each.

    One that can't be marked, where everything has to be, is removed: the evaluation stays without it.
    """
    tried = {path: mark_trial(path, path, provenance, engine) for path in spoken}
    done = {path: marks for path, marks in tried.items() if marks is not None}
    notes = {path.name: asdict(marks) for path, marks in done.items()}
    sentences = tuple({**one, **notes.get(one["audio"], {})} for one in evaluation.sentences)
    return replace(evaluation, sentences=sentences), tuple(done)


def mark_trial(source: Path, path: Path, provenance: ProvenanceService, engine: EngineInfo) -> Marks | None:
    """Write what a voice said, marked and signed, to `path`, which may be where it is now.

    Returns:
        None: it can't be marked, everything has to be, and so it was removed.
    """
    rate_hz, tally = engine.capabilities.sample_rate_hz, Tally()
    try:
        marked = provenance.marker.mark([read_mono(source, rate_hz)], rate_hz, tally)
        write_audio(path, marked, rate_hz, "flac", durable=False)
    except WatermarkUnavailable as error:
        _LOG.warning("%s, on which a voice was tried, is not kept: %s", source.name, error.message)
        source.unlink()
        return None
    return Marks(tally.watermark, provenance.sign_if_possible(path, "flac", TrialClaim(engine.id)))
