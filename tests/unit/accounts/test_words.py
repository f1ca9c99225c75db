"""Addresses, names, secrets: the small words of accounts."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicewright.accounts.emails import clean_email, email_key
from voicewright.accounts.errors import EmailInvalid, PersonNameInvalid
from voicewright.accounts.models import User
from voicewright.accounts.names import clean_person_name
from voicewright.accounts.oidc import _values
from voicewright.accounts.opaque import API_KEY, Opaque, digest_of, new_opaque
from voicewright.accounts.sign_in_limits import network_of


def test_spellings_of_one_address_are_one_account() -> None:
    spellings = ["Ann@Example.com", " ann@example.COM\n", "\uff21nn@example.com"]
    assert {email_key(one) for one in spellings} == {"ann@example.com"}
    assert email_key("stra\u00dfe@x") == email_key("STRASSE@X")
    assert email_key("e\u0301@x") == email_key("\u00e9@x")
    assert clean_email("  Ann@Example.com ") == "Ann@Example.com"


@pytest.mark.parametrize(
    "text", ["", "ann", "@", "a@", "@b", "a@b@c", "a b@c", "a\u200b@c", "a\u202e@c", "a" * 251 + "@b.c"]
)
def test_what_is_no_address(text: str) -> None:
    with pytest.raises(EmailInvalid) as refused:
        clean_email(text)
    assert refused.value.fields[0].field == "email"


@given(st.text())
def test_an_address_that_is_kept_is_found_again(text: str) -> None:
    try:
        kept = clean_email(text)
    except EmailInvalid:
        return
    assert email_key(kept) == email_key(text)
    assert clean_email(kept) == kept


@given(st.text())
def test_a_name_that_is_kept_is_kept_as_it_is(text: str) -> None:
    try:
        kept = clean_person_name(text)
    except PersonNameInvalid:
        return
    assert clean_person_name(kept) == kept
    assert "\0" not in kept


def test_secrets_are_long_and_only_their_digest_is_kept() -> None:
    made = [new_opaque(API_KEY) for _ in range(50)]
    assert len({secret.value for secret in made}) == 50
    for secret in made:
        assert secret.value.startswith("vw_")
        assert len(secret.value) == 46
        assert secret.digest == digest_of(secret.value) == hashlib.sha256(secret.value.encode()).hexdigest()
        assert secret.value not in repr(secret)
    assert len(digest_of("\ud800")) == 64
    assert isinstance(made[0], Opaque)


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::9", "2001:db8:1:2::/64"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("", "unknown"),
        ("testclient", "testclient"),
        ("x" * 500, "x" * 64),
    ],
)
def test_what_counts_as_one_address(address: str, network: str) -> None:
    assert network_of(address) == network


def test_a_claim_is_found_by_its_path() -> None:
    claims = {"roles": ["a"], "realm": {"roles": "b"}, "https://x.y/roles": ["c"], "odd": {"list": [1]}}
    assert _values(claims, "roles") == ["a"]
    assert _values(claims, "realm.roles") == ["b"]
    assert _values(claims, "https://x.y/roles") == ["c"]
    assert _values(claims, "roles.deeper") == [None]
    assert _values(claims, "absent.roles") == [None]


def test_an_account_is_called_by_what_it_has() -> None:
    assert User(email="a@b", name="Ann").label == "a@b"
    assert User(email=None, name="Ann").label == "Ann"
