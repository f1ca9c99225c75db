"""Voices are made, found again, verified, waited for and deleted at ElevenLabs, whatever goes wrong."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import threading

import pytest

from voicewright.engines.errors import (
    Cancelled,
    HostDied,
    ProviderAnswerInvalid,
    ProviderConsentRequired,
    ProviderKeyRefused,
    ProviderQuotaExceeded,
    ProviderRateLimited,
    ProviderRefused,
    ProviderUnavailable,
    ProviderVoiceGone,
    TooLittleSpeech,
)
from voicewright.engines.host.events import LogLine, Progress
from voicewright.engines.port import PROVIDER_VOICE


@pytest.fixture(autouse=True)
def _clear(account):
    account.clear()


@pytest.fixture
def short(recordings):
    """One clip of a minute: enough for an instant voice."""
    return recordings[:1]


def clone(engine, request):
    shutil.rmtree(request.artefact_dir, ignore_errors=True)
    return engine.clone(request, timeout_s=60)


def train(engine, request, **terms):
    shutil.rmtree(request.artefact_dir, ignore_errors=True)
    return engine.train(request, timeout_s=60, **terms)


def test_an_instant_voice_is_made_of_the_best_three_minutes_and_found_again(
    engine, account, make_request, tmp_path, eleven_module
):
    request = make_request(tmp_path)
    outcome = clone(engine, request)
    (voice,) = account.voices.values()
    assert re.fullmatch("voicewright-[0-9a-f]{16}", voice["name"])  # the speaker's name is nobody's there
    assert not outcome.resumed
    assert json.loads((request.artefact_dir / PROVIDER_VOICE).read_text()) == {"voice": voice["voice_id"]}
    assert clone(engine, request).resumed
    assert account.requests.count(eleven_module.CREATE) == 1
    account.voices.clear()  # somebody deleted it there
    assert not clone(engine, request).resumed
    assert len(account.voices) == 1


@pytest.mark.parametrize(
    ("status", "code", "error"),
    [
        (401, "quota_exceeded", ProviderQuotaExceeded),
        (400, "voice_limit_reached", ProviderQuotaExceeded),
        (401, "missing_permissions", ProviderKeyRefused),
        (403, "can_not_use_instant_voice_cloning", ProviderKeyRefused),
        (429, "too_many_concurrent_requests", ProviderRateLimited),
        (429, "system_busy", ProviderRateLimited),
        (400, "voice_too_noisy", ProviderRefused),
        (503, "", ProviderUnavailable),
    ],
)
def test_each_refusal_has_the_meaning_that_it_has(  # noqa: PLR0917 - fixtures
    engine, account, make_request, short, tmp_path, eleven_module, status, code, error
):
    account.fail(eleven_module.CREATE, status=status, code=code, message="So it is.")
    with pytest.raises(error, match="ElevenLabs") as caught:
        clone(engine, make_request(tmp_path, clips=short))
    assert status >= 500 or "So it is" in caught.value.message
    assert type(caught.value) is error
    assert account.requests.count(eleven_module.CREATE) == 1  # what makes something is asked for once
    assert eleven_module.KEY not in caught.value.message


def test_a_list_of_faults_is_told_by_place(engine, account, make_request, short, tmp_path, eleven_module):  # noqa: PLR0917 - fixtures
    body = json.dumps({"detail": [{"loc": ["body", "name"], "msg": "too short", "type": "value_error"}]})
    account.fail(eleven_module.CREATE, status=422, body=body.encode())
    with pytest.raises(ProviderRefused, match=r"body\.name: too short"):
        clone(engine, make_request(tmp_path, clips=short))


@pytest.mark.parametrize(
    "fault", [{"body": b"<html>"}, {"body": b"{}"}, {"body": b"[]"}, {"lose_answer": True}], ids=str
)
def test_a_voice_whose_answer_says_nothing_is_found_by_its_label(  # noqa: PLR0917 - fixtures
    engine, account, make_request, short, tmp_path, eleven_module, fault
):
    account.fail(eleven_module.CREATE, **fault)
    clone(engine, make_request(tmp_path, clips=short))
    (voice_id,) = account.voices
    assert json.loads((tmp_path / "artefact" / PROVIDER_VOICE).read_text()) == {"voice": voice_id}


def test_a_voice_that_is_made_later_is_taken_by_the_next_attempt(  # noqa: PLR0917 - fixtures
    engine, hasty, account, make_request, short, tmp_path, eleven_module
):
    request = make_request(tmp_path, clips=short)
    hold = account.fail(eleven_module.CREATE, hold=threading.Event()).hold
    with pytest.raises(ProviderUnavailable, match=r"no answer within 1\.5 s"):
        clone(hasty, request)
    hold.set()
    assert account.wait_until_made()
    assert clone(engine, request).resumed
    assert len(account.voices) == 1


def test_a_voice_that_nobody_heard_of_is_deleted_where_other_clips_are_sent(  # noqa: PLR0917 - fixtures
    engine, account, make_request, recordings, tmp_path, eleven_module
):
    account.fail(eleven_module.CREATE, body=b"{}")
    for _ in range(3):  # the SDK asks three times
        account.fail("GET /v2/voices", status=503)
    with pytest.raises(ProviderAnswerInvalid, match="no id of a voice"):
        clone(engine, make_request(tmp_path, clips=recordings[:1]))
    (lost,) = account.voices
    assert not clone(engine, make_request(tmp_path, clips=recordings[:2])).resumed
    assert lost not in account.voices
    assert len(account.voices) == 1


def test_a_voice_that_was_made_while_the_process_was_killed_is_taken(  # noqa: PLR0917 - fixtures
    make_client, account, make_request, short, tmp_path, eleven_module
):
    request = make_request(tmp_path, clips=short)
    hold = account.fail(eleven_module.CREATE, hold_answer=threading.Event()).hold_answer
    with make_client() as client:

        def kill():
            account.asked.wait(30)
            os.kill(client.pid, signal.SIGKILL)

        threading.Thread(target=kill, daemon=True).start()
        with pytest.raises(HostDied):
            clone(client, request)
        hold.set()
        assert clone(client, request).resumed
    assert len(account.voices) == 1


def test_a_voice_nobody_waits_for_any_more_is_deleted_there(  # noqa: PLR0917 - fixtures
    engine, account, make_request, short, tmp_path, eleven_module
):
    hold, cancel = threading.Event(), threading.Event()
    account.fail(eleven_module.CREATE, hold_answer=hold)

    def stop():
        account.asked.wait(30)
        cancel.set()

    threading.Thread(target=stop, daemon=True).start()
    with pytest.raises(Cancelled):
        engine.clone(make_request(tmp_path, clips=short), cancel=cancel, timeout_s=60)
    hold.set()  # now the answer comes
    assert account.wait_until_empty()


def test_what_is_nobodys_to_speak_with_is_deleted_and_refused(engine, account, make_request, short, tmp_path):
    account.demands_verification = True
    with pytest.raises(ProviderRefused, match="verified before"):
        clone(engine, make_request(tmp_path, clips=short))
    assert not account.voices


def test_a_professional_voice_needs_half_an_hour(engine, account, make_request, recordings, tmp_path):
    with pytest.raises(TooLittleSpeech, match=r"1800 s are needed.*method `clone`"):
        train(engine, make_request(tmp_path, clips=recordings[:20]))
    assert not account.requests


def test_a_training_goes_on_where_it_was_cut_off(engine, account, make_request, tmp_path, eleven_module):
    request = make_request(tmp_path)
    account.states = ["queued", "queued", "queued", "fine_tuning", "fine_tuned"]
    account.fail(eleven_module.SAMPLES)
    account.fail(eleven_module.SAMPLES)
    account.fail(eleven_module.SAMPLES, status=503)
    with pytest.raises(ProviderUnavailable):
        train(engine, request)
    (voice,) = account.voices.values()
    assert len(voice["samples"]) == 2
    account.fail(eleven_module.TRAIN, lose_answer=True)  # it begins there, and nobody hears of it
    with pytest.raises(ProviderAnswerInvalid, match="broke off"):
        train(engine, request)
    heard = []
    outcome = train(engine, request, on_event=heard.append)
    assert outcome.resumed
    assert len(account.voices) == 1
    assert len({sample["file_name"] for sample in voice["samples"]}) == len(voice["samples"]) == 15
    assert account.requests.count(eleven_module.TRAIN) == 1
    told = [event.stage for event in heard if isinstance(event, Progress)]
    assert told[-1] == "done"
    assert [stage for stage in told if "(fine_tuning)" in stage]
    engine.forget(request.artefact_dir, timeout_s=30)
    assert not account.voices


def test_a_training_that_fails_there_says_why_and_may_be_begun_again(
    engine, account, make_request, tmp_path, eleven_module
):
    request = make_request(tmp_path)
    account.states = ["queued", "failed"]
    with pytest.raises(ProviderRefused, match="the recordings differ too much"):
        train(engine, request)
    account.states = ["failed", "failed", "delayed", "fine_tuned"]  # the first looks see the one before it
    assert train(engine, request).resumed
    assert account.requests.count(eleven_module.TRAIN) == 2
    assert account.requests.count(eleven_module.SAMPLES) == 15


def test_a_training_is_stopped_while_it_is_waited_for(engine, account, make_request, tmp_path):
    account.states = ["queued"]
    cancel = threading.Event()

    def stop_when_queued(event):
        if isinstance(event, Progress) and "(queued)" in event.stage:
            cancel.set()

    with pytest.raises(Cancelled):
        train(engine, make_request(tmp_path), on_event=stop_when_queued, cancel=cancel)
    assert len(account.voices) == 1  # what becomes of it is the platform's to decide
    assert (tmp_path / "checkpoint" / PROVIDER_VOICE).is_file()


def test_who_deletes_the_voice_meanwhile_ends_the_training(engine, account, make_request, tmp_path):
    account.states = ["queued"]

    def delete_when_queued(event):
        if isinstance(event, Progress) and "(queued)" in event.stage:
            account.voices.clear()

    with pytest.raises(ProviderVoiceGone):
        train(engine, make_request(tmp_path), on_event=delete_when_queued)


def test_the_speaker_reads_what_is_asked_for_in_the_next_attempt(
    engine, account, make_request, tmp_path, eleven_module
):
    account.demands_verification = True
    with pytest.raises(ProviderConsentRequired, match=eleven_module.CAPTCHA):
        train(engine, make_request(tmp_path, pitch_hz=150))
    with pytest.raises(ProviderConsentRequired):  # it is the recording of before
        train(engine, make_request(tmp_path, pitch_hz=150))
    assert not account.read
    request = make_request(tmp_path, pitch_hz=200)
    assert train(engine, request).resumed
    assert account.read == [request.consent.path.read_bytes()]
    assert account.requests.count(eleven_module.SAMPLES) == 15


@pytest.mark.slow
def test_a_picture_to_be_read_is_in_the_log(engine, account, make_request, tmp_path):
    account.demands_verification = True
    account.captcha = ("image/png", b"\x89PNG")
    heard = []
    with pytest.raises(ProviderConsentRequired, match="in the picture"):
        train(engine, make_request(tmp_path), on_event=heard.append)
    logs = [event.text for event in heard if isinstance(event, LogLine)]
    assert any("data:image/png;base64,iVBORw==" in line for line in logs)
    account.fail("GET /v1/voices/pvc/*/captcha", status=429, code="system_busy", message="Later.")
    account.fail("GET /v1/voices/pvc/*/captcha", status=429, code="system_busy", message="Later.")
    account.fail("GET /v1/voices/pvc/*/captcha", status=429, code="system_busy", message="Later.")
    with pytest.raises(ProviderRateLimited, match="Later"):
        train(engine, make_request(tmp_path))


@pytest.mark.slow
def test_people_there_look_at_the_consent_where_that_is_asked_for(engine, account, make_request, tmp_path):
    account.demands_verification = True
    with pytest.raises(ProviderConsentRequired, match="there is none"):
        train(engine, make_request(tmp_path, verification="manual"))
    request = make_request(tmp_path, pitch_hz=150, verification="manual")
    for _ in range(2):
        with pytest.raises(ProviderConsentRequired, match="takes days"):
            train(engine, request)
    assert account.requests.count("POST /v1/voices/pvc/*/verification") == 1
    (voice,) = account.voices.values()
    voice["voice_verification"]["is_verified"] = True
    assert train(engine, request).resumed


def test_what_can_not_be_deleted_is_an_error_and_what_is_gone_is_none(  # noqa: PLR0917 - fixtures
    engine, account, make_request, short, tmp_path, eleven_module
):
    request = make_request(tmp_path, clips=short)
    clone(engine, request)
    for _ in range(3):  # the SDK asks three times
        account.fail(eleven_module.DELETE, status=500)
    with pytest.raises(ProviderUnavailable):
        engine.forget(request.artefact_dir, timeout_s=30)
    assert len(account.voices) == 1
    engine.forget(request.artefact_dir, timeout_s=30)
    engine.forget(request.artefact_dir, timeout_s=30)
    assert not account.voices
