"""What is recorded when a voice speaks, when it fails, and when nobody wants to hear more."""

from __future__ import annotations

import dataclasses
import json
import logging
import threading
import uuid
from decimal import Decimal
from pathlib import Path

import pytest
from prometheus_client import generate_latest
from sqlalchemy import select

from voicewright.accounts.caller import Role
from voicewright.accounts.clock import utc_now
from voicewright.accounts.users import new_user
from voicewright.audit.models import AuditEvent
from voicewright.db.server import Database
from voicewright.db.url import embedded_url
from voicewright.engines.client import EngineClient
from voicewright.engines.errors import Cancelled, EngineError
from voicewright.engines.installed import Engines
from voicewright.engines.testing import TONE_ENGINE
from voicewright.errors import AppError
from voicewright.monitoring.speaking import SpeechMetrics
from voicewright.speech.order import SpeechOrder
from voicewright.speech.say import say
from voicewright.speech.service import SpeechService
from voicewright.voices.figures.models import VoiceUse
from voicewright.voices.figures.usage import Use, UseLog, sum_of_owner, sums_of_models
from voicewright.voices.sharing.models import SharePermission, VoiceShare

LISTENER = uuid.UUID(int=9)
TEXT = "One. Two. Three."


@pytest.fixture
def voice(voices, new_voice):
    new = new_voice("Ann")
    (new.artefact_dir / "voice.json").write_text(json.dumps({"format": 1, "pitch_hz": 150.0}))
    return voices.register(new)


@pytest.fixture
def shared(voice, database):
    """The voice, for somebody else to speak with."""
    with database.session() as session:
        listener = new_user(email="bob@example.com", name="Bob", role=Role.USER, now=utc_now())
        session.add(listener)
        session.flush()
        ids = {"model_id": voice.id, "owner_id": voice.owner_id, "target_user_id": listener.id}
        session.add(VoiceShare(**ids, permission=SharePermission.USE))
    return listener.id


@pytest.fixture
def speeches(settings, database, voices):
    priced = dataclasses.replace(TONE_ENGINE, dollars_per_1000_characters=0.5)
    with SpeechService(settings, database, voices, engines=Engines(find=lambda _id: priced)) as opened:
        yield opened


@pytest.fixture
def spoken(speeches, voice, shared, database, tmp_path):
    """Have the voice speak, and read what was recorded of it."""

    def run(text=TEXT, **more):
        order = SpeechOrder(text, voice=voice.id)
        try:
            result = say(speeches, shared, order, tmp_path / "said.wav", **more)
        except AppError as error:
            result = error
        assert speeches.settle()
        with database.session() as session:
            return result, session.scalars(select(VoiceUse).order_by(VoiceUse.id)).all()[-1]

    return run


def test_a_speech_is_recorded_with_its_measures_for_the_owner(spoken, voice, shared, database):
    result, use = spoken()
    assert (use.model_id, use.owner_id, use.user_id) == (voice.id, voice.owner_id, shared)
    assert (use.outcome, use.characters) == ("spoken", len(TEXT))
    assert use.latency_ms > 0
    assert 0 < use.audio_s < result.output_s  # without the pauses
    assert use.cost_usd == Decimal("0.007")  # of what the engine was given
    with database.session() as session:
        act = session.scalars(select(AuditEvent).order_by(AuditEvent.id)).all()[-1]
        assert (act.action, act.model_id, act.actor_id) == ("voice_model.speak", voice.id, shared)
        assert (act.owner_id, act.result) == (voice.owner_id, "done")
        assert sums_of_models(session, [voice.id])[voice.id].spoken == 1
        assert sum_of_owner(session, voice.owner_id).spoken == 1
        assert sum_of_owner(session, shared).spoken == 0


def test_what_is_stopped_is_cancelled_and_what_breaks_has_failed(spoken, database, voice):
    cancel = threading.Event()
    long = TEXT * 100
    error, use = spoken(long, cancel=cancel, on_piece=lambda _done, _all: cancel.set())
    assert isinstance(error, Cancelled)
    assert (use.outcome, use.audio_s > 0) == ("cancelled", True)

    def broken(_done, _all):
        raise EngineError("It broke.")

    _, use = spoken(on_piece=broken)
    assert use.outcome == "failed"
    with database.session() as session:
        summed = sums_of_models(session, [voice.id])[voice.id]
        results = session.scalars(select(AuditEvent.result).order_by(AuditEvent.id)).all()
    assert (summed.spoken, summed.failed, summed.last_used_at) == (0, 1, None)
    assert results[-2:] == ["done", "failed"]


def test_what_was_spoken_stands_where_it_can_not_be_recorded(voice, short_dir, caplog):
    away = Database(embedded_url(str(short_dir)))
    with caplog.at_level(logging.WARNING):
        UseLog(away, LISTENER, voice)(Use("spoken", 1, 1.0, 1.0))
    away.close()
    assert "missing in its figures" in caplog.text


@pytest.fixture
def metered_speeches(settings, database, voices):
    metered = dataclasses.replace(
        TONE_ENGINE, factory="metered_engine:MeteredEngine", dollars_per_1000_characters=0.5
    )
    with SpeechService(
        settings,
        database,
        voices,
        engines=Engines(find=lambda _id: metered),
        client=lambda info: EngineClient(info, env={"PYTHONPATH": str(Path(__file__).parent)}),
    ) as opened:
        yield opened


def test_what_a_provider_counts_is_what_it_costs(metered_speeches, voice, shared, database, tmp_path):
    say(metered_speeches, shared, SpeechOrder(TEXT, voice=voice.id), tmp_path / "said.wav")
    assert metered_speeches.settle()
    letters = sum(map(len, TEXT.split()))
    assert metered_speeches.meter.provider_usage == {
        (voice.engine, "characters"): letters,
        (voice.engine, "dollars"): pytest.approx(0.002 * letters),
    }
    assert f'unit="characters"}} {letters}.0' in generate_latest(SpeechMetrics(metered_speeches)).decode()
    with database.session() as session:
        (use,) = session.scalars(select(VoiceUse).order_by(VoiceUse.id)).all()
    assert float(use.cost_usd) == pytest.approx(0.002 * letters, abs=1e-5)
