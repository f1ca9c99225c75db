from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest

from voicewright.errors import ErrorKind
from voicewright.privacy.errors import ConsentRequired
from voicewright.privacy.policies import ConsentScope, require_consent
from voicewright.privacy.speakers import speaker_key

NOW = datetime(2026, 5, 1, tzinfo=UTC)
DAY = timedelta(days=1)
CLONING = ConsentScope.VOICE_CLONING


@dataclass(frozen=True)
class Given:
    """A consent that was asserted so many days ago."""

    days_ago: float = 10
    speaker: str = "Ann"
    scope: list[str] = field(default_factory=lambda: ["voice-cloning"])
    expires_in: float | None = None
    revoked_ago: float | None = None

    @property
    def speaker_key(self):
        return speaker_key(self.speaker)

    @property
    def asserted_at(self):
        return NOW - self.days_ago * DAY

    @property
    def expires_at(self):
        return None if self.expires_in is None else NOW + self.expires_in * DAY

    @property
    def revoked_at(self):
        return None if self.revoked_ago is None else NOW - self.revoked_ago * DAY


def required(*consents, speaker="Ann"):
    return require_consent(consents, speaker=speaker, scope=CLONING, at=NOW)


@pytest.mark.parametrize("spelling", ["Ann", "ANN", "  ann ", "\uff21nn"])
def test_a_consent_counts_for_its_speaker_however_the_name_is_spelt(spelling):
    given = Given()
    assert required(given, speaker=spelling) is given


@pytest.mark.parametrize(
    "consents",
    [
        [],
        [Given(speaker="Bob")],
        [Given(scope=["something else"])],
        [Given(expires_in=-1)],
        [Given(expires_in=0)],
        [Given(revoked_ago=1)],
        [Given(expires_in=5, revoked_ago=0)],
    ],
)
def test_without_a_standing_consent_there_is_no_voice(consents):
    with pytest.raises(ConsentRequired) as caught:
        required(*consents)
    assert (caught.value.code, caught.value.kind) == ("CONSENT_REQUIRED", ErrorKind.FORBIDDEN)


def test_the_consent_that_lasts_longest_is_named():
    short, long, longer = Given(expires_in=1), Given(expires_in=5), Given(days_ago=3)
    assert required(short, long) is long
    assert required(long, longer, short) is longer


def test_revoking_one_ends_all_that_were_given_before_and_none_that_came_later():
    old, revoked, new = Given(days_ago=9), Given(days_ago=5, revoked_ago=3), Given(days_ago=1)
    with pytest.raises(ConsentRequired, match="took back"):
        required(old, revoked)
    assert required(old, revoked, new) is new


def test_a_revoked_consent_to_something_else_ends_nothing():
    given = Given()
    assert required(given, Given(scope=["something else"], revoked_ago=1)) is given
    assert required(given, Given(speaker="Bob", revoked_ago=1)) is given


@pytest.mark.parametrize(
    ("consents", "words"),
    [([], "Nobody has recorded"), ([Given(expires_in=-1)], "expired"), ([Given(revoked_ago=1)], "took back")],
)
def test_the_refusal_says_why_and_how_to_record_one(consents, words):
    with pytest.raises(ConsentRequired, match=words) as caught:
        required(*consents, speaker='Zo\u00eb "Z"' if not consents else "Ann")
    message = caught.value.message
    assert "voicewright consents add" in message
    example = message[message.index("POST /consents with ") + len("POST /consents with ") :]
    body, _ = json.JSONDecoder().raw_decode(example)
    assert body["scope"] == ["voice-cloning"]
    assert body["speaker"] in {"Ann", 'Zo\u00eb "Z"'}
