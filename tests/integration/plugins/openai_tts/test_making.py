"""Making voices at OpenAI: nothing is sent without the consent, nothing is left there that nobody uses."""

from __future__ import annotations

import dataclasses
import json
import os
import re
import signal
import threading

import pytest

from voicewright.engines.errors import (
    ArtefactInvalid,
    Cancelled,
    HostDied,
    ProviderConsentRequired,
    ProviderError,
    ProviderKeyRefused,
    ProviderOutcomeUnknown,
    ProviderQuotaExceeded,
    ProviderRateLimited,
    ProviderRefused,
    ProviderUnavailable,
)
from voicewright.engines.host.events import LogLine
from voicewright.engines.port import PROVIDER_VOICE
from voicewright.training.recovery import is_temporary

CONSENT, VOICE = "POST /audio/voice_consents", "POST /audio/voices"
PHRASE = "I am the owner of this voice and I consent to OpenAI using this voice"


@pytest.fixture(autouse=True)
def empty_account(account):
    account.clear()


def refusal_of(engine, request):
    with pytest.raises(ProviderError) as caught:
        engine.clone(request, timeout_s=60)
    return caught.value


def test_a_voice_is_made_of_the_consent_and_the_best_of_the_clips(engine, account, make_request, tmp_path):
    request = make_request(tmp_path, consent="de-DE", language="de", instructions="Speak calmly.")
    outcome = engine.clone(request, timeout_s=60)

    (consent,), (voice,) = account.consents.values(), account.voices.values()
    assert (consent["language"], consent["name"]) == ("de", voice["name"])
    assert re.fullmatch("voicewright-[0-9a-f]{16}", voice["name"])  # the speaker's name is nobody's there
    assert account.requests == [CONSENT, VOICE]
    assert (outcome.speech_s, outcome.resumed) == (12.0, False)
    note = json.loads((request.artefact_dir / "voice.json").read_text())
    assert (note["voice"], note["model"], note["language"]) == (voice["id"], "gpt-4o-mini-tts", "de")
    assert note["instructions"] == "Speak calmly."
    assert json.loads((request.artefact_dir / PROVIDER_VOICE).read_text()) == {
        "voice": voice["id"],
        "consent": consent["id"],
    }


@pytest.mark.parametrize(
    ("consent", "said"),
    [
        ({"none": True}, "there is none"),
        ({"consent": "sw"}, "in the language 'sw'"),
        ({"consent_s": 31.0}, "takes 31.0 s"),
        ({"consent_s": 0.5}, "takes 0.5 s"),
    ],
)
def test_without_a_fitting_consent_nothing_is_sent(engine, account, make_request, tmp_path, *, consent, said):
    none = consent.pop("none", False)
    request = make_request(tmp_path, **consent)
    if none:
        request = dataclasses.replace(request, consent=None)
    with pytest.raises(ProviderConsentRequired, match=said) as caught:
        engine.clone(request)
    assert PHRASE in caught.value.message
    assert "Nothing was uploaded" in caught.value.message
    assert "POST /v1/audio/voice_consents" in caught.value.message
    assert account.requests == []


def test_the_sentence_is_told_in_the_language_of_the_voice(engine, make_request, tmp_path):
    request = dataclasses.replace(make_request(tmp_path, language="it"), consent=None)
    with pytest.raises(ProviderConsentRequired, match="Sono il proprietario di questa voce"):
        engine.clone(request)


def test_a_consent_that_is_no_recording_is_not_sent(engine, account, make_request, tmp_path):
    request = make_request(tmp_path)
    request.consent.path.write_bytes(b"not a wave file")
    assert "can't be read" in refusal_of(engine, request).message
    assert account.requests == []


@pytest.mark.parametrize(
    ("fault", "error", "said"),
    [
        ({"status": 400, "message": "The phrase is another."}, ProviderRefused, "phrase is another"),
        ({"status": 401, "code": "invalid_api_key"}, ProviderKeyRefused, "OPENAI_API_KEY"),
        ({"status": 403}, ProviderKeyRefused, "admitted to custom voices"),
        ({"status": 404}, ProviderKeyRefused, "admitted to custom voices"),
        ({"status": 413}, ProviderRefused, "It went wrong"),
        ({"status": 429, "headers": {"retry-after": "1"}}, ProviderRateLimited, "too often"),
        ({"status": 429, "code": "insufficient_quota"}, ProviderQuotaExceeded, "raise its limit"),
        ({"status": 503, "body": b"<html>down</html>"}, ProviderUnavailable, "HTTP status 503"),
        ({"status": 500}, ProviderOutcomeUnknown, "Look for the name"),
        ({"lose_answer": True}, ProviderOutcomeUnknown, "Look for the name"),
        ({"body": b"<html>hello</html>"}, ProviderOutcomeUnknown, "Look for the name"),
    ],
)
def test_each_refusal_has_its_name_and_leaves_nothing(
    engine, account, make_request, tmp_path, *, fault, error, said
):
    account.fail(VOICE, **fault)
    refused = refusal_of(engine, make_request(tmp_path))
    assert type(refused) is error
    assert said in refused.message
    assert account.consents == {}
    # what is refused is not sent again
    assert account.requests[:3] == [CONSENT, VOICE, account.requests[2]]
    assert account.requests[2].startswith("DELETE /audio/voice_consents/")
    assert len(account.requests) == 3


def test_a_refused_consent_ends_it(engine, account, make_request, tmp_path):
    account.fail(CONSENT, status=400, message="The phrase was not said.")
    assert "The phrase was not said" in refusal_of(engine, make_request(tmp_path)).message
    assert account.requests == [CONSENT]


def test_the_key_is_in_no_message(make_client, contract_module, make_request, tmp_path):
    with make_client(OPENAI_API_KEY="sk-proj-somebody-elses-key") as client:
        refused = refusal_of(client, make_request(tmp_path))
    assert type(refused) is ProviderKeyRefused
    assert "Incorrect API key provided: (the key)" in refused.message
    assert contract_module.KEY[:8] not in refused.message
    assert "somebody" not in refused.message


def test_a_consent_whose_id_did_not_arrive_is_found_and_deleted(hasty, account, make_request, tmp_path):
    hold = threading.Event()
    account.fail(CONSENT, hold_answer=hold)
    account.consents["cons_other"] = {"id": "cons_other", "name": "another", "object": "audio.voice_consent"}
    refused = refusal_of(hasty, make_request(tmp_path))
    hold.set()
    assert type(refused) is ProviderUnavailable
    assert "no answer within 1.5 s" in refused.message
    assert list(account.consents) == ["cons_other"]
    assert VOICE not in account.requests


def test_a_voice_that_may_have_been_made_is_not_made_again_by_itself(engine, account, make_request, tmp_path):
    account.fail(VOICE, lose_answer=True)
    said = []
    with pytest.raises(ProviderOutcomeUnknown) as caught:
        engine.clone(make_request(tmp_path), said.append, timeout_s=60)
    (voice,) = account.voices.values()  # they can't be listed
    assert repr(voice["name"]) in caught.value.message
    assert not is_temporary(caught.value)
    assert any(isinstance(event, LogLine) and "broke off" in event.text for event in said)


def test_what_never_arrived_there_is_tried_again(make_client, make_request, tmp_path):
    with make_client(OPENAI_BASE_URL="http://127.0.0.1:9/v1") as client:
        assert is_temporary(refusal_of(client, make_request(tmp_path)))


def kill_when_asked(client, account, request):
    """One attempt, whose process is killed while the held answer is waited for."""

    def kill():
        assert account.asked.wait(30)
        os.kill(client.pid, signal.SIGKILL)

    killer = threading.Thread(target=kill, daemon=True)
    killer.start()
    with pytest.raises(HostDied):
        client.clone(request, timeout_s=60)
    killer.join(30)


def test_what_a_killed_attempt_left_is_deleted_or_told(make_client, account, make_request, tmp_path):
    checkpoint = tmp_path / "checkpoint"
    checkpoint.mkdir()
    request = dataclasses.replace(make_request(tmp_path), checkpoint_dir=checkpoint)
    with make_client() as client:
        hold = account.fail(CONSENT, hold_answer=threading.Event()).hold_answer
        kill_when_asked(client, account, request)
        hold.set()
        (left,) = account.consents
        hold = account.fail(VOICE, hold_answer=threading.Event()).hold_answer
        account.asked.clear()
        kill_when_asked(client, account, request)
        hold.set()
        assert left not in account.consents
        (voice,) = account.voices.values()
        refused = refusal_of(client, request)
        assert type(refused) is ProviderOutcomeUnknown
        assert repr(voice["name"]) in refused.message
        assert not account.consents
        assert client.clone(request, timeout_s=60).stopped == "finished"  # somebody has looked
        again = dataclasses.replace(request, artefact_dir=tmp_path / "again")
        assert client.clone(again, timeout_s=60).resumed


def test_what_can_not_be_deleted_again_is_in_the_log(engine, account, make_request, tmp_path):
    account.fail(VOICE, status=400, message="Speakers do not match.")
    account.fail("DELETE /audio/voice_consents", status=403)
    said = []
    with pytest.raises(ProviderRefused, match="Speakers do not match"):
        engine.clone(make_request(tmp_path), said.append, timeout_s=60)
    assert any(isinstance(event, LogLine) and "could not be deleted" in event.text for event in said)


def test_a_cancelled_upload_is_deleted_when_it_arrives(engine, account, make_request, tmp_path):
    hold = account.fail(VOICE, hold_answer=threading.Event()).hold_answer
    cancel = threading.Event()
    request = make_request(tmp_path)

    def cancel_when_asked():
        assert account.asked.wait(30)
        cancel.set()

    threading.Thread(target=cancel_when_asked, daemon=True).start()
    engine.start()
    before = engine.pid
    with pytest.raises(Cancelled):
        engine.clone(request, None, cancel, timeout_s=60)
    assert engine.pid == before
    assert len(account.voices) == 1
    hold.set()
    with account.changed:
        assert account.changed.wait_for(lambda: not (account.voices or account.consents), 30)
    assert not any(request.artefact_dir.iterdir())


def test_another_attempt_takes_the_voice_that_is_there_already(engine, account, make_request, tmp_path):
    checkpoint = tmp_path / "checkpoint"
    checkpoint.mkdir()
    request = dataclasses.replace(make_request(tmp_path), checkpoint_dir=checkpoint)
    assert not engine.clone(request, timeout_s=60).resumed
    again = dataclasses.replace(request, artefact_dir=tmp_path / "again")
    assert engine.clone(again, timeout_s=60).resumed
    assert len(account.voices) == 1
    of_another = make_request(tmp_path / "another", consent_s=4.0)
    other = dataclasses.replace(of_another, checkpoint_dir=checkpoint)
    assert not engine.clone(other, timeout_s=60).resumed
    assert len(account.voices) == 2


def test_a_voice_is_forgotten_with_its_consent_and_again_when_the_provider_is_back(
    engine, account, make_request, tmp_path
):
    request = make_request(tmp_path)
    engine.clone(request, timeout_s=60)
    for _ in range(3):  # the SDK asks three times
        account.fail("DELETE /audio/voices", status=503, headers={"retry-after-ms": "1"})
    with pytest.raises(ProviderUnavailable):
        engine.forget(request.artefact_dir, timeout_s=60)
    assert account.voices
    engine.forget(request.artefact_dir, timeout_s=60)
    assert not account.voices
    assert not account.consents
    stock = tmp_path / "stock"
    engine.write_stock_voice("alloy", stock, timeout_s=60)
    engine.forget(stock, timeout_s=60)  # nothing of it lies there
    (request.artefact_dir / PROVIDER_VOICE).write_text("{")
    with pytest.raises(ArtefactInvalid, match="damaged"):
        engine.forget(request.artefact_dir, timeout_s=60)
