"""Making voices at Google: nothing is sent without the consent, and the key is all there is."""

from __future__ import annotations

import dataclasses
import json
import threading

import pytest

from voicewright.engines.errors import (
    Cancelled,
    ProviderAnswerInvalid,
    ProviderConsentRequired,
    ProviderError,
    ProviderKeyRefused,
    ProviderQuotaExceeded,
    ProviderRateLimited,
    ProviderRefused,
    ProviderUnavailable,
)

KEY, TOKEN = "key", "token"


@pytest.fixture(autouse=True)
def empty_project(project):
    project.clear()


def refusal_of(engine, request):
    with pytest.raises(ProviderError) as caught:
        engine.clone(request, timeout_s=60)
    return caught.value


@pytest.mark.parametrize(
    ("language", "consent"), [("en-us", "en-US"), ("de-de", "de"), ("en-us", "en-AU"), ("en-us", "en")]
)
def test_a_key_is_made_of_the_consent_and_ten_seconds(
    engine, project, make_request, tmp_path, *, language, consent
):
    request = make_request(tmp_path, language=language, consent=consent)
    assert engine.clone(request, timeout_s=60).speech_s == 12.0
    assert project.requests.count(KEY) == 1
    note = json.loads((request.artefact_dir / "voice.json").read_text())
    assert note["cloning_key"] in project.keys
    assert (note["language"], note["model"]) == (language, "chirp-3-instant-custom-voice")


@pytest.mark.parametrize(
    ("consent", "said"),
    [
        (None, "there is none"),
        ({"consent": "de"}, r"in another language \(de-de\)"),
        ({"consent": "sw"}, "in the language 'sw'"),
        ({"consent_s": 10.5}, "takes 10.5 s"),
    ],
)
def test_without_a_fitting_consent_nothing_is_sent(engine, project, make_request, tmp_path, *, consent, said):
    request = make_request(tmp_path, **(consent or {}))
    if consent is None:
        request = dataclasses.replace(request, consent=None)
    with pytest.raises(ProviderConsentRequired, match=said) as caught:
        engine.clone(request)
    assert "I am the owner of this voice and I consent to Google" in caught.value.message
    assert "Nothing was uploaded" in caught.value.message
    assert project.requests == []


@pytest.mark.parametrize(
    ("fault", "error", "said"),
    [
        ({"status": 400, "message": "The consent was not said."}, ProviderRefused, "not said"),
        ({"status": 401}, ProviderKeyRefused, "GOOGLE_APPLICATION_CREDENTIALS"),
        ({"status": 403, "message": "Permission denied."}, ProviderKeyRefused, "put on a list"),
        ({"status": 403, "reason": "BILLING_DISABLED"}, ProviderQuotaExceeded, "raise its limit"),
        ({"status": 404}, ProviderKeyRefused, "put on a list"),
        ({"status": 413}, ProviderRefused, "It went wrong"),
        ({"status": 429, "reason": "RATE_LIMIT_EXCEEDED"}, ProviderRateLimited, "too often"),
        ({"status": 500}, ProviderUnavailable, "can't be had"),
        ({"status": 503}, ProviderUnavailable, "can't be had"),
        ({"cut": True}, ProviderAnswerInvalid, "broke off"),
        ({"body": b"<html></html>"}, ProviderAnswerInvalid, "can't be read"),
        ({"body": b"{}"}, ProviderAnswerInvalid, "no key"),
    ],
)
def test_each_refusal_has_its_name_and_is_not_asked_again(
    engine, project, make_request, tmp_path, *, fault, error, said
):
    # Google's own library renews a token that is refused, twice
    attempts = 3 if fault.get("status") == 401 else 1
    for _ in range(attempts):
        project.fail(KEY, **fault)
    refused = refusal_of(engine, make_request(tmp_path))
    assert type(refused) is error
    assert said in refused.message
    assert project.requests.count(KEY) == attempts


def test_credentials_that_can_not_be_used_are_named(make_client, project, make_request, tmp_path):
    request = make_request(tmp_path)
    with make_client(GOOGLE_APPLICATION_CREDENTIALS=str(tmp_path / "none.json")) as client:
        assert "No such file" in refusal_of(client, request).message
        (tmp_path / "none.json").write_text('{"type": "authorized_user"}')
        refused = refusal_of(client, request)
        assert "no key of a service account" in refused.message
        key = json.loads(project.credentials)
        (tmp_path / "none.json").write_text(json.dumps(key))
        project.fail(TOKEN, status=400, reason="invalid_grant", message="Account not found.")
        refused = refusal_of(client, request)
        assert type(refused) is ProviderKeyRefused
        assert "invalid_grant" in refused.message
        assert key["private_key"][40:80] not in refused.message
    assert KEY not in project.requests


def test_a_cancellation_does_not_wait_for_the_answer(engine, project, make_request, tmp_path):
    hold = project.fail(KEY, hold=threading.Event()).hold
    cancel = threading.Event()

    def cancel_when_asked():
        assert project.asked.wait(30)
        cancel.set()

    threading.Thread(target=cancel_when_asked, daemon=True).start()
    engine.start()
    before = engine.pid
    with pytest.raises(Cancelled):
        engine.clone(make_request(tmp_path), None, cancel, timeout_s=60)
    assert engine.pid == before
    hold.set()
