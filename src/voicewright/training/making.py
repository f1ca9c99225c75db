"""From recordings to a judged voice, in steps that are not done twice: intake, plan, training, judging.

The command line and the queued jobs make voices by this same code. Where a run is cut off, the next one for
the same work goes on with the step that was not finished, and inside the training from its last checkpoint.
"""

from __future__ import annotations

import contextlib
import shutil
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from pydantic import TypeAdapter

from voicewright.engines.errors import Cancelled, EngineOutOfMemory
from voicewright.engines.languages import language_unsupported, match_language
from voicewright.engines.port import Rehearsal, TrainingOutcome, TrainingRequest
from voicewright.errors import AppError, ErrorKind
from voicewright.quality.sentences import sentence_set
from voicewright.recordings.intake import take_in
from voicewright.recordings.policies import IntakeLimits
from voicewright.recordings.report import IntakeReport
from voicewright.training.journal import Step, key_of, signature_of
from voicewright.training.judging import Judged, judge_voice
from voicewright.training.methods import Method, check_method, choose_method, needed_speech_s
from voicewright.training.options import check_options
from voicewright.training.plan import TrainingPlan, make_plan
from voicewright.voices.schemas import NewVoice

if TYPE_CHECKING:
    from voicewright.engines.client import EngineClient
    from voicewright.engines.host.events import Event
    from voicewright.engines.port import ConsentRecording, EngineInfo
    from voicewright.provenance.service import ProvenanceService
    from voicewright.quality.measurer import Measurer
    from voicewright.training.workspace import Workspace
    from voicewright.voices.provided.ledger import Noting

STAGES: Final = {"listening": 12.0, "words": 8.0, "training": 70.0, "judging": 15.0, "registering": 1.0}
"""Expected seconds for three minutes of speech on two cores; only their ratio counts."""
WORK_BYTES: Final = 200 << 20
"""What a training of half an hour of speech writes: working copies, checkpoints, the voice."""
_BATCH: Final = "batch_size"
"""What engines that learn in batches call the size of one."""

_INTAKE: Final = TypeAdapter(IntakeReport)
_PLAN: Final = TypeAdapter(TrainingPlan)
_OUTCOME: Final = TypeAdapter(TrainingOutcome)


@dataclass(frozen=True, slots=True)
class VoiceRequest:
    """What voice is wanted, of what."""

    source: Path
    """A folder of recordings, or one recording."""
    name: str
    language: str
    options: Mapping[str, Any]
    """Training options of the engine, checked by its own model."""
    speaker: str | None = None
    """Whose voice it is, as the consent names them."""
    limits: IntakeLimits = field(default_factory=IntakeLimits)
    method: Method = "auto"
    consent: Callable[[Path], ConsentRecording] | None = None
    """Lays the speaker's recorded consent out in a folder, for an engine whose provider demands it."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the judges said; `judged` is None where they could not say anything, and the notes tell why."""

    judged: Judged | None
    notes: tuple[str, ...] = ()


_VERDICT: Final = TypeAdapter(Verdict)


@dataclass(frozen=True, slots=True)
class Watcher:
    """Who is told while a voice is being made."""

    on_stage: Callable[[str, float, str], None] = lambda _stage, _within, _detail: None
    """Told a stage of `STAGES`, how much of it is done (0..1), and what is being done, in words."""
    on_event: Callable[[Event], None] = lambda _event: None
    """Told what the engine says during the training."""
    on_decision: Callable[[str], None] = lambda _sentence: None
    """Told what was decided on the way and the user should know."""
    cancel: threading.Event | None = None
    """Set by another thread to stop."""
    listens: bool = False
    """Whether `on_event` wants to be told what the voice says on the way (`Spoken`)."""


def checked_language(info: EngineInfo, request: VoiceRequest) -> str:
    """What can be told before any work: that the engine learns this language, so.

    Returns:
        The language under the engine's own name for it.

    Raises:
        EngineCannotLearn, LanguageUnsupported, OptionsInvalid: as the messages say.
    """
    check_method(info, request.method)
    language = match_language(request.language, info.capabilities.languages)
    if language is None:
        raise language_unsupported(info, request.language)
    check_options(info, request.options)
    return language


@dataclass(frozen=True, slots=True)
class Making:
    """The steps of one voice, to be called in their order.

    Every step raises what its work raises, `Cancelled` where the watcher's event was set, and StorageFull,
    StorageReadOnly or StorageUnavailable where its end can't be noted.
    """

    request: VoiceRequest
    engine: EngineClient
    measurer: Measurer
    language: str
    """As `checked_language` gives it."""
    workspace: Workspace
    watcher: Watcher
    provenance: ProvenanceService | None = None
    """Marks what the voice says to be judged by; None: nobody does."""
    noting: Noting | None = None
    """Notes the voice where it lies at a provider as well; None: nobody does."""

    def start_engine(self) -> None:
        """Let the engine import its packages while the recordings are read."""

        def start() -> None:
            # What goes wrong here goes wrong again with the first request, which tells.
            with contextlib.suppress(AppError):
                self.engine.start(cancel=self.watcher.cancel)

        threading.Thread(target=start, name="engine-start", daemon=True).start()

    def listen(self) -> IntakeReport:
        """Take the recordings in."""
        request, workspace = self.request, self.workspace

        def on_progress(stage: str, done: float) -> None:
            cancel = self.watcher.cancel
            if cancel is not None and cancel.is_set():
                raise Cancelled("The work was cancelled while the recordings were read.")
            self.watcher.on_stage("listening", done, stage)

        return workspace.journal.do(
            Step("intake", _INTAKE, workspace.clips),
            self._intake_key(),
            lambda: take_in(
                request.source,
                workspace.clips,
                measurer=self.measurer,
                limits=request.limits,
                progress=on_progress,
            ),
        )

    def plan(self, intake: IntakeReport) -> TrainingPlan:
        """Hold out, recognise, weigh."""
        info = self.engine.info
        return self.workspace.journal.do(
            Step("plan", _PLAN),
            key_of(self._intake_key(), info.id, info.version, self.language, self.request.method),
            lambda: make_plan(
                intake,
                info,
                self.language,
                self.measurer,
                needed_s=needed_speech_s(info, self.request.method),
                on_progress=lambda done: self.watcher.on_stage("words", done, "recognising the words"),
                cancel=self.watcher.cancel,
            ),
        )

    def train(self, plan: TrainingPlan, *, timeout_s: float | None = None) -> TrainingOutcome:
        """Have the engine make the voice; where memory is short, with smaller batches.

        Raises:
            HostTimedOut: it was not done in time; its last checkpoint stays.
        """
        workspace, options = self.workspace, self.request.options
        return workspace.journal.do(
            Step("train", _OUTCOME, workspace.artefact),
            plan.fingerprint(self.engine.info, self.language, options),
            lambda: self._train(plan, timeout_s),
        )

    def judge(self, plan: TrainingPlan, *, gives_up_on: Callable[[AppError], bool]) -> Verdict:
        """Judge the voice.

        Args:
            plan: has the recordings that were held out.
            gives_up_on: whether a failure of the judges is to end the work; otherwise it costs the evaluation
                and not the voice.
        """
        engine, workspace = self.engine, self.workspace
        engine.load(workspace.artefact, self.watcher.cancel)
        if not plan.references:
            return Verdict(None)

        def judge() -> Verdict:
            judged = judge_voice(
                engine,
                self.measurer,
                voice_dir=workspace.artefact,
                references=plan.references,
                language=self.language,
                folder=workspace.spoken,
                provenance=self.provenance,
                on_progress=lambda stage, done: self.watcher.on_stage("judging", done, stage),
                cancel=self.watcher.cancel,
            )
            return Verdict(judged)

        step = Step("judge", _VERDICT, workspace.spoken)
        key = plan.fingerprint(engine.info, self.language, self.request.options)
        try:
            return workspace.journal.do(step, key, judge)
        except AppError as error:
            if error.kind is ErrorKind.CANCELLED or gives_up_on(error):
                raise
            return Verdict(None, (f"The voice could not be evaluated: {error.message}",))

    def new_voice(self, plan: TrainingPlan, outcome: TrainingOutcome, verdict: Verdict) -> NewVoice:
        """What the registry is to keep."""
        info, judged = self.engine.info, verdict.judged
        return NewVoice(
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
            speaker=self.request.speaker,
        )

    def _train(self, plan: TrainingPlan, timeout_s: float | None) -> TrainingOutcome:
        engine, workspace = self.engine, self.workspace
        options = dict(self.request.options)
        lasting = {name: value for name, value in options.items() if name != _BATCH}
        workspace.keep_checkpoint_of(plan.fingerprint(engine.info, self.language, lasting))
        self.watcher.on_stage("training", 0.0, "training")
        method = choose_method(engine.info, self.request.method, plan.training_speech_s)
        make = engine.train if method == "train" else engine.clone

        def hear(event: Event) -> None:
            self._note_early()
            self.watcher.on_event(event)

        notes: list[str] = []
        while True:
            request = TrainingRequest(
                clips=plan.training,
                language=self.language,
                options=options,
                artefact_dir=workspace.artefact,
                checkpoint_dir=workspace.checkpoint,
                name=self.request.name,
                consent=None if self.request.consent is None else self.request.consent(workspace.consent),
                rehearsal=self._rehearsal(),
            )
            try:
                outcome = make(request, hear, self.watcher.cancel, timeout_s=timeout_s)
            except EngineOutOfMemory:
                batch = batch_size_of(engine.info, options)
                if batch is None or batch < 2:  # noqa: PLR2004 - one can't be halved
                    raise
                options[_BATCH] = batch // 2
                notes.append(
                    f"Memory was short: the batch was halved from {batch} to {batch // 2}, and the training "
                    "went on from its last checkpoint."
                )
                self.watcher.on_decision(notes[-1])
            else:
                if self.noting is not None:
                    self.noting.look(workspace.artefact)
                return replace(outcome, notes=(*outcome.notes, *notes))
            finally:
                self._note_early()
                shutil.rmtree(workspace.consent, ignore_errors=True)
                shutil.rmtree(workspace.rehearsals, ignore_errors=True)

    def _rehearsal(self) -> Rehearsal | None:
        """The first of the sentences that the finished voice is judged by, so that they can be compared."""
        if not self.watcher.listens:
            return None
        folder = self.workspace.rehearsals
        folder.mkdir(exist_ok=True)
        return Rehearsal(sentence_set(self.language).sentences[0], folder)

    def _note_early(self) -> None:
        """What a provider has is to be found again whatever becomes of the training."""
        if self.noting is not None:
            self.noting.glance(self.workspace.checkpoint)

    def _intake_key(self) -> str:
        request = self.request
        return key_of(str(self.workspace.root), signature_of(request.source), request.limits)


def batch_size_of(info: EngineInfo, options: Mapping[str, Any]) -> int | None:
    """The batch size that an engine would train with; None where it knows no batches."""
    chosen = getattr(info.options.model_validate(dict(options)), _BATCH, None)
    return chosen if isinstance(chosen, int) else None
