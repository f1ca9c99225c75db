from __future__ import annotations

import pytest

from voicewright.api.openai_form import duration, openai_body, openai_headers, openai_status, speaks_openai
from voicewright.api.openai_voice_choice import STOCK, stands_for
from voicewright.api.problems import STATUS
from voicewright.errors import FieldFault


@pytest.mark.parametrize(
    ("status", "code", "told"),
    [
        (401, "NOT_AUTHENTICATED", ("invalid_request_error", "invalid_api_key")),
        (402, "DAILY_BUDGET_EXCEEDED", ("insufficient_quota", "insufficient_quota")),
        (403, "NOT_ALLOWED", ("invalid_request_error", "not_allowed")),
        (404, "NOT_FOUND", ("invalid_request_error", "unknown_url")),
        (405, "METHOD_NOT_ALLOWED", ("invalid_request_error", "method_not_supported")),
        (422, "TEXT_EMPTY", ("invalid_request_error", "text_empty")),
        (429, "RATE_LIMITED", ("requests", "rate_limit_exceeded")),
        (500, "INTERNAL_ERROR", ("server_error", "internal_error")),
        (503, "SPEECH_OVERLOADED", ("server_error", "speech_overloaded")),
        (507, "STORAGE_FULL", ("server_error", "storage_full")),
    ],
)
def test_errors_have_the_type_and_the_code_that_openai_gives_them(
    status: int, code: str, told: tuple[str, str]
) -> None:
    error = openai_body(status, code, "Words.", [FieldFault("voice", "no"), FieldFault("input", "no")])[
        "error"
    ]
    assert (error["type"], error["code"]) == told
    assert (error["message"], error["param"]) == ("Words.", "voice")
    assert openai_body(status, code, "Words.")["error"]["param"] is None


def test_no_status_is_one_that_openai_never_sends() -> None:
    assert {openai_status(status) for status in STATUS.values()} & {402, 415, 422} == set()
    assert openai_headers({"RateLimit-Limit": "5", "RateLimit-Remaining": "0", "RateLimit-Reset": "99"}) == {
        "RateLimit-Limit": "5",
        "RateLimit-Remaining": "0",
        "RateLimit-Reset": "99",
        "x-ratelimit-limit-requests": "5",
        "x-ratelimit-remaining-requests": "0",
        "x-ratelimit-reset-requests": "1m39s",
    }
    assert openai_headers({"Allow": "GET"}) == {"Allow": "GET"}


def test_times_are_written_as_openai_writes_them() -> None:
    assert [duration(seconds) for seconds in (0, 59, 60, 3599, 3600, 90_061)] == [
        "0s", "59s", "1m0s", "59m59s", "1h0m0s", "25h1m1s",
    ]  # fmt: skip


def test_which_paths_are_openais() -> None:
    assert all(map(speaks_openai, ("/v1", "/v1/", "/v1/models", "/v1/x/y", "/audio/voices")))
    assert not any(
        map(speaks_openai, ("/", "/v1x", "/v10/models", "/api/v1/admin", "/audio", "/api/voice/upload"))
    )


def test_openais_voices_stand_for_those_that_the_operator_chose() -> None:
    assert len(STOCK) == 13
    assert stands_for("alloy", {}) is None
    assert stands_for("alloy", {"alloy": "Ann", "*": "Bea"}) == "Ann"
    assert stands_for("nova", {"alloy": "Ann", "*": "Bea"}) == "Bea"
    assert stands_for("nova", {"nova": "active", "*": "Bea"}) is None
