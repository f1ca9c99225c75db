"""The use case "recordings to voice": intake, plan, training, judging, registration, in this order."""

from __future__ import annotations

import hashlib
import logging
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from voicewright.engines.errors import Cancelled
from voicewright.engines.host.events import LogLine, Metric, Progress
from voicewright.storage.space import require_space
from voicewright.storage.work import sweep_work, work_slot
from voicewright.training.making import STAGES, WORK_BYTES, Making, Watcher, checked_language
from voicewright.training.progress import ProgressSink, Stages, ignore_progress
from voicewright.training.workspace import CHECKPOINTS_KEPT_S, claim_workspace
from voicewright.voices.names import clean_name
from voicewright.voices.provided.ledger import Noting

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from voicewright.engines.client import EngineClient
    from voicewright.engines.host.events import Event
    from voicewright.engines.port import EngineInfo, TrainingOutcome
    from voicewright.provenance.service import ProvenanceService
    from voicewright.quality.evaluation import Evaluation
    from voicewright.quality.measurer import Measurer
    from voicewright.recordings.report import IntakeReport
    from voicewright.training.making import VoiceRequest
    from voicewright.voices.models import VoiceModel
    from voicewright.voices.service import VoiceService

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class CloneTools:
    """What the work is done with; whoever made them closes them."""

    engine: EngineClient
    measurer: Measurer
    voices: VoiceService
    work_dir: Path
    slots: int = 1
    """How many trainings may run at once on this data directory."""
    reserve_mb: int = 0
    """MiB of disk that must stay free."""
    provenance: ProvenanceService | None = None
    """Marks what the voice says to be judged by; None: nobody does."""


@dataclass(frozen=True, slots=True)
class CloneResult:
    """The registered voice and how it came about."""

    voice: VoiceModel
    intake: IntakeReport
    outcome: TrainingOutcome
    evaluation: Evaluation | None
    """None where it could not be judged; a note says why."""
    notes: tuple[str, ...]
    wall_s: float
    peak_memory_bytes: int | None
    """Of the engine's process."""


def clone_voice(
    request: VoiceRequest,
    tools: CloneTools,
    *,
    on_progress: ProgressSink = ignore_progress,
    on_wait: Callable[[], None] = lambda: None,
    on_registered: Callable[[VoiceModel], None] = lambda _voice: None,
    cancel: threading.Event | None = None,
) -> CloneResult:
    """Make a voice of a folder of recordings, judge it and register it.

    Nothing is registered unless the voice is complete. A run that was killed is gone on with by the next one
    for the same recordings and options, from its last checkpoint.

    Args:
        request: what is wanted.
        tools: what it is made with.
        on_progress: is told how far the work is.
        on_wait: called once, where other trainings have to end before this one begins.
        on_registered: called as soon as the voice is there for good.
        cancel: set by another thread to stop.

    Raises:
        EngineCannotLearn, LanguageUnsupported, OptionsInvalid, VoiceNameInvalid: before any work was done.
        StorageFull: there is no room for it.
        RecordingsNotFound, NoUsableSpeech, TooLittleSpeech, TranscriptsNeeded: about the recordings.
        AppError: as the engine, the judges and the registry.
    """
    started_s = time.monotonic()
    clean_name(request.name)
    info = tools.engine.info
    language = checked_language(info, request)
    require_space(
        tools.work_dir,
        needed_bytes=WORK_BYTES,
        reserve_mb=tools.reserve_mb,
        purpose=f"Training {request.name}",
    )
    sweep_work(tools.work_dir, older_than_s=CHECKPOINTS_KEPT_S)
    tools.voices.tidy()
    stages = Stages(STAGES, on_progress)

    def tell_waiting() -> None:
        stages.step("listening", 0.0, "waiting for another training")
        on_wait()

    with (
        work_slot(tools.work_dir, slots=tools.slots, on_wait=tell_waiting, pause=_pause(cancel)),
        claim_workspace(tools.work_dir, _key(request, info, language)) as workspace,
    ):
        watcher = Watcher(stages.step, _on_event(stages), _LOG.warning, cancel)
        making = Making(
            request,
            tools.engine,
            tools.measurer,
            language,
            workspace,
            watcher,
            tools.provenance,
            Noting(tools.voices.provided, info),
        )
        making.start_engine()
        intake = making.listen()
        plan = making.plan(intake)
        outcome = making.train(plan)
        usage = tools.engine.usage()
        verdict = making.judge(plan, gives_up_on=lambda _error: False)
        stages.step("registering", 0.0)
        voice = tools.voices.register(making.new_voice(plan, outcome, verdict))
        stages.step("registering", 1.0)
        on_registered(voice)
    notes = (*intake.notes, *plan.notes, *outcome.notes, *verdict.notes)
    wall_s = time.monotonic() - started_s
    evaluation = None if verdict.judged is None else verdict.judged.evaluation
    return CloneResult(voice, intake, outcome, evaluation, notes, wall_s, usage.peak_rss_bytes)


def _on_event(stages: Stages) -> Callable[[Event], None]:
    """What the engine says: its progress to whoever watches, the rest to the log."""

    def hear(event: Event) -> None:
        match event:
            case Progress():
                stages.step("training", event.fraction, event.stage)
            case Metric():
                _LOG.info("metric %s = %.5g at %d", event.name, event.value, event.step)
            case LogLine():
                _LOG.info("engine: %s", event.text)

    return hear


def _pause(cancel: threading.Event | None) -> Callable[[float], object]:
    """How to wait for so many seconds: not at all once the work is cancelled."""
    if cancel is None:
        return time.sleep

    def pause(seconds: float) -> None:
        if cancel.wait(seconds):
            raise Cancelled("The work was cancelled while it waited for another training.")

    return pause


def _key(request: VoiceRequest, info: EngineInfo, language: str) -> str:
    """Name the workspace so that a second attempt at the same work finds it."""
    parts = [str(request.source.resolve()), info.id, language]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]
