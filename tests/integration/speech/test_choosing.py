"""One person's voices by several engines: which of them speaks, and which when that one can't."""

from __future__ import annotations

import dataclasses
import uuid

import pytest

from voicewright.engines.errors import LanguageUnsupported, OptionsInvalid
from voicewright.engines.testing import TONE_ENGINE
from voicewright.speech.history import HistoryService
from voicewright.speech.long.bodies import BatchBody, LongTextBody
from voicewright.speech.long.drafting import Drafting
from voicewright.speech.long.errors import BatchUnspeakable
from voicewright.speech.order import SpeechOrder
from voicewright.storage.user_keys import KeyRing
from voicewright.voices.figures.models import VoiceUse

ANN = uuid.UUID(int=1)


def variant(engine_id, **more):
    able = dataclasses.replace(TONE_ENGINE.capabilities, **more.pop("able", {}))
    return dataclasses.replace(TONE_ENGINE, id=engine_id, title=engine_id.title(), capabilities=able, **more)


DEAR = variant("dear", dollars_per_1000_characters=0.3)
GERMAN = variant("german", able={"languages": ("de",), "shifts_pitch": False})
ENGLISH = variant("english", able={"languages": ("en-us",)})
AWAY = variant("away", requires=("no_such_module",))
BROKEN = variant("broken", factory="os:getpid")


@pytest.fixture
def engines():
    return {info.id: info for info in (TONE_ENGINE, DEAR, GERMAN, ENGLISH, AWAY, BROKEN)}


@pytest.fixture
def chosen(lasting_speeches):
    """Who speaks: `chosen("cost", voice)`."""

    def chosen(rule, voice, **more):
        order = SpeechOrder("Hello.", voice=voice.id, choose=rule, check="off", counted=False, **more)
        with lasting_speeches.begin(ANN, order) as speech:
            list(speech)
        fallback = speech.fallback
        return speech.voice.id, fallback and (fallback.wanted.id, fallback.code), speech.order.choose

    return chosen


@pytest.fixture
def use(database):
    def use(voice, *latencies_ms):
        with database.session() as session:
            session.add_all(
                VoiceUse(
                    model_id=voice.id,
                    owner_id=ANN,
                    user_id=ANN,
                    outcome="spoken",
                    characters=1,
                    audio_s=1.0,
                    latency_ms=each,
                    cost_usd=0,
                )
                for each in latencies_ms
            )

    return use


def test_a_rule_chooses_among_one_persons_voices(chosen, make_voice, use):
    stranger = make_voice(ANN, "Bob", speaker="Bob", engine="english", quality_score=1.0)
    away = make_voice(ANN, "Ann", speaker="Ann", engine="away", quality_score=0.99)
    tone = make_voice(ANN, "Ann", speaker="Ann", quality_score=0.7)
    dear = make_voice(ANN, "Anna", speaker="Ann", engine="dear", quality_score=0.9)

    assert chosen("named", tone) == (tone.id, None, "named")
    assert chosen("best", tone) == (dear.id, (tone.id, "best"), "best")
    assert chosen("best", dear) == (dear.id, None, "best")
    assert chosen("cost", dear) == (tone.id, (dear.id, "cost"), "cost")
    assert chosen("cost", away) == (tone.id, (away.id, "cost"), "cost")
    assert chosen("best", stranger) == (stranger.id, None, "best")

    use(tone, 900.0, 900.0, 5000.0)
    use(dear, 100.0, 100.0)
    assert chosen("latency", tone)[0] == dear.id  # two uses say nothing, but its engine streams
    use(dear, 2000.0, 3000.0)
    use(tone, 10.0, 10.0)
    assert chosen("latency", dear)[:2] == (tone.id, (dear.id, "latency"))


def test_a_stock_voice_under_ones_name_is_nobodys(chosen, make_voice):
    mine = make_voice(ANN, "Ann", speaker="Ann", quality_score=0.7)
    stock = make_voice(ANN, "Ann", engine="dear", quality_score=0.9, details={"stock": True})
    assert stock.lineage_id == mine.lineage_id
    assert chosen("best", mine) == (mine.id, None, "best")
    assert chosen("best", stock) == (stock.id, None, "best")
    odd = make_voice(ANN, "Ann", engine="english", quality_score=0.8, details={"stock": "a word"})
    assert chosen("best", mine)[0] == odd.id


def test_the_next_one_speaks_where_the_chosen_one_fails(chosen, make_voice):
    tone = make_voice(ANN, "Ann", quality_score=0.1)
    make_voice(ANN, "Ann", engine="broken", quality_score=0.9)
    dear = make_voice(ANN, "Ann", engine="dear", quality_score=0.5)
    assert chosen("best", tone)[:2] == (dear.id, (tone.id, "ENGINE_CONTRACT_BROKEN"))
    assert chosen("best", dear)[:2] == (dear.id, None)


def test_another_one_speaks_a_language_that_the_voice_does_not(chosen, make_voice):
    english = make_voice(ANN, "Ann", engine="english", quality_score=0.9)
    german = make_voice(ANN, "Ann", engine="german", language="de", quality_score=0.1)
    assert chosen("named", english, language="de") == (
        german.id, (english.id, "LANGUAGE_UNSUPPORTED"), "named",
    )  # fmt: skip
    assert chosen("best", english, language="de")[0] == german.id
    assert chosen("best", german)[0] == german.id  # it is German that is to be spoken
    with pytest.raises(LanguageUnsupported, match="english does not speak 'de'"):
        chosen("named", english, language="de", fallback=False)
    with pytest.raises(LanguageUnsupported, match="english does not speak 'fr'"):
        chosen("best", english, language="fr")
    with pytest.raises(OptionsInvalid):  # a German one that shifts no pitch is there, and can't
        chosen("best", german, pitch_semitones=2.0)


def test_what_an_order_leaves_open_is_as_its_user_prefers(settings, database, chosen, make_voice):
    tone = make_voice(ANN, "Ann", quality_score=0.1)
    dear = make_voice(ANN, "Ann", engine="dear", quality_score=0.5)
    history = HistoryService(settings, database, KeyRing.open(settings, database))
    assert history.prefer(ANN, choose="best").choose == "best"
    assert history.prefer(ANN, keep_text="hash").choose == "best"
    assert chosen(None, tone)[0] == dear.id
    assert chosen("named", tone)[0] == tone.id
    assert chosen(None, tone, fallback=False) == (tone.id, None, "named")


def test_long_texts_are_spoken_by_the_one_that_is_chosen_first(long_texts, long_tools, speak, make_voice):
    dear, tone = make_voice(ANN, "Ann", engine="dear"), make_voice(ANN, "Ann")
    text = "First sentence.\n\nSecond sentence."
    body = LongTextBody(text=text, voice=str(dear.id), choose="cost", check=False, output_format="wav")
    started = long_texts.start_text(ANN, body)
    speak(started.speech, dataclasses.replace(long_tools, engines=("dear", "tone")))
    (part,) = long_texts.get(ANN, started.speech.id).parts
    assert (part.voice_model_id, part.wanted_model_id) == (tone.id, dear.id)
    assert "The cheapest" in part.fallback_reason


def test_items_in_another_language_are_left_to_who_speaks_it(database, settings, find_engine, make_voice):
    english, german = make_voice(ANN, engine="english"), make_voice(ANN, engine="german", language="de")
    item = {"text": "Hallo.", "voice": str(english.id), "language": "de"}
    with database.session() as session:
        drafting = Drafting(session, ANN, settings, find_engine)
        drafted = drafting.of_batch(BatchBody.model_validate({"items": [item]}))
        (part,) = drafted.parts
        assert (part.voice_model_id, part.wanted_model_id, part.language) == (german.id, english.id, "de")
        assert drafted.speech.parameters["choose"] == "named"
        with pytest.raises(BatchUnspeakable):
            drafting.of_batch(BatchBody.model_validate({"items": [item], "fallback": False}))
