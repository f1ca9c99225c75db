"""Whatever the command line and a worker do with voices leaves a record."""

from __future__ import annotations

import uuid
from contextvars import copy_context

import pytest
from sqlalchemy import select

from voicewright.audit.models import AuditEvent
from voicewright.audit.origin import SCHEDULE, begin_request
from voicewright.voices.figures.usage import Use
from voicewright.voices.schemas import LOCAL_USER_ID
from voicewright.voices.service import VoiceService

UNRECORDED = {
    "open", "of", "owner_id",
    # of all owners together, without their names
    "provided",
    # files, for what is recorded as reading, judging, speaking or exporting the voice
    "materialise", "references", "spoken",
    # of a training, whose voice was not good enough to become one, and is on the training's own pages
    "of_job", "keep_rejected", "drop_kept", "kept_of_job", "spoken_of_job", "keep_rehearsal",
    "rehearsals_of_job",
    # asked before each sentence of what is recorded as one speech
    "permit",
    # whoever uploads is known to the caller, who records it
    "take_upload",
    # removes files that nobody refers to any more
    "sweep", "tidy", "put_away", "let_go", "forget_unpacked",
}  # fmt: skip


@pytest.fixture
def recorded(database):
    """What was recorded since it was last asked."""
    seen = set()

    def recorded():
        with database.session() as session:
            events = session.scalars(select(AuditEvent).order_by(AuditEvent.owner_id, AuditEvent.sequence))
            new = [event for event in events if event.id not in seen]
        seen.update(event.id for event in new)
        return new

    return recorded


def test_every_use_case_leaves_one_record(voices, new_voice, recorded):
    job_id = uuid.uuid4()
    voice = voices.register(new_voice("Ann", evaluation={"overall": 0.5}, training_job_id=job_id))
    recorded()
    acts = {
        "register": lambda: voices.register(new_voice("Ann")),
        "list_voices": voices.list_voices,
        "list_to_speak": voices.list_to_speak,
        "made_by": lambda: voices.made_by(job_id),
        "get": lambda: voices.get("Ann", 1),
        "find_to_speak": lambda: voices.find_to_speak("Ann"),
        "use_log": lambda: voices.use_log(voice)(Use("spoken", 5, 1.0, 20.0)),
        "get_active": voices.get_active,
        "activate": lambda: voices.activate("Ann", 2),
        "rollback": lambda: voices.rollback("Ann", 1),
        "rename": lambda: voices.rename("Ann", "Anna"),
        "save_evaluation": lambda: voices.save_evaluation(voice.id, {"overall": 0.6}),
        "delete": lambda: voices.delete("Anna", 3),
    }
    public = {name for name in dir(VoiceService) if not name.startswith("_")}
    assert public == acts.keys() | UNRECORDED
    told = {}
    for name, act in acts.items():
        act()
        (event,) = recorded()
        assert (event.actor_id, event.owner_id) == (LOCAL_USER_ID, LOCAL_USER_ID), name
        assert (event.source, event.result) == ("command", "done"), name
        assert (event.model_id is None) == (name in {"list_voices", "list_to_speak"})
        told[name] = event.action.removeprefix("voice_model.")
    assert told == {
        "register": "create", "list_voices": "list", "list_to_speak": "list", "made_by": "read",
        "get": "read", "find_to_speak": "read", "use_log": "speak", "get_active": "read",
        "activate": "activate", "rollback": "rollback", "rename": "update",
        "save_evaluation": "evaluate", "delete": "delete",
    }  # fmt: skip
    voices.delete(voice.id, purge=True)
    (event,) = recorded()
    assert (event.model_id, event.details) == (voice.id, {"purged": True})


def test_what_a_worker_does_is_nobodys_act(voices, new_voice, recorded):
    def work():
        begin_request(SCHEDULE)
        return voices.register(new_voice("Ann"))

    voice = copy_context().run(work)
    (event,) = recorded()
    assert (event.action, event.model_id) == ("voice_model.create", voice.id)
    assert (event.actor_id, event.source) == (None, "schedule")


def test_what_is_refused_leaves_none(voices, new_voice, recorded):
    def refuses(_session, _voice):
        raise KeyError("Ann")

    with pytest.raises(KeyError):
        voices.register(new_voice("Ann"), also=refuses)
    assert recorded() == []
