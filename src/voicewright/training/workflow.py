"""The durable workflow of a queued job: from its samples to a registered voice, in steps that are done once.

validate -> price -> prepare -> intake -> plan -> train -> judge -> register. What a step made lies in the
job's workspace and is noted there (`training.journal`), so that a run which goes on after a crash begins with
the step that was not finished. The last step is one transaction of the database: the voice is entered, the
job completed, its budget settled and its watchers told, or none of it.
"""

from __future__ import annotations

import errno
import logging
import time
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from pydantic import TypeAdapter

from voicewright.db.errors import DatabaseUnavailable
from voicewright.engines.errors import EngineOutOfMemory, HostTimedOut
from voicewright.engines.host.events import LogLine, Metric, Progress, Spoken
from voicewright.engines.languages import language_unsupported, match_language
from voicewright.errors import AppError
from voicewright.recordings.errors import SampleNotFound
from voicewright.recordings.materialise import lay_out
from voicewright.recordings.samples import find_samples
from voicewright.storage.errors import BlobNotFound, StorageFull
from voicewright.storage.space import require_space
from voicewright.training import budget
from voicewright.training.bill import allowed_ms, cost_of_job
from voicewright.training.consenting import Agreement, require_agreement
from voicewright.training.errors import (
    InsufficientAudioQuality,
    ModelValidationFailed,
    NoUsableSpeech,
    TrainingCostExceeded,
    TrainingTimeout,
    VoiceSampleNotFound,
)
from voicewright.training.journal import Step, key_of
from voicewright.training.making import STAGES, WORK_BYTES, Making, VoiceRequest, Watcher
from voicewright.training.methods import Method
from voicewright.training.progress import Stages
from voicewright.training.recovery import is_temporary
from voicewright.training.rehearsing import Rehearsals
from voicewright.training.runs import RunLost
from voicewright.training.telling import Telling
from voicewright.training.workspace import claim_workspace
from voicewright.voices.provided.ledger import Noting, ProviderVoices

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from sqlalchemy.orm import Session

    from voicewright.db.server import Database
    from voicewright.engines.client import EngineClient
    from voicewright.engines.host.events import Event
    from voicewright.engines.port import TrainingOutcome
    from voicewright.privacy.service import ConsentService
    from voicewright.provenance.service import ProvenanceService
    from voicewright.quality.measurer import Measurer
    from voicewright.recordings.models import Sample
    from voicewright.settings import Settings
    from voicewright.storage.vault import Vault
    from voicewright.training.making import Verdict
    from voicewright.training.models import TrainingJob
    from voicewright.training.plan import TrainingPlan
    from voicewright.training.runs import Run
    from voicewright.training.workspace import Workspace
    from voicewright.voices.models import VoiceModel
    from voicewright.voices.schemas import NewVoice
    from voicewright.voices.service import VoiceService

_REASONS_SHOWN: Final = 2

_LOG = logging.getLogger(__name__)

_LEAST_TOLD: Final = Decimal("0.005")
"""Dollars; less is none."""
_COVER_EVERY_S: Final = 10.0
"""How often a job that costs more than it was to is looked at."""
_COUNT: Final = TypeAdapter(int)
_METHOD: Final[TypeAdapter[Method]] = TypeAdapter(Method)


@dataclass(frozen=True, slots=True)
class WorkTools:
    """What a job is done with; whoever made them closes them."""

    settings: Settings
    database: Database
    engine: EngineClient
    measurer: Measurer
    voices: VoiceService
    samples: Vault
    consents: ConsentService
    work_dir: Path
    provenance: ProvenanceService | None = None
    """Marks what a voice says to be judged by; None: nobody does."""


def run_job(run: Run, tools: WorkTools) -> float | None:
    """Do the work of an attempt to its end, whatever that is, and write it down.

    Returns:
        Seconds until the job is tried again; None: it has ended, well or not.
    """
    return _Workflow(run, tools).run()


class _Workflow:
    """One attempt."""

    def __init__(self, run: Run, tools: WorkTools) -> None:
        self._run = run
        self._job: TrainingJob = run.job
        self._tools = tools
        self._samples: Sequence[Sample] = ()
        self._artefact_bytes = 0
        self._covered_until_s = 0.0
        self._agreement: Agreement | None = None
        self._made = False

    def run(self) -> float | None:
        """Do it."""
        try:
            with claim_workspace(self._tools.work_dir, self._job.id.hex) as workspace:
                try:
                    self._make(workspace)
                except BaseException as error:
                    workspace.keeps_steps = self._is_gone_on_with(error)
                    raise
        except RunLost:
            _LOG.info("job %s: another attempt took over, or it was cancelled", self._job.id)
        except Exception as error:  # noqa: BLE001 - every end of a job is written down
            return self._end_badly(error)
        return None

    def _make(self, workspace: Workspace) -> None:
        run, tools = self._run, self._tools
        run.log(f"Attempt {self._job.attempt} begins on {self._job.node}.", attempt=self._job.attempt)
        self._validate()
        self._price()
        source = self._prepare(workspace)
        request = VoiceRequest(
            source=source,
            name=self._job.name,
            language=self._job.language,
            options=self._job.engine_options,
            speaker=next(iter({sample.speaker for sample in self._samples}), None),
            # one that was queued for cloning may be where nothing can be trained
            method="clone" if self._job.clones else _METHOD.validate_python(self._job.method),
            consent=self._agreement,
        )
        stages = Stages(STAGES, lambda progress: run.progress(progress.fraction, progress.stage))
        watcher = Watcher(
            on_stage=stages.step,
            on_event=lambda event: self._hear(event, stages, workspace),
            on_decision=lambda sentence: run.log(sentence, level="warning"),
            cancel=run.cancel,
            listens=True,
        )
        language = self._language()
        making = Making(
            request,
            tools.engine,
            tools.measurer,
            language,
            workspace,
            watcher,
            tools.provenance,
            Noting(ProviderVoices(tools.database, tools.samples.keys), tools.engine.info, self._job.id),
        )
        making.start_engine()
        intake = making.listen()
        telling = Telling(run, self._samples)
        telling.intake(intake)
        try:
            plan = making.plan(intake)
        except NoUsableSpeech as error:
            raise InsufficientAudioQuality(telling.named(error.message)) from error
        telling.plan(plan)
        outcome = self._train(making, plan)
        self._made = True
        telling.outcome(outcome)
        verdict = making.judge(plan, gives_up_on=is_temporary)
        telling.verdict(verdict)
        new = replace(
            making.new_voice(plan, outcome, verdict),
            training_job_id=self._job.id,
            details=self._job.voice_metadata,
        )
        self._artefact_bytes = _size_of(workspace.artefact)
        self._require_quality(new, verdict)
        self._require_consent()
        run.progress(0.99, "registering")
        run.persistently(
            lambda: self._voices.register(
                new,
                also=lambda session, voice: self._complete(session, voice, verdict),
                activates=None if self._job.may_activate else False,
            )
        )

    def _validate(self) -> None:
        """The samples may have been deleted, and a consent revoked, since the job was accepted."""
        ids = [UUID(text) for text in self._job.sample_ids]
        try:
            with self._tools.database.session() as session:
                self._samples = find_samples(session, ids, self._job.owner_id)
        except SampleNotFound as error:
            raise VoiceSampleNotFound(f"{error.message} Start a new job without them.") from error
        self._require_consent()
        self._run.log(f"{len(ids)} samples found.")

    def _require_consent(self) -> None:
        tools, owner_id = self._tools, self._job.owner_id
        for speaker in sorted({sample.speaker for sample in self._samples}):
            tools.consents.require(None, owner_id, speaker)
            with tools.database.session() as session:
                self._agreement = require_agreement(
                    session,
                    tools.consents,
                    tools.engine.info,
                    owner_id=owner_id,
                    speaker=speaker,
                    language=self._job.language,
                    samples=tools.samples,
                )

    def _price(self) -> None:
        """What a job may cost holds for all its attempts together."""
        spent = self._cost()
        limit = self._tools.settings.max_training_cost
        if spent >= limit > 0:
            raise TrainingCostExceeded(
                f"The job has cost {spent:.2f} dollars so far, and one job may cost {limit:.2f}."
            )
        cost = self._job.estimated_cost
        told = f"cost {cost:.2f} dollars, estimated " if cost >= _LEAST_TOLD else ""
        self._run.log(f"Estimated {told}time {self._job.estimated_time_ms / 1000:.0f} s.")

    def _prepare(self, workspace: Workspace) -> Path:
        """Lay the originals out in a folder, with their transcripts, as a person would give them."""
        require_space(
            self._tools.work_dir,
            needed_bytes=WORK_BYTES + sum(sample.size_bytes for sample in self._samples),
            reserve_mb=self._tools.settings.min_free_disk_mb,
            purpose=f"Training {self._job.name}",
        )
        folder = workspace.recordings
        step = Step("prepare", _COUNT, folder)
        blobs = self._tools.samples.of(self._job.owner_id)
        key = key_of([[str(sample.id), sample.digest, sample.transcript] for sample in self._samples])
        try:
            workspace.journal.do(step, key, lambda: len(lay_out(self._samples, blobs, folder).samples))
        except BlobNotFound:
            self._validate()  # says which sample it was, where one was deleted meanwhile
            raise
        return folder

    def _language(self) -> str:
        info = self._tools.engine.info
        language = match_language(self._job.language, info.capabilities.languages)
        if language is None:
            raise language_unsupported(info, self._job.language)
        return language

    def _train(self, making: Making, plan: TrainingPlan) -> TrainingOutcome:
        limit_ms, affordable_ms = self._job.max_training_ms, self._allowed_ms()
        left_s = (min(limit_ms, affordable_ms) - self._run.spent_ms) / 1000
        try:
            if left_s <= 0:
                raise HostTimedOut("There is no time left for the training.")  # noqa: TRY301 - one place answers
            return making.train(plan, timeout_s=left_s)
        except HostTimedOut as error:
            kept = making.workspace.checkpoint
            saved = (
                "Its last checkpoint is kept: a retry with more time goes on from there."
                if kept.is_dir() and any(kept.iterdir())
                else "It had written no checkpoint yet."
            )
            if affordable_ms < limit_ms:
                raise TrainingCostExceeded(
                    "The training was stopped before it would have cost more than one job may "
                    f"({self._tools.settings.max_training_cost:.2f} dollars). {saved}"
                ) from error
            raise TrainingTimeout(
                f"The training was stopped after {limit_ms / 1000:.0f} s, its limit. {saved}"
            ) from error

    def _hear(self, event: Event, stages: Stages, workspace: Workspace) -> None:
        match event:
            case Progress():
                stages.step("training", event.fraction, event.stage)
                self._stay_within_budget()
            case Metric():
                self._run.metric(event.name, event.step, event.value)
            case Spoken():
                rehearsals = Rehearsals(
                    self._run, self._tools.engine.info, self._voices, self._tools.provenance
                )
                rehearsals.keep(event, workspace.rehearsals)
            case LogLine():
                self._run.log(event.text, level="debug", source=event.source)

    def _stay_within_budget(self) -> None:
        """Now and then, reserve what the job has cost beyond its estimate; stop it where nothing is left."""
        if time.monotonic() < self._covered_until_s:
            return
        self._covered_until_s = time.monotonic() + _COVER_EVERY_S
        cost = self._cost()
        if cost <= self._job.estimated_cost:
            return
        # a database that is away must not cost the training; the next look covers this time too
        with suppress(DatabaseUnavailable), self._run.writing() as (session, job):
            budget.cover(session, job, cost, self._tools.settings, datetime.now(UTC).date())

    def _require_quality(self, new: NewVoice, verdict: Verdict) -> None:
        """Refuse a voice under the threshold, and keep it for listening."""
        if verdict.judged is None:
            return
        overall, least = verdict.judged.evaluation.overall, self._job.quality_threshold
        if overall >= least:
            return
        self._voices.keep_rejected(new, also=lambda session: self._note_quality(session, verdict))
        reasons = " ".join(verdict.judged.evaluation.reasons[:_REASONS_SHOWN])
        raise ModelValidationFailed(
            f"The voice reached an overall quality of {overall:.3f}, and {least:.3f} was asked for. It is "
            f"kept for listening. {reasons}"
        )

    def _note_quality(self, session: Session, verdict: Verdict) -> None:
        job = self._run.locked(session)
        job.quality, job.quality_score = _quality_of(verdict)

    def _complete(self, session: Session, voice: VoiceModel, verdict: Verdict) -> None:
        quality, score = _quality_of(verdict)
        self._run.complete(
            session, voice_model_id=voice.id, cost=self._cost(), quality=quality, quality_score=score
        )

    def _end_badly(self, error: Exception) -> float | None:
        """Write down why the attempt ended."""
        run = self._run
        if run.is_lost:
            return None
        try:
            if run.cancel.is_set():
                run.give_back(f"The worker on {self._job.node} was stopped; another one goes on.")
                return None
            return run.fail(as_app_error(error), cost=self._cost())
        except RunLost:
            return None

    def _is_gone_on_with(self, error: BaseException) -> bool:
        """Whether what the finished steps made is of use: not where the job is cancelled or can't succeed."""
        if self._run.is_lost:
            return False
        return self._run.cancel.is_set() or isinstance(error, TrainingTimeout) or is_temporary(error)

    def _cost(self) -> Decimal:
        return cost_of_job(
            self._job,
            self._tools.engine.info,
            self._tools.settings,
            time_ms=self._run.spent_ms,
            artefact_bytes=self._artefact_bytes,
            made=self._made,
        )

    def _allowed_ms(self) -> int:
        return allowed_ms(self._job, self._tools.engine.info, self._tools.settings)

    @property
    def _voices(self) -> VoiceService:
        return self._tools.voices.of(self._job.owner_id)


def as_app_error(error: Exception) -> AppError:
    """What is written down of any exception; what nobody foresaw is a bug, and its traceback is logged."""
    if isinstance(error, AppError):
        return error
    if isinstance(error, MemoryError):
        return EngineOutOfMemory("The memory of the worker's machine is full. Free some and try again.")
    if isinstance(error, OSError) and error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return StorageFull("The disk of the worker's machine is full. Free some space and try again.")
    _LOG.error("a job ended by a bug", exc_info=error)
    return AppError(
        f"Something unforeseen happened, which is a bug: {type(error).__name__}: {error}. Its details are in "
        "the worker's log.",
        retryable=isinstance(error, OSError),
    )


def _quality_of(verdict: Verdict) -> tuple[dict[str, Any] | None, float | None]:
    if verdict.judged is None:
        return None, None
    return verdict.judged.evaluation.to_json(), verdict.judged.evaluation.overall


def _size_of(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
