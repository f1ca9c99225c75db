"""One person's samples and several engines: what is queued, what each needs, and what a job waits for."""

from __future__ import annotations

import dataclasses
import uuid
from datetime import UTC, datetime

import pytest
from pydantic import ValidationError
from sqlalchemy import func, select, text, update

from voicewright.accounts.caller import Caller, Role, Scope
from voicewright.engines.errors import EngineNotFound, OptionsInvalid, TooLittleSpeech
from voicewright.engines.port import EngineEnvironment, Forecast, Provider
from voicewright.engines.testing import TONE_ENGINE
from voicewright.privacy.service import ConsentService
from voicewright.training.errors import (
    DailyBudgetExceeded,
    EngineCannotLearn,
    IdempotencyKeyReused,
    TrainingJobNotFound,
    TrainingRequestInvalid,
    VoiceSampleNotFound,
)
from voicewright.training.models import Node, TrainingEvent, TrainingJob
from voicewright.training.schemas import AgainBody, TrainingRequestBody
from voicewright.training.service import TrainingService
from voicewright.training.transitions import queue_of
from voicewright.training.waiting import why_it_waits
from voicewright.voices.schemas import NewVoice
from voicewright.voices.service import VoiceService


def variant(engine_id, **more):
    able = dataclasses.replace(TONE_ENGINE.capabilities, **more.pop("able", {}))
    return dataclasses.replace(TONE_ENGINE, id=engine_id, title=engine_id.title(), capabilities=able, **more)


PINS = EngineEnvironment("voicewright.engines:none.txt")
HEAVY = Forecast(gpu_memory_mb=14_000)
INFOS = {
    info.id: info
    for info in (
        TONE_ENGINE,
        variant("hungry", able={"minimum_speech_s": 300.0, "minimum_clone_s": 10.0}, environment=PINS),
        variant("trainer", able={"minimum_speech_s": 1800.0, "clones": False, "ideal_speech_s": 3600.0}),
        variant("cloner", able={"minimum_speech_s": 60.0, "trains": False}),
        variant("cloud", provider=Provider("Cloud", needs=("CLOUD_KEY",))),
        variant("heavy", able={"minimum_speech_s": 60.0, "minimum_clone_s": 6.0}, forecast=HEAVY),
        variant("german", able={"languages": ("de",)}),
    )
}


def find(engine_id):
    if engine_id not in INFOS:
        raise EngineNotFound(f"There is no engine {engine_id}.")
    return INFOS[engine_id]


@pytest.fixture
def ann():
    return Caller(uuid.uuid4(), Role.USER, frozenset(Scope))


@pytest.fixture
def make_service(database, settings):
    def make(**changes):
        changed = settings.model_copy(update=changes)
        return TrainingService(database, changed, ConsentService(database, changed.environment), engines=find)

    return make


@pytest.fixture
def service(make_service):
    return make_service()


@pytest.fixture
def body(ann, enter_sample):
    """A request of Ann's for two minutes of speech."""
    ids = [str(enter_sample(ann.user_id).id) for _ in range(2)]

    def make(**changes):
        given = {"voiceSampleIds": ids, "provider": "tone", **changes}
        return TrainingRequestBody.model_validate({k: v for k, v in given.items() if v is not None})

    return make


@pytest.fixture
def jobs(database):
    def read():
        with database.session() as session:
            return list(session.scalars(select(TrainingJob).order_by(TrainingJob.provider)))

    return read


def enter_node(database, name, *engines, **more):
    with database.session() as session:
        session.add(Node(id=uuid.uuid4(), name=name, engines=list(engines), concurrency=1, **more))


def test_one_request_queues_a_job_for_each_engine(service, ann, body, jobs, database):
    wanted = body(
        provider=None,
        providers=["tone", "cloner"],
        name="Ann",
        options={"qualityThreshold": 0.4, "engine": {"cloner": {"seed": 7}, "tone": {"epochs": 2}}},
    )
    started = service.start(ann, wanted, idempotency_key="both")
    assert [(one.provider, one.status) for one in started.jobs] == [("tone", "queued"), ("cloner", "queued")]
    assert (started.job_id, started.status) == (started.jobs[0].job_id, "queued")
    cloner, tone = jobs()
    assert cloner.sample_ids == tone.sample_ids == wanted.voice_sample_ids
    assert (cloner.name, tone.name, cloner.quality_threshold) == ("Ann", "Ann", 0.4)
    assert (cloner.engine_options["seed"], tone.engine_options["seed"]) == (7, 0)
    assert (cloner.engine_options["epochs"], tone.engine_options["epochs"]) == (4, 2)

    again = service.start(ann, wanted, idempotency_key="both")
    assert (again.jobs, again.repeated) == (started.jobs, True)
    with pytest.raises(IdempotencyKeyReused):
        service.start(ann, body(), idempotency_key="both")
    with database.session() as session:
        assert session.scalar(text("SELECT count(*) FROM queue.procrastinate_jobs")) == 2


def test_all_are_queued_or_none(make_service, ann, body, jobs, database):
    service = make_service()
    both = {"provider": None, "providers": ["tone", "trainer"]}
    with pytest.raises(TooLittleSpeech, match="Trainer needs at least 1800 s"):
        service.start(ann, body(**both))
    for own, words in (({"x": {}}, "no 'x' among"), ({"tone": 1}, "is the object of")):
        with pytest.raises(OptionsInvalid, match=words):
            service.start(ann, body(provider=None, providers=["tone"], options={"engine": own}))
    with pytest.raises(TrainingRequestInvalid, match="ask for each"):
        service.estimate(ann, body(provider=None, providers=["tone", "cloner"]))
    cost = service.estimate(ann, body()).draft.estimate.cost.total
    assert cost > 0
    poor = make_service(daily_training_budget=cost * 3 / 2)
    with pytest.raises(DailyBudgetExceeded):
        poor.start(ann, body(provider=None, providers=["tone", "cloner"]))
    assert jobs() == []
    with database.session() as session:
        assert session.scalar(select(func.count()).select_from(TrainingEvent)) == 0


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"provider": None}, "Name the engine"),
        ({"providers": ["tone"]}, "Name the engine"),
        ({"provider": None, "providers": ["tone", "tone"]}, "names an engine twice"),
        ({"provider": None, "providers": []}, "at least 1 item"),
        ({"method": "guess"}, "'auto', 'clone' or 'train'"),
    ],
)
def test_engines_are_named_in_one_way(body, changes, words):
    with pytest.raises(ValidationError, match=words):
        body(**changes)


def test_a_dataset_is_trained_again_however_large_it_is(
    make_service, ann, enter_sample, enter_dataset, database
):
    dataset = enter_dataset(ann.user_id, name="large")
    for _ in range(3):
        enter_sample(ann.user_id, dataset=dataset)
    service = make_service(max_training_samples=2)
    body = TrainingRequestBody.model_validate({"datasetName": "large", "provider": "tone"})
    first = service.start(ann, body).job_id
    again = service.get(ann, service.again(ann, first, AgainBody(provider="cloner")).job_id).job
    assert (len(again.sample_ids), again.dataset_id) == (3, dataset.id)
    with database.session() as session:
        session.get_one(TrainingJob, first).sample_ids = []
    with pytest.raises(VoiceSampleNotFound):
        service.again(ann, first, AgainBody(provider="cloner"))


def test_what_a_job_trains_is_trained_again_for_the_next_version_of_its_voice(  # noqa: PLR0917 - fixtures
    service, ann, body, database, settings, tmp_path
):
    first = service.start(ann, body(name="Ann", priority=70, options={"epochs": 2}))
    assert service.cancel(ann, first.job_id).status == "cancelled"
    folder = tmp_path / "voice"
    folder.mkdir()
    (folder / "voice.json").write_text("{}")
    made = {"engine": "tone", "engine_version": "1", "language": "en-us", "speech_s": 1.0, "train_s": 1.0}
    voices = VoiceService.open(settings, database).of(ann.user_id)
    voices.register(NewVoice(name="Ann", artefact_dir=folder, training_job_id=first.job_id, **made))
    voices.rename("Ann", "Anna")

    again = service.again(ann, first.job_id, AgainBody(provider="cloner", options={"epochs": 9}))
    job, of = service.get(ann, again.job_id).job, service.get(ann, first.job_id).job
    assert (job.name, job.provider, job.priority, job.language) == ("Anna", "cloner", 70, "en-us")
    assert job.sample_ids == of.sample_ids
    assert (job.engine_options["epochs"], of.engine_options["epochs"]) == (9, 2)
    with pytest.raises(TrainingJobNotFound):
        service.again(
            Caller(uuid.uuid4(), Role.USER, frozenset(Scope)), first.job_id, AgainBody(provider="cloner")
        )
    with pytest.raises(TooLittleSpeech):
        service.again(ann, first.job_id, AgainBody(provider="trainer"))

    # a voice of somebody else's stays theirs
    metadata = {"onboarding": {"userId": "user_1"}}
    with database.session() as session:
        theirs = service.start_for(session, ann, body(), voice_metadata=metadata)
    more = service.get(ann, service.again(ann, theirs.id, AgainBody(provider="cloner")).job_id).job
    assert (more.voice_metadata, more.may_activate) == (metadata, False)
    assert (job.voice_metadata, job.may_activate) == ({}, True)


def test_how_a_voice_is_made_is_asked_for_and_shown(service, ann, body):
    cloned = service.estimate(ann, body(provider="hungry", method="clone"))
    assert (cloned.draft.method, cloned.refusals) == ("clone", ())
    trained = service.estimate(ann, body(method="train"))
    assert cloned.draft.estimate.time_ms < trained.draft.estimate.time_ms
    started = service.start(ann, body(provider="hungry", method="clone"))
    assert service.get(ann, started.job_id).job.method == "clone"
    assert service.start(ann, body(provider="hungry")).status == "queued"
    assert [service.quick_method(one) for one in ("hungry", "trainer", "cloner")] == [
        "clone",
        "auto",
        "clone",
    ]
    for provider, method in (("trainer", "clone"), ("cloner", "train")):
        with pytest.raises(EngineCannotLearn) as refused:
            service.start(ann, body(provider=provider, method=method))
        assert [fault.field for fault in refused.value.fields] == ["method"]


def test_too_little_speech_names_who_would_do_with_it(service, ann, body, database):
    enter_node(database, "a", "tone", "cloner", "german", "unknown here")
    with pytest.raises(TooLittleSpeech) as refused:
        service.start(ann, body(provider="hungry", method="train"))
    assert refused.value.message == (
        "There are 120 s of usable speech in the samples, and the engine Hungry needs at least 300 s to "
        "train. With that much it can clone: leave the method out. Of the engines that are here, these would "
        "do with that much: cloner (60 s), tone (1 s). Add more, or choose another engine."
    )
    with pytest.raises(TooLittleSpeech, match=r"Trainer needs at least 1800 s\. Of the engines"):
        service.start(ann, body(provider="trainer"))


def test_a_job_says_what_it_waits_for(service, ann, body, database):
    job_id = service.start(ann, body(provider="hungry")).job_id
    assert service.get(ann, job_id).waiting.code == "NO_WORKER"
    enter_node(database, "a", "tone")
    waiting = service.get(ann, job_id).waiting
    assert waiting.code == "ENGINE_NOT_INSTALLED"
    assert "(a has tone): it waits for one with the engine hungry" in waiting.message
    assert "voicewright engines install hungry" in waiting.suggested_actions[0]
    (told,) = service.logs(ann, service.start(ann, body(provider="hungry")).job_id, after=0, limit=9)[1:]
    assert (told.level, told.data["code"]) == ("warning", "ENGINE_NOT_INSTALLED")
    cloud = why_it_waits(INFOS["cloud"], [Node(name="a", engines=[])], clones=True)
    assert (cloud.suggested_actions[0][:13], cloud.message[-39:]) == (
        "Set CLOUD_KEY", "it waits for one with the engine cloud.",
    )  # fmt: skip
    enter_node(database, "b", "hungry")
    assert service.get(ann, job_id).waiting is None
    with database.session() as session:
        session.execute(update(Node).values(seen_at=datetime(2020, 1, 1, tzinfo=UTC)))
    assert service.get(ann, job_id).waiting.code == "NO_WORKER"
    service.cancel(ann, job_id)
    assert service.get(ann, job_id).waiting is None


def test_what_clones_without_a_gpu_waits_for_none(service, ann, body, database):
    enter_node(database, "small", "heavy")
    trained, cloned = (
        service.start(ann, body(provider="heavy", method=method)).job_id for method in ("train", "clone")
    )
    assert service.get(ann, trained).waiting.code == "GPU_UNAVAILABLE"
    assert service.get(ann, cloned).waiting is None
    with database.session() as session:
        queues = session.execute(
            text("SELECT queue_name FROM queue.procrastinate_jobs ORDER BY id")
        ).scalars()
        assert list(queues) == [queue_of("heavy", clones=False), queue_of("heavy", clones=True)]
    dear, free = (
        service.estimate(ann, body(provider="heavy", method=method)).draft.estimate.cost.parts[0]
        for method in ("train", "clone")
    )
    assert (dear.name, free.name) == ("gpu", "cpu")


def test_what_nobody_can_train_now_is_cloned_where_somebody_can(service, ann, body, database):
    def started():
        details = service.get(ann, service.start(ann, body(provider="heavy")).job_id)
        told = [event.message for event in details.logs if event.level == "warning"]
        return details.job.method, details.job.clones, told

    nobody = started()
    assert (nobody[:2], "GPU with 14000 MB" in nobody[2][0]) == (("auto", False), True), "it waits"
    enter_node(database, "small", "heavy")
    method, clones, told = started()
    assert (method, clones) == ("auto", True)
    (warning,) = told
    assert warning == (
        "It is cloned: no node that is there now can train with Heavy, which takes a GPU with 14000 MB of "
        "memory. To wait for one, ask for the method train."
    )
    assert service.estimate(ann, body(provider="heavy")).nodes != ()
    enter_node(database, "large", "heavy", gpu_memory_mb=24_000)
    assert started() == ("auto", False, [])


def test_no_failure_is_foretold_that_can_not_come(service, ann, body, enter_sample):
    """A voice is judged by speech that was kept from its training; of one clip nothing is."""
    one = [str(enter_sample(ann.user_id, speech_s=70.0).id)]
    doubtful = {"provider": "cloner", "options": {"qualityThreshold": 1.0}}
    alone = service.estimate(ann, body(voiceSampleIds=one, **doubtful)).draft.warnings
    both = service.estimate(ann, body(**doubtful)).draft.warnings
    assert (any("will probably fail" in each for each in both), alone) == (True, ())
