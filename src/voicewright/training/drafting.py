"""Makes a draft of a job from a request: all that follows from it, and what stands against its start.

A start and an estimate are the same up to here: one refuses at the first obstacle, the other lists them all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import TYPE_CHECKING, Final
from uuid import UUID

from voicewright.engines.errors import EngineNotFound, EnginePluginBroken, TooLittleSpeech
from voicewright.engines.languages import language_unsupported, match_language
from voicewright.engines.port import EngineInfo
from voicewright.errors import AppError, FieldFault
from voicewright.training import budget
from voicewright.training.consenting import require_agreement
from voicewright.training.errors import EngineCannotLearn, InsufficientAudioQuality, TrainingRequestInvalid
from voicewright.training.estimate import Estimate, make_estimate
from voicewright.training.history import history_of
from voicewright.training.methods import (
    Method,
    check_method,
    choose_method,
    needed_speech_s,
    trains_on_a_gpu_only,
)
from voicewright.training.nodes import can_run, live_nodes
from voicewright.training.pricing import affordable_ms
from voicewright.training.provider_options import EffectiveOptions, effective_options
from voicewright.training.samples import Material, find_material
from voicewright.training.scheduling import OffPeakWindow, start_moment
from voicewright.training.schemas import DEFAULT_LANGUAGE
from voicewright.voices.errors import VoiceNameInvalid
from voicewright.voices.names import clean_name

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from voicewright.privacy.service import ConsentService
    from voicewright.settings import Settings
    from voicewright.training.schemas import TrainingRequestBody

Engines = Callable[[str], EngineInfo]
"""Finds an engine by its id; raises `EngineNotFound`."""

_LONGEST_WAIT_DAYS: Final = 366
_MOST_REASONS: Final = 5


@dataclass(frozen=True, slots=True)
class Draft:
    """A job as it would be."""

    owner_id: UUID
    engine: EngineInfo
    name: str
    language: str
    material: Material
    options: EffectiveOptions
    start_after: datetime | None
    """In UTC; None: at once."""
    day: date
    """Whose budget it counts towards (UTC)."""
    estimate: Estimate
    warnings: tuple[str, ...]
    """What its owner should know, and what does not stop it."""
    method: Method = "auto"
    clones: bool = False
    """What the method comes to."""

    @property
    def summary(self) -> str:
        """What is made of what, and when."""
        count = len(self.material.samples)
        samples = "1 sample" if count == 1 else f"{count} samples"
        when = "" if self.start_after is None else f", not before {self.start_after:%Y-%m-%d %H:%M:%S} UTC"
        return f"{self.name}, from {samples} with {self.material.speech_s:.0f} s of speech{when}"


def make_draft(
    session: Session,
    owner_id: UUID,
    body: TrainingRequestBody,
    *,
    engines: Engines,
    settings: Settings,
    now: datetime,
) -> Draft:
    """All that follows from a request.

    Raises:
        EngineNotFound, EnginePluginBroken, EngineCannotLearn, LanguageUnsupported: about the engine.
        OptionNotSupported, OptionsInvalid, VoiceNameInvalid, TrainingRequestInvalid: about the request.
        VoiceSampleNotFound, DatasetNotFound, NoUsableSpeech: about the samples.
    """
    engine = find_engine(body.provider or "", engines)
    _check_method(engine, body.method)
    options = effective_options(engine, body.options, settings)
    start_after = _start_after(body, settings, now)
    material = find_material(session, owner_id, body, most_samples=settings.max_training_samples)
    language = _language(engine, body.language or material.language or DEFAULT_LANGUAGE)
    can_train = _can_train(session, engine)
    done = choose_method(engine, body.method, material.speech_s, can_train=can_train)
    instead = done != choose_method(engine, body.method, material.speech_s)
    history = history_of(session, engine.id, body.method)
    estimate = make_estimate(engine, material, options.engine, settings, history, method=done)
    limit_ms = affordable_ms(engine, estimate.usage, settings.max_training_cost, settings)
    capped = limit_ms < options.max_training_ms
    if capped:
        shown = {**options.shown, "maxTrainingTimeMs": limit_ms}
        options = replace(options, shown=shown, max_training_ms=limit_ms)
    return Draft(
        owner_id=owner_id,
        engine=engine,
        name=_name(body.name, material, now),
        language=language,
        material=material,
        options=options,
        start_after=start_after,
        day=(start_after or now).date(),
        estimate=estimate,
        warnings=(
            *((_cloned_instead(engine),) if instead else ()),
            *_warnings(
                material,
                options,
                estimate,
                capped=capped,
                can_be_judged=material.leaves(needed_speech_s(engine, body.method)),
            ),
        ),
        method=body.method,
        clones=done == "clone",
    )


def obstacles(
    session: Session,
    draft: Draft,
    *,
    consents: ConsentService,
    asserted_by: UUID,
    settings: Settings,
    engines: Engines,
) -> Iterator[AppError]:
    """What stands against the start of a job, the weightiest first.

    Whoever starts one reserves its cost besides: only then it is sure that nobody else has taken it.
    """
    try:
        require_agreement(
            session,
            consents,
            draft.engine,
            owner_id=draft.owner_id,
            speaker=draft.material.speaker,
            language=draft.language,
        )
    except AppError as error:
        yield error
    needed_s, there_are_s = needed_speech_s(draft.engine, draft.method), draft.material.speech_s
    if not draft.material.usable:
        yield _all_rejected(draft.material)
    elif there_are_s < needed_s:
        message = _too_little(session, draft, engines)
        yield TooLittleSpeech(message, fields=[FieldFault(draft.material.field, message)])
    checks: list[Callable[[], object]] = [
        lambda: consents.ensure(session, draft.owner_id, draft.material.speaker, asserted_by),
        lambda: budget.require_affordable(draft.estimate.cost.total, settings),
        lambda: budget.require_left(session, draft.estimate.cost.total, settings, draft.day),
    ]
    for check in checks:
        try:
            check()
        except AppError as error:
            yield error


def _too_little(session: Session, draft: Draft, engines: Engines) -> str:
    """What there is, what the engine needs, and who would do with that much."""
    engine, there_are_s = draft.engine, draft.material.speech_s
    able = engine.capabilities
    what = "clone" if draft.method == "clone" or not able.trains else "train"
    purpose = f" to {what}" if able.trains and able.clones else ""
    needs = f"at least {needed_speech_s(engine, draft.method):.0f} s{purpose}"
    there_are = f"There are {there_are_s:.0f} s of usable speech in the samples"
    told = [f"{there_are}, and the engine {engine.title} needs {needs}."]
    if draft.method != "auto" and there_are_s >= needed_speech_s(engine, "auto"):
        told.append(f"With that much it can {'train' if what == 'clone' else 'clone'}: leave the method out.")
    others = _content_with(there_are_s, draft, _here(session, engines))
    if others:
        named = ", ".join(f"{one.id} ({needed_speech_s(one, 'auto'):.0f} s)" for one in others)
        told.append(f"Of the engines that are here, these would do with that much: {named}.")
    return " ".join([*told, "Add more, or choose another engine." if others else "Add more."])


def _here(session: Session, engines: Engines) -> Iterator[EngineInfo]:
    """The engines that a node which is there now trains with."""
    for engine_id in sorted({engine_id for node in live_nodes(session) for engine_id in node.engines}):
        with suppress(EngineNotFound, EnginePluginBroken):  # one that only that node has
            yield engines(engine_id)


def _content_with(speech_s: float, draft: Draft, engines: Iterable[EngineInfo]) -> list[EngineInfo]:
    return [
        one
        for one in engines
        if one.id != draft.engine.id
        and one.capabilities.learns
        and needed_speech_s(one, "auto") <= speech_s
        and match_language(draft.language, one.capabilities.languages) is not None
    ]


def find_engine(provider: str, engines: Engines) -> EngineInfo:
    """The engine that a request names.

    Raises:
        EngineNotFound, EnginePluginBroken: there is none that can be used.
        EngineCannotLearn: it has voices of its own.
    """
    try:
        engine = engines(provider)
    except EngineNotFound as error:
        raise EngineNotFound(error.message, fields=[FieldFault("provider", error.message)]) from error
    if not engine.capabilities.learns:
        message = f"The engine {engine.title} has voices of its own and can't learn new ones. Choose another."
        raise EngineCannotLearn(message, fields=[FieldFault("provider", message)])
    return engine


def _check_method(engine: EngineInfo, method: Method) -> None:
    try:
        check_method(engine, method)
    except EngineCannotLearn as error:
        raise EngineCannotLearn(error.message, fields=[FieldFault("method", error.message)]) from error


def _language(engine: EngineInfo, wanted: str) -> str:
    found = match_language(wanted, engine.capabilities.languages)
    if found is None:
        error = language_unsupported(engine, wanted)
        error.fields = (FieldFault("language", error.message),)
        raise error
    return found


def _start_after(body: TrainingRequestBody, settings: Settings, now: datetime) -> datetime | None:
    window = OffPeakWindow.of(settings) if body.schedule == "off-peak" else None
    moment = start_moment(now, body.start_after, off_peak=window)
    if moment is not None and (moment - now).days > _LONGEST_WAIT_DAYS:
        message = f"A job waits for at most {_LONGEST_WAIT_DAYS} days."
        raise TrainingRequestInvalid(message, fields=[FieldFault("startAfter", message)])
    return moment


def _can_train(session: Session, engine: EngineInfo) -> bool:
    """False where the nodes that are there now can only clone; where there is none, one may come."""
    if not trains_on_a_gpu_only(engine):
        return True
    nodes = live_nodes(session)
    trains, clones = (any(can_run(node, engine, clones=how) for node in nodes) for how in (False, True))
    return trains or not clones


def _cloned_instead(engine: EngineInfo) -> str:
    return (
        f"It is cloned: no node that is there now can train with {engine.title}, which takes a GPU with "
        f"{engine.least_gpu_memory_mb} MB of memory. To wait for one, ask for the method train."
    )


def _name(wanted: str | None, material: Material, now: datetime) -> str:
    if wanted is not None:
        try:
            return clean_name(wanted)
        except VoiceNameInvalid as error:
            raise VoiceNameInvalid(error.message, fields=[FieldFault("name", error.message)]) from error
    by_time = f"Voice of {now:%Y-%m-%d %H:%M}"
    try:
        return clean_name(material.dataset_name or by_time)
    except VoiceNameInvalid:  # a dataset may be called what no voice can be
        return by_time


def _warnings(
    material: Material, options: EffectiveOptions, estimate: Estimate, *, capped: bool, can_be_judged: bool
) -> Iterator[str]:
    rejected = [sample.filename for sample in material.samples if sample.verdict == "rejected"]
    if rejected and material.usable:
        shown = ", ".join(rejected[:_MOST_REASONS]) + (" and others" if len(rejected) > _MOST_REASONS else "")
        yield f"Left out, because they can't be used: {len(rejected)} of {len(material.samples)} ({shown})."
    if estimate.quality < options.quality_threshold and can_be_judged:
        yield (
            f"A quality of {estimate.quality:.2f} is expected, under the threshold of "
            f"{options.quality_threshold:.2f}: the training will probably fail its validation."
        )
    if estimate.time_ms > options.max_training_ms:
        yield (
            f"The training is expected to take {estimate.time_ms} ms, and is stopped after "
            f"{options.max_training_ms} ms."
        )
    if capped:
        yield f"It is stopped after {options.max_training_ms} ms, when it has cost what one job may cost."


def _all_rejected(material: Material) -> InsufficientAudioQuality:
    reasons = list(dict.fromkeys(reason for sample in material.samples for reason in sample.reasons))
    found = f" Found: {'; '.join(reasons[:_MOST_REASONS])}." if reasons else ""
    return InsufficientAudioQuality(
        f"None of the {len(material.samples)} samples can be used.{found} Record them again in a quiet room, "
        "near the microphone.",
        fields=[
            FieldFault(material.field, f"{sample.filename}: {'; '.join(sample.reasons) or 'rejected'}")
            for sample in material.samples[:_MOST_REASONS]
        ],
    )
