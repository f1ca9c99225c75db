"""Access tokens: which ones are believed, and the keys that sign them."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from datetime import timedelta

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import event, func, select

from voicewright.accounts.clock import utc_now
from voicewright.accounts.models import SigningKey, User
from voicewright.accounts.schemas import Origin
from voicewright.accounts.service import AccountService
from voicewright.storage.user_keys import PLATFORM_ID, KeyRing

DAY = timedelta(days=1)


def status(client, token):
    return client.get("/auth/me", headers={"Authorization": f"Bearer {token}"}).status_code


def encode(part):
    content = part if isinstance(part, bytes) else json.dumps(part).encode()
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def unsigned(header, claims, signature=b""):
    return f"{encode(header)}.{encode(claims)}.{encode(signature)}"


@pytest.fixture
def header(person):
    return jwt.get_unverified_header(person.access_token)


@pytest.fixture
def claims(person):
    return jwt.decode(person.access_token, options={"verify_signature": False})


@pytest.fixture
def signing_key(services, database, header):
    """The private half, as only the service has it."""
    cipher = KeyRing.open(services.settings, database).cipher(PLATFORM_ID)
    with database.session() as session:
        sealed = session.get(SigningKey, header["kid"]).sealed_pem
    assert b"PRIVATE KEY" not in sealed
    return b"".join(cipher.open([sealed], f"signing-key/{header['kid']}"))


@pytest.fixture
def service_at(services):
    """The same accounts at another time."""
    return lambda moment: AccountService(services.settings, services.database, clock=lambda: moment)


def test_a_token_says_who_where_and_until_when(person, header, claims):
    assert header == {"alg": "EdDSA", "kid": header["kid"], "typ": "at+jwt"}
    assert (claims["iss"], claims["aud"], claims["sub"]) == ("voicewright", "voicewright-api", str(person.id))
    assert claims["role"] == "user"
    assert claims["exp"] - claims["iat"] == pytest.approx(900, abs=1)
    assert {"jti", "sid"} <= set(claims)


def test_others_can_verify_it_with_the_published_keys(client, person, header):
    answer = client.get("/.well-known/jwks.json")
    assert answer.headers["cache-control"] == "public, max-age=300"
    (key,) = answer.json()["keys"]
    assert key["kid"] == header["kid"]
    assert set(key) == {"kty", "crv", "x", "kid", "use", "alg"}  # nothing private
    read = jwt.decode(person.access_token, jwt.PyJWK(key), algorithms=["EdDSA"], audience="voicewright-api")
    assert read["sub"] == str(person.id)


def test_no_other_algorithm_is_believed(client, person, header, claims):
    (key,) = client.get("/.well-known/jwks.json").json()["keys"]
    public = base64.urlsafe_b64decode(key["x"] + "=")
    assert status(client, person.access_token) == 200
    for name in ("none", "None", "NONE", ""):
        assert status(client, unsigned(header | {"alg": name}, claims)) == 401
    for secret in (public, key["x"].encode(), json.dumps(key).encode(), b""):
        start = f"{encode(header | {'alg': 'HS256'})}.{encode(claims)}"
        signature = hmac.new(secret, start.encode(), hashlib.sha256).digest()
        assert status(client, f"{start}.{encode(signature)}") == 401
    body, _, signature = person.access_token.rpartition(".")
    raised = encode(claims | {"role": "admin"})
    assert status(client, f"{body.split('.')[0]}.{raised}.{signature}") == 401
    embedded = Ed25519PrivateKey.generate()  # a key that the token brings along
    own = jwt.encode(claims, embedded, algorithm="EdDSA", headers=header | {"jwk": key})
    assert status(client, own) == 401


def test_every_claim_is_checked(client, signing_key, header, claims):
    def signed(**changes):
        changed = {name: value for name, value in (claims | changes).items() if value is not None}
        return jwt.encode(changed, signing_key, algorithm="EdDSA", headers=header)

    now = utc_now().timestamp()
    assert status(client, signed()) == 200
    assert status(client, signed(exp=now - 10)) == 200  # clocks differ a little
    assert status(client, signed(iat=now + 10)) == 200
    for name in claims:
        if name != "role":  # which is looked up
            assert status(client, signed(**{name: None})) == 401, name
    wrong = [
        {"exp": now - 60},
        {"exp": "soon"},
        {"iat": now + 60},
        {"iss": "somebody else"},
        {"aud": "another service"},
        {"sub": "00000000-0000-4000-8000-000000000009"},
        {"sub": "x"},
        {"sid": "00000000-0000-4000-8000-000000000009"},
        {"sid": 5},
        {"nbf": now + 600},
        {"iat": 1e300},
    ]
    assert [change for change in wrong if status(client, signed(**change)) != 401] == []
    answer = client.get("/auth/me", headers={"Authorization": f"Bearer {signed(role='admin')}"})
    assert answer.json()["role"] == "user"


def test_another_kind_of_token_is_none(client, signing_key, header, claims):
    for changes in ({"typ": "JWT"}, {"kid": "unknown"}, {"kid": "a\0b"}, {"kid": 7}, {"crit": ["x"], "x": 1}):
        try:
            token = jwt.encode(claims, signing_key, algorithm="EdDSA", headers=header | changes)
        except jwt.PyJWTError:
            start = f"{encode(header | changes)}.{encode(claims)}"
            token = f"{start}.{encode(b'x')}"
        assert status(client, token) == 401, changes
    no_kid = jwt.encode(claims, signing_key, algorithm="EdDSA", headers={"typ": "at+jwt"})
    assert status(client, no_kid) == 401


def test_what_is_no_credential_is_refused(client):
    for headers in [
        {},
        {"Authorization": "Bearer"},
        {"Authorization": "Bearer "},
        {"Authorization": "Bearer x"},
        {"Authorization": "Bearer a.b.c"},
        {"Authorization": "Bearer vw_unknown"},
        {"Authorization": "Basic YTpi"},
        {"Authorization": b"Bearer \xff\xfe"},
        {"X-API-Key": "vw_unknown"},
        {"X-API-Key": ""},
        {"Authorization": "Bearer " + "x" * 10_000},
    ]:
        answer = client.get("/auth/me", headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (401, "NOT_AUTHENTICATED")
        assert answer.headers["www-authenticate"] == "Bearer"


def test_two_different_credentials_are_refused(client, person, other):
    both = person.headers | other.key("account")
    assert client.get("/auth/me", headers=both).status_code == 401


def user_of(session, person):
    return session.get(User, person.id)


def test_an_expired_token_says_so(client, person, database, service_at):
    before = service_at(utc_now() - timedelta(hours=1))
    with database.session() as session:
        user = user_of(session, person)
        old = before.sessions.start(session, user, Origin())
    answer = client.get("/auth/me", headers={"Authorization": f"Bearer {old.access_token}"})
    assert answer.status_code == 401
    assert "expired" in answer.json()["error"]


def test_keys_are_replaced_and_old_ones_verify_until_their_tokens_expire(
    client, person, accounts, service_at
):
    first = jwt.get_unverified_header(person.access_token)["kid"]
    second = accounts.rotate_keys()
    assert status(client, person.access_token) == 200
    assert {key["kid"] for key in accounts.key_set()["keys"]} == {first, second}
    new = accounts.sessions.refresh(person.refresh_token, Origin())
    assert jwt.get_unverified_header(new.access_token)["kid"] == second
    later = service_at(utc_now() + timedelta(seconds=900 + 31))
    assert [key["kid"] for key in later.key_set()["keys"]] == [second]
    assert later.sweep() == 1
    assert status(client, person.access_token) == 401  # though this process knows the key still
    assert status(client, new.access_token) == 200


def test_a_key_that_may_have_leaked_is_worthless_at_once(client, person, accounts):
    kid = accounts.rotate_keys(void_old=True)
    assert status(client, person.access_token) == 401
    assert [key["kid"] for key in accounts.key_set()["keys"]] == [kid]
    assert status(client, accounts.sessions.refresh(person.refresh_token, Origin()).access_token) == 200


def test_a_key_is_replaced_when_its_time_has_come(person, service_at, database):
    def kid_at(moment):
        with database.session() as session:
            user = user_of(session, person)
            token = service_at(moment).sessions.start(session, user, Origin()).access_token
        return jwt.get_unverified_header(token)["kid"]

    now = utc_now()
    first = jwt.get_unverified_header(person.access_token)["kid"]
    assert kid_at(now + 89 * DAY) == first
    second = kid_at(now + 91 * DAY)
    assert second != first
    assert kid_at(now + 92 * DAY) == second
    with database.session() as session:
        assert session.scalar(select(func.count()).select_from(SigningKey)) == 2


def test_processes_that_start_at_once_make_one_key(services, accounts, run_together):
    user = accounts.users.add("ann@example.com")

    def start(_):
        service = AccountService(services.settings, services.database)
        with services.database.session() as session:
            return service.sessions.start(session, user, Origin()).access_token

    tokens = run_together(start, 6)
    assert len({jwt.get_unverified_header(token)["kid"] for token in tokens}) == 1
    assert {accounts.authenticate(token).user_id for token in tokens} == {user.id}


def test_a_request_costs_one_query(person, accounts, database):
    accounts.authenticate(person.access_token)  # which has read the key
    queries = []
    event.listen(database.engine, "before_cursor_execute", lambda *call: queries.append(call[2]))
    accounts.authenticate(person.access_token)
    assert len(queries) == 1
