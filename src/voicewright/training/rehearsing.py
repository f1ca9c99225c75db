"""Keeps what a voice says while it is trained: marked as made by a machine, and told in the job's log."""

from __future__ import annotations

import logging
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from voicewright.audio.decode import read_mono
from voicewright.audio.encode import write_audio
from voicewright.errors import AppError
from voicewright.training.events import record
from voicewright.training.marking import mark_trial
from voicewright.voices.rehearsals import Rehearsed

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy.orm import Session

    from voicewright.engines.host.events import Spoken
    from voicewright.engines.port import EngineInfo
    from voicewright.provenance.service import ProvenanceService
    from voicewright.training.runs import Run
    from voicewright.voices.service import VoiceService

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Rehearsals:
    """Of one attempt. What can't be kept costs a line in the log and never the training."""

    run: Run
    engine: EngineInfo
    voices: VoiceService
    provenance: ProvenanceService | None
    """None: nobody marks."""

    def keep(self, spoken: Spoken, folder: Path) -> None:
        """Keep it, and take the engine's file away.

        Args:
            spoken: what the engine told.
            folder: where it was to write.
        """
        if not spoken.path.resolve().is_relative_to(folder.resolve()):
            _LOG.warning("%s told of a recording that lies elsewhere: %s", self.engine.id, spoken.path)
            return
        path = folder / f"epoch-{spoken.step}.flac"
        try:
            said = self._marked(spoken, path)
            if said is not None:
                self.voices.keep_rehearsal(
                    self.run.job.id, said, path, also=lambda session: self._tell(session, said)
                )
        except (AppError, OSError) as error:
            if self.run.is_lost:
                return  # which the training is about to hear
            self.run.log(
                f"What the voice said after epoch {spoken.step} could not be kept: {error}", level="warning"
            )
        finally:
            for one in (spoken.path, path):
                with suppress(OSError):
                    one.unlink(missing_ok=True)

    def _marked(self, spoken: Spoken, path: Path) -> Rehearsed | None:
        rate_hz = self.engine.capabilities.sample_rate_hz
        wave = read_mono(spoken.path, rate_hz)
        length_s = round(len(wave) / rate_hz, 3)
        if self.provenance is None:
            write_audio(path, [wave], rate_hz, "flac", durable=False)
            return Rehearsed(spoken.step, spoken.text, length_s, None, signed=False)
        marks = mark_trial(spoken.path, path, self.provenance, self.engine)
        if marks is None:
            return None
        return Rehearsed(spoken.step, spoken.text, length_s, marks.watermark, signed=marks.signed)

    def _tell(self, session: Session, said: Rehearsed) -> None:
        record(
            session,
            self.run.locked(session),
            "log",
            f"The voice said a sentence after epoch {said.epoch}.",
            data={"audio": said.name, "text": said.text, "epoch": said.epoch},
        )
