"""The listener, with the real recogniser: tones are no words, so it is never content with them."""

from __future__ import annotations

import uuid

import pytest
from sqlalchemy import select

from voicewright.engines.installed import Engines
from voicewright.speech.cache import SpeechCache
from voicewright.speech.history import HistoryService
from voicewright.speech.hooks import Hooks
from voicewright.speech.models import CachedPiece
from voicewright.speech.order import SpeechOrder
from voicewright.speech.service import SpeechService

ANN = uuid.UUID(int=1)
TEXT = "The museum closes at half past four."

pytestmark = pytest.mark.slow


@pytest.fixture
def speech_settings(settings):
    return settings.model_copy(update={"speech_check": True})


@pytest.fixture
def history(speech_settings, database, voices):
    return HistoryService(speech_settings, database, voices.vault.keys)


@pytest.fixture
def speeches(speech_settings, database, voices, find_engine, history):
    cache = SpeechCache(speech_settings, database, voices.vault.keys)
    hooks = Hooks(history=history, cache=cache)
    with SpeechService(
        speech_settings, database, voices, engines=Engines(find=find_engine), hooks=hooks
    ) as opened:
        yield opened


def verdicts(history, speech):
    return [(check["piece"], check["verdict"]) for check in history.get(ANN, speech.id).checks]


def test_what_was_heard_is_in_the_history(speeches, make_voice, history, database):
    make_voice(ANN)
    with speeches.begin(ANN, SpeechOrder(TEXT, check="before")) as speech:
        assert list(speech)
    assert speech.outcome == "completed", "the best there is leaves all the same"
    assert speech.figures.retried_pieces == 1, "a tone is the same with every seed"
    assert verdicts(history, speech) == [(0, "poor")]

    with speeches.begin(ANN, SpeechOrder(TEXT, check="after")) as speech:
        assert list(speech)
    assert speeches.settle(120)
    assert verdicts(history, speech) == [(0, "poor")]

    with speeches.begin(ANN, SpeechOrder(TEXT, language="de", check="after")) as speech:
        list(speech)
    assert speeches.settle(120)
    assert verdicts(history, speech) == [(0, "skipped")], "nothing here knows the language"

    with speeches.begin(ANN, SpeechOrder(TEXT, check="off")) as speech:
        list(speech)
    assert verdicts(history, speech) == []
    assert speeches.settle(120)
    with database.session() as session:
        kept = session.scalars(select(CachedPiece)).all()
    assert len(kept) == 2, "what nobody found poor: the German one, and the one that nobody listened to"
    assert speeches.meter.checks == {"good": 0, "repaired": 0, "poor": 2, "skipped": 1}


def test_what_is_too_much_is_not_listened_to_and_said_so(speeches, make_voice, history):
    make_voice(ANN)
    text = " ".join([TEXT] * 12)
    with speeches.begin(ANN, SpeechOrder(text, check="after", cache=False)) as speech:
        list(speech)
    assert speeches.settle(240)
    found = verdicts(history, speech)
    assert [piece for piece, _ in found] == list(range(12))
    assert {verdict for _, verdict in found} == {"poor", "skipped"}
