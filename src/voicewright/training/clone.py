"""The use case "recordings to voice": intake, plan, training, judging, registration, in this order."""

from __future__ import annotations

import contextlib
import hashlib
import logging
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from voicewright.engines.errors import Cancelled
from voicewright.engines.host.events import LogLine, Metric, Progress
from voicewright.engines.languages import language_unsupported, match_language
from voicewright.engines.port import TrainingOutcome, TrainingRequest
from voicewright.errors import AppError, ErrorKind
from voicewright.recordings.intake import take_in
from voicewright.recordings.policies import IntakeLimits
from voicewright.storage.space import require_space
from voicewright.storage.work import sweep_work, work_slot
from voicewright.training.errors import EngineCannotLearn
from voicewright.training.judging import judge_voice
from voicewright.training.options import check_options
from voicewright.training.plan import TrainingPlan, make_plan
from voicewright.training.progress import ProgressSink, Stages, ignore_progress
from voicewright.training.workspace import CHECKPOINTS_KEPT_S, Workspace, claim_workspace
from voicewright.voices.names import clean_name
from voicewright.voices.schemas import NewVoice

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from voicewright.engines.client import EngineClient
    from voicewright.engines.host.events import Event
    from voicewright.engines.port import EngineInfo
    from voicewright.quality.evaluation import Evaluation
    from voicewright.quality.measurer import Measurer
    from voicewright.recordings.report import IntakeReport
    from voicewright.training.judging import Judged
    from voicewright.voices.models import VoiceModel
    from voicewright.voices.service import VoiceService

_LOG = logging.getLogger(__name__)

STAGES: Final = {"listening": 12.0, "words": 8.0, "training": 70.0, "judging": 15.0, "registering": 1.0}
"""Expected seconds for three minutes of speech on two cores; only their ratio counts."""
_WORK_BYTES: Final = 200 << 20
"""What a training of half an hour of speech writes: working copies, checkpoints, the voice."""


@dataclass(frozen=True, slots=True)
class CloneRequest:
    """What voice is wanted, of what."""

    source: Path
    name: str
    language: str
    options: Mapping[str, Any]
    """Training options of the engine, checked by its own model."""
    limits: IntakeLimits = field(default_factory=IntakeLimits)


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
    request: CloneRequest,
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
    if not info.capabilities.learns:
        raise EngineCannotLearn(
            f"The engine {info.title} has voices of its own and can't learn new ones. Choose another engine."
        )
    language = _language(info, request.language)
    check_options(info, request.options)
    require_space(
        tools.work_dir,
        needed_bytes=_WORK_BYTES,
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
        run = _Run(request, tools, language, workspace, stages, cancel)
        run.start_engine()
        intake = run.listen()
        plan = run.plan(intake)
        outcome = run.train(plan)
        usage = tools.engine.usage()
        judged, unjudged = run.judge(plan)
        voice = run.register(plan, outcome, judged)
        on_registered(voice)
    notes = (*intake.notes, *plan.notes, *outcome.notes, *unjudged)
    wall_s = time.monotonic() - started_s
    evaluation = None if judged is None else judged.evaluation
    return CloneResult(voice, intake, outcome, evaluation, notes, wall_s, usage.peak_rss_bytes)


@dataclass(frozen=True, slots=True)
class _Run:
    """The steps of one training, and what they share."""

    request: CloneRequest
    tools: CloneTools
    language: str
    workspace: Workspace
    stages: Stages
    cancel: threading.Event | None

    def start_engine(self) -> None:
        """Let the engine import its packages while the recordings are read."""

        def start() -> None:
            # What goes wrong here goes wrong again with the first request, which tells.
            with contextlib.suppress(AppError):
                self.tools.engine.start(cancel=self.cancel)

        threading.Thread(target=start, name="engine-start", daemon=True).start()

    def listen(self) -> IntakeReport:
        """Take the recordings in."""

        def on_progress(stage: str, done: float) -> None:
            if self.cancel is not None and self.cancel.is_set():
                raise Cancelled("The work was cancelled while the recordings were read.")
            self.stages.step("listening", done, stage)

        return take_in(
            self.request.source,
            self.workspace.clips,
            measurer=self.tools.measurer,
            limits=self.request.limits,
            progress=on_progress,
        )

    def plan(self, intake: IntakeReport) -> TrainingPlan:
        """Hold out, recognise, weigh."""
        return make_plan(
            intake,
            self.tools.engine.info,
            self.language,
            self.tools.measurer,
            on_progress=lambda done: self.stages.step("words", done, "recognising the words"),
            cancel=self.cancel,
        )

    def train(self, plan: TrainingPlan) -> TrainingOutcome:
        """Have the engine make the voice."""
        engine, request = self.tools.engine, self.request
        self.workspace.keep_checkpoint_of(plan.fingerprint(engine.info, self.language, request.options))
        self.stages.step("training", 0.0)
        make = engine.train if engine.info.capabilities.trains else engine.clone
        return make(
            TrainingRequest(
                clips=plan.training,
                language=self.language,
                options=request.options,
                artefact_dir=self.workspace.artefact,
                checkpoint_dir=self.workspace.checkpoint,
            ),
            self._on_event,
            self.cancel,
        )

    def judge(self, plan: TrainingPlan) -> tuple[Judged | None, tuple[str, ...]]:
        """Judge the voice; a judge that fails must not cost the voice, so that is a note."""
        engine, artefact = self.tools.engine, self.workspace.artefact
        engine.load(artefact, self.cancel)
        if not plan.references:
            return None, ()
        try:
            judged = judge_voice(
                engine,
                self.tools.measurer,
                voice_dir=artefact,
                references=plan.references,
                language=self.language,
                folder=self.workspace.spoken,
                on_progress=lambda stage, done: self.stages.step("judging", done, stage),
                cancel=self.cancel,
            )
        except AppError as error:
            if error.kind is ErrorKind.CANCELLED:
                raise
            return None, (f"The voice could not be evaluated: {error.message}",)
        return judged, ()

    def register(self, plan: TrainingPlan, outcome: TrainingOutcome, judged: Judged | None) -> VoiceModel:
        """Keep the voice for good."""
        self.stages.step("registering", 0.0)
        info = self.tools.engine.info
        voice = self.tools.voices.register(
            NewVoice(
                name=self.request.name,
                engine=info.id,
                engine_version=info.version,
                language=self.language,
                sample_rate_hz=info.capabilities.sample_rate_hz,
                artefact_dir=self.workspace.artefact,
                references=plan.references,
                speech_s=outcome.speech_s,
                train_s=outcome.train_s,
                evaluation=None if judged is None else judged.evaluation.to_json(),
                spoken=() if judged is None else judged.spoken,
                options=dict(self.request.options),
                dataset_hash=plan.fingerprint(info, self.language, {}),
            )
        )
        self.stages.step("registering", 1.0)
        return voice

    def _on_event(self, event: Event) -> None:
        match event:
            case Progress():
                self.stages.step("training", event.fraction, event.stage)
            case Metric():
                _LOG.info("metric %s = %.5g at %d", event.name, event.value, event.step)
            case LogLine():
                _LOG.info("engine: %s", event.text)


def _pause(cancel: threading.Event | None) -> Callable[[float], object]:
    """How to wait for so many seconds: not at all once the work is cancelled."""
    if cancel is None:
        return time.sleep

    def pause(seconds: float) -> None:
        if cancel.wait(seconds):
            raise Cancelled("The work was cancelled while it waited for another training.")

    return pause


def _language(info: EngineInfo, wanted: str) -> str:
    found = match_language(wanted, info.capabilities.languages)
    if found is None:
        raise language_unsupported(info, wanted)
    return found


def _key(request: CloneRequest, info: EngineInfo, language: str) -> str:
    """Name the workspace so that a second attempt at the same work finds it."""
    parts = [str(request.source.resolve()), info.id, language]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]
