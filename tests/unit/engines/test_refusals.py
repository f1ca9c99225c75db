from __future__ import annotations

import pytest

from voicewright.engines.port import Provider
from voicewright.engines.refusals import bad_answer, refusal, unavailable

ACME = Provider("Acme", needs=("ACME_KEY",))


@pytest.mark.parametrize(
    ("status", "code", "expected", "temporary"),
    [
        (400, "", "PROVIDER_REFUSED", False),
        (401, "", "PROVIDER_KEY_REFUSED", False),
        (401, "quota_exceeded", "PROVIDER_QUOTA_EXCEEDED", False),
        (402, "", "PROVIDER_QUOTA_EXCEEDED", False),
        (403, "", "PROVIDER_KEY_REFUSED", False),
        (404, "", "PROVIDER_VOICE_GONE", False),
        (408, "", "PROVIDER_UNAVAILABLE", True),
        (413, "", "PROVIDER_REFUSED", False),
        (422, "", "PROVIDER_REFUSED", False),
        (429, "rate_limit_exceeded", "PROVIDER_RATE_LIMITED", True),
        (429, "insufficient_quota", "PROVIDER_QUOTA_EXCEEDED", False),
        (500, "", "PROVIDER_UNAVAILABLE", True),
        (503, "", "PROVIDER_UNAVAILABLE", True),
    ],
)
def test_every_status_says_what_it_is_and_whether_waiting_helps(status, code, expected, temporary):
    error = refusal(ACME, status, "no,\n  not so", code=code, doing="making a voice")
    assert (error.code, error.retryable) == (expected, temporary)
    assert "Acme" in error.message
    assert "no, not so" in error.message
    assert "making a voice" in error.message


def test_a_refused_key_is_named_by_its_setting():
    assert "ACME_KEY" in refusal(ACME, 401, "", doing="speaking").message


def test_what_never_answers_or_answers_nonsense_may_do_better_later():
    assert unavailable(ACME, "timed out", doing="speaking").retryable
    assert bad_answer(ACME, "no audio", doing="speaking").retryable
