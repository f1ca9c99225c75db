"""ElevenLabs speaks: settings, speeds, costs, and everything that an answer may be."""

from __future__ import annotations

import contextlib
import json
import threading

import httpx
import pytest

from voicewright.engines.errors import (
    ArtefactInvalid,
    Cancelled,
    ProviderAnswerInvalid,
    ProviderKeyRefused,
    ProviderQuotaExceeded,
    ProviderRateLimited,
    ProviderUnavailable,
    ProviderVoiceGone,
    StockVoiceNotFound,
)
from voicewright.engines.host.events import Metric
from voicewright.engines.port import PROVIDER_VOICE, SynthesisRequest
from voicewright.engines.voice_note import write_note
from voicewright.plugins.eleven_labs.refusing import explained

SENTENCE = "The boat went slowly past the old stone bridge."
RATE_HZ = 24_000


@pytest.fixture(autouse=True)
def _clear(account):
    account.clear()


@pytest.fixture(scope="module")
def george(engine, tmp_path_factory):
    """A voice that everybody has there."""
    folder = tmp_path_factory.mktemp("voice") / "george"
    assert engine.write_stock_voice("George", folder, timeout_s=30).id == "JBFqnCBsd6RMkjVDRZzb"
    return folder


@pytest.fixture
def say(engine):
    def say(voice_dir, text=SENTENCE, *, client=engine, heard=None, **terms):
        request = SynthesisRequest(voice_dir, text, **terms)
        on_event = None if heard is None else heard.append
        return b"".join(chunk.pcm for chunk in client.synthesize(request, on_event, timeout_s=30))

    return say


def test_what_is_asked_for_and_what_it_costs(say, account, george):
    heard = []
    pcm = say(george, seed=2**32 + 7, heard=heard)
    (asked,) = account.speeches
    assert asked == {
        "voice": "JBFqnCBsd6RMkjVDRZzb",
        "text": SENTENCE,
        "model_id": "eleven_multilingual_v2",
        "seed": 7,
        "voice_settings": {"speed": 1.0},
    }
    metrics = {event.name: event.value for event in heard if isinstance(event, Metric)}
    assert metrics == {"provider_characters": len(SENTENCE), "provider_credits": len(SENTENCE)}
    assert len(pcm) == 2 * round(sum(map(str.isalnum, SENTENCE)) * 0.05 * RATE_HZ)


def test_a_made_voice_speaks_with_its_settings_and_model(  # noqa: PLR0917 - fixtures
    say, engine, account, make_request, recordings, tmp_path
):
    request = make_request(
        tmp_path, clips=recordings[:1], model="eleven_flash_v2_5", stability=0.2, style=0.4
    )
    engine.clone(request, timeout_s=60)
    say(request.artefact_dir, language="de")
    (asked,) = account.speeches
    assert (asked["model_id"], asked["language_code"]) == ("eleven_flash_v2_5", "de")
    assert asked["voice_settings"] == {"stability": 0.2, "similarity_boost": 0.75, "style": 0.4, "speed": 1.0}


@pytest.mark.parametrize(("speed", "there"), [(0.25, 0.7), (0.8, 0.8), (1.2, 1.2), (4.0, 1.2)])
def test_a_speed_that_it_does_not_take_is_made_up_for_here(say, account, george, speed, there):
    usual = len(say(george))
    spoken = len(say(george, speed=speed))
    assert account.speeches[1]["voice_settings"]["speed"] == there
    assert spoken == pytest.approx(usual / speed, rel=0.02)


def test_long_texts_are_asked_for_in_portions(say, account, george):
    text = "word " * 2100
    heard = []
    say(george, text.strip(), heard=heard)
    assert [len(one["text"]) for one in account.speeches] == [4999, 4999, 499]
    costs = [event.value for event in heard if isinstance(event, Metric) and event.name == "provider_credits"]
    assert costs == [4999, 4999, 499]


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ({"status": 401, "code": "quota_exceeded"}, ProviderQuotaExceeded),
        ({"status": 401, "code": "detected_unusual_activity"}, ProviderKeyRefused),
        ({"status": 429, "code": "too_many_concurrent_requests"}, ProviderRateLimited),
        ({"status": 404, "code": "voice_not_found"}, ProviderVoiceGone),
        ({"status": 400, "code": "voice_not_found"}, ProviderVoiceGone),
        ({"status": 502, "body": b"<html>"}, ProviderUnavailable),
        ({"body": b'{"audio": ""}'}, ProviderAnswerInvalid),
        ({"cut": True}, ProviderAnswerInvalid),
        ({"odd": True}, ProviderAnswerInvalid),
    ],
)
def test_what_goes_wrong_has_its_name(say, account, george, eleven_module, fault, error):  # noqa: PLR0917 - fixtures
    account.fail(eleven_module.SPEAK, **fault)
    with pytest.raises(error) as caught:
        say(george)
    assert type(caught.value) is error
    assert say(george)


def test_who_does_not_answer_is_not_waited_for(say, hasty, account, george, eleven_module):
    hold = account.fail(eleven_module.SPEAK, hold=threading.Event()).hold
    with pytest.raises(ProviderUnavailable, match=r"no answer within 1\.5 s"):
        say(george, client=hasty)
    hold.set()


def test_a_wrong_key_and_a_wrong_address_are_told(say, account, george, eleven_module):
    account.key = "sk_another"
    with pytest.raises(ProviderKeyRefused, match="Check ELEVENLABS_API_KEY") as caught:
        say(george)
    assert eleven_module.KEY not in caught.value.message
    absent = explained(httpx.ConnectError("refused"), doing="speaking", timeout_s=1)
    assert type(absent) is ProviderUnavailable
    assert "no connection: refused" in absent.message


def test_a_listener_who_leaves_is_heard_of_there(engine, account, george):
    cancel = threading.Event()
    with contextlib.suppress(Cancelled):
        for _ in engine.synthesize(SynthesisRequest(george, "word " * 900), cancel=cancel, timeout_s=30):
            cancel.set()
    assert account.broken_off.wait(20)


def test_the_voices_of_everybody_are_listed_and_nobody_elses(
    engine, account, make_request, recordings, tmp_path
):
    request = make_request(tmp_path, clips=recordings[:1])
    engine.clone(request, timeout_s=60)
    (made,) = account.voices.values()
    account.requests.clear()
    for category in ("cloned", "professional", "generated", None):
        made["category"] = category
        listed = engine.stock_voices(timeout_s=30)
        assert [voice.title for voice in listed] == ["George", "Sarah"]
        assert listed[0].languages == ("en",)
        for named in (made["voice_id"], made["name"]):
            with pytest.raises(StockVoiceNotFound) as refused:
                engine.write_stock_voice(named, tmp_path / "none", timeout_s=30)
            assert "George, Sarah." in refused.value.message
    assert account.requests.count("GET /v2/voices") == 2 * 3 * 4  # two pages
    with pytest.raises(StockVoiceNotFound, match="Did you mean 'Sarah'"):
        engine.write_stock_voice("Sara", tmp_path / "none", timeout_s=30)


@pytest.mark.parametrize("voice_id", ["x/../../voices/abc/edit?a=", "..", "abc\n", "", "a" * 65])
def test_an_artefact_leads_nowhere_else(say, engine, account, tmp_path, voice_id):
    """Artefacts can be uploaded, and the SDK puts the id into the address as it is."""
    facts = {"voice": voice_id, "language": "en", "model": "eleven_v3", "settings": {}}
    for made in (False, True):
        folder = tmp_path / str(made)
        folder.mkdir()
        write_note(folder, "elevenlabs", 1, facts | {"made": made})
        if made:
            (folder / PROVIDER_VOICE).write_text(json.dumps({"voice": voice_id}))
            with pytest.raises(ArtefactInvalid):
                engine.forget(folder, timeout_s=30)
        with pytest.raises(ArtefactInvalid):
            say(folder)
    assert not account.requests


def test_the_file_that_names_a_voice_is_of_the_same_voice(say, account, tmp_path):
    """It is what is compared with the voices made here, so nothing else may speak beside it."""
    facts = {"voice": "somebodyelses", "language": "en", "model": "eleven_v3", "settings": {}}
    (tmp_path / PROVIDER_VOICE).write_text(json.dumps({"voice": "minemine"}))
    for made in (False, True):
        write_note(tmp_path, "elevenlabs", 1, facts | {"made": made})
        with pytest.raises(ArtefactInvalid):
            say(tmp_path)
    assert not account.requests
