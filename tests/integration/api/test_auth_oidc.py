"""Tokens of another identity provider, over a server that publishes its keys as a real one does."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import threading
import time
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from voicewright.accounts import oidc
from voicewright.accounts.clock import utc_now

ISSUER = "https://id.example.com/realms/voices"
AUDIENCE = "voicewright"


@pytest.fixture(scope="module")
def private_keys():
    return {
        "rsa": ("RS256", rsa.generate_private_key(public_exponent=65537, key_size=2048)),
        "ec": ("ES256", ec.generate_private_key(ec.SECP256R1())),
        "ed": ("EdDSA", ed25519.Ed25519PrivateKey.generate()),
    }


class Provider(ThreadingHTTPServer):
    """Publishes keys; `broken` makes it fail, `asked` counts."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), _Answer)
        self.keys = {}
        self.asked = 0
        self.broken = False
        self.shared_secret = None

    def key_set(self):
        found = []
        for kid, (algorithm, key) in self.keys.items():
            made = jwt.get_algorithm_by_name(algorithm).to_jwk(key.public_key(), as_dict=True)
            found.append(made | {"kid": kid, "use": "sig", "alg": algorithm})
        if self.shared_secret:
            found.append({"kty": "oct", "kid": "oct", "k": self.shared_secret, "alg": "HS256"})
        return {"keys": found}

    def token(self, kid="rsa", *, header=None, **changes):
        algorithm, key = self.keys[kid]
        now = time.time()
        claims = {
            "iss": ISSUER,
            "aud": AUDIENCE,
            "sub": "subject-1",
            "iat": now,
            "exp": now + 300,
            "name": "Ann",
        }
        claims = {name: value for name, value in (claims | changes).items() if value is not None}
        return jwt.encode(claims, key, algorithm=algorithm, headers={"kid": kid} | (header or {}))


class _Answer(BaseHTTPRequestHandler):
    def do_GET(self):
        self.server.asked += 1
        body = b"<html>" if self.server.broken == "html" else json.dumps(self.server.key_set()).encode()
        self.send_response(500 if self.server.broken is True else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


@pytest.fixture
def provider(private_keys):
    with Provider() as server:
        server.keys = dict(private_keys)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def api_settings(settings, provider):
    changes = {
        "oidc_issuer": ISSUER,
        "oidc_audience": AUDIENCE,
        "oidc_jwks_url": f"http://127.0.0.1:{provider.server_port}/keys",
    }
    return settings.model_copy(update=changes)


@pytest.fixture
def me(client):
    def me(token):
        answer = client.get("/auth/me", headers={"Authorization": f"Bearer {token}"})
        return answer.json() if answer.status_code == 200 else answer.status_code

    return me


def test_an_account_is_made_at_the_first_request_and_found_at_the_next(me, provider, accounts):
    first = me(provider.token())
    assert (first["role"], first["name"], first["email"]) == ("user", "Ann", None)
    assert first["from_identity_provider"]
    assert not first["has_password"]
    assert first["last_sign_in_at"] is not None
    for kid in ("ec", "ed", "rsa"):
        assert me(provider.token(kid))["id"] == first["id"]
    assert me(provider.token(sub="subject-2"))["id"] != first["id"]
    assert accounts.users.page(limit=9)[1] == 2
    assert provider.asked == 1  # the keys are kept


def test_many_first_requests_at_once_make_one_account(me, provider, accounts, run_together):
    token = provider.token(email="ann@example.com", email_verified=True)
    assert len(set(run_together(lambda _: me(token)["id"], 8))) == 1
    assert accounts.users.page(limit=9)[1] == 1


def test_what_is_not_genuine_is_refused(me, provider, private_keys):
    now = time.time()
    wrong = [
        {"iss": "https://id.example.com/realms/other"},
        {"iss": ISSUER + "/"},
        {"aud": "another client"},
        {"aud": None},
        {"exp": now - 60},
        {"exp": None},
        {"iat": None},
        {"nbf": now + 600},
        {"sub": None},
        {"sub": ""},
        {"sub": 7},
        {"sub": "a\0b"},
        {"sub": "x" * 300},
    ]
    assert [change for change in wrong if me(provider.token(**change)) != 401] == []
    assert me(provider.token(aud=["x", AUDIENCE])) != 401
    # the key of somebody else, under a name that is known
    provider.keys["rsa"] = ("RS256", rsa.generate_private_key(public_exponent=65537, key_size=2048))
    assert me(provider.token()) == 401
    # the public key is no shared secret, and neither is one that the provider publishes
    pem = private_keys["rsa"][1].public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    claims = {"iss": ISSUER, "aud": AUDIENCE, "sub": "s", "iat": now, "exp": now + 60}
    for secret, kid in ((pem, "rsa"), (b"s" * 32, "oct")):
        assert me(hs256(claims, secret, kid)) == 401
    assert me(jwt.encode(claims, None, algorithm="none", headers={"kid": "rsa"})) == 401


def hs256(claims, secret, kid):
    def encode(content):
        return base64.urlsafe_b64encode(content).rstrip(b"=").decode()

    start = (
        f"{encode(json.dumps({'alg': 'HS256', 'kid': kid}).encode())}.{encode(json.dumps(claims).encode())}"
    )
    return f"{start}.{encode(hmac.new(secret, start.encode(), hashlib.sha256).digest())}"


def test_an_address_links_an_account_only_where_it_was_verified(me, provider, person):
    token = provider.token
    assert me(token(email="ANN@example.com"))["id"] != str(person.id)
    assert me(token(sub="2", email="ann@example.com", email_verified="true"))["email"] is None
    linked = me(token(sub="3", email="ANN@example.com", email_verified=True))
    assert (linked["id"], linked["email"]) == (str(person.id), "ann@example.com")
    assert me(token(sub="3"))["id"] == str(person.id)
    assert me(person.access_token)["id"] == str(person.id)
    # it has a link already: nobody else gets the account
    second = me(token(sub="4", email="ann@example.com", email_verified=True))
    assert second["id"] != str(person.id)
    assert second["email"] is None
    fresh = me(token(sub="5", email="New@example.com", email_verified=True))
    assert fresh["email"] == "New@example.com"
    assert me(token(sub="6", email="no address", email_verified=True))["email"] is None
    assert me(token(sub="7", name="evil\u202eeman"))["name"] == ""
    assert me(token(sub="8", name=["x"], preferred_username="bob"))["name"] == ""


def test_who_is_disabled_or_was_signed_out_stays_out(me, provider, accounts):
    token = provider.token()
    user_id = me(token)["id"]
    accounts.users.add("root@example.com", role="admin")
    accounts.users.change(user_id, disabled=True)
    assert me(token) == 401
    assert me(provider.token()) == 401
    accounts.users.change(user_id, disabled=False)
    assert me(token) == 401  # it is older than that
    assert me(provider.token(iat=time.time() + 1))["id"] == user_id


def test_the_provider_decides_nothing_about_passwords(client, provider):
    headers = {"Authorization": f"Bearer {provider.token()}"}
    answer = client.post("/auth/password", json={"new_password": "a better password"}, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (403, "NOT_ALLOWED")
    made = client.post("/auth/api-keys", json={"name": "k", "scopes": ["training:read"]}, headers=headers)
    assert made.status_code == 201


class TestRoles:
    @pytest.fixture
    def api_settings(self, api_settings):
        changes = {"oidc_role_claim": "realm_access.roles", "oidc_admin_role": "voice-admin"}
        return api_settings.model_copy(update=changes)

    def test_roles_follow_the_provider_where_a_claim_is_configured(self, me, provider, accounts, caplog):
        def role(roles, sub="s"):
            return me(provider.token(sub=sub, realm_access={"roles": roles}))["role"]

        assert role(["x"]) == "user"
        assert role(["x", "voice-admin"]) == "admin"
        assert role([]) == "admin"  # the last administrator
        assert "no other one" in caplog.text
        accounts.users.add("root@example.com", role="admin")
        assert role([]) == "user"
        assert me(provider.token(sub="s", realm_access="voice-admin"))["role"] == "user"
        assert me(provider.token(sub="t", **{"realm_access.roles": "voice-admin"}))["role"] == "admin"


def test_a_new_key_of_the_provider_is_looked_for(me, provider, monkeypatch, accounts):
    assert me(provider.token())["name"] == "Ann"
    provider.keys["new"] = ("ES256", ec.generate_private_key(ec.SECP256R1()))
    assert me(provider.token("new")) == 401  # it was asked a moment ago
    assert provider.asked == 1
    monkeypatch.setattr(accounts._authentication._provider._keys, "cooldown_duration", 0)
    assert me(provider.token("new"))["name"] == "Ann"
    assert provider.asked == 2


@pytest.mark.parametrize("broken", [True, "html", "closed"])
def test_a_provider_that_does_not_answer_is_left_alone_for_a_moment(
    client, provider, broken, person, monkeypatch
):
    token = provider.token()
    if broken == "closed":
        provider.server_close()
    provider.broken = broken
    headers = {"Authorization": f"Bearer {token}"}
    for _ in range(3):
        answer = client.get("/auth/me", headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (503, "IDENTITY_PROVIDER_UNAVAILABLE")
    assert provider.asked == (0 if broken == "closed" else 1)
    assert client.get("/auth/me", headers=person.headers).status_code == 200
    if broken != "closed":
        provider.broken = False
        monkeypatch.setattr(oidc, "_REST_S", 0.0)
        assert client.get("/auth/me", headers=headers).status_code == 200


def test_a_waiting_provider_does_not_hold_up_other_requests(client, provider, person, run_together):
    """The network is waited for in a thread: the event loop goes on."""
    waiting, go = threading.Event(), threading.Event()
    plain = provider.key_set

    def slow():
        waiting.set()
        assert go.wait(30)
        return plain()

    provider.key_set = slow
    headers = {"Authorization": f"Bearer {provider.token()}"}

    def ask(number):
        if number == 0:
            return client.get("/auth/me", headers=headers).status_code
        assert waiting.wait(30)
        try:
            return client.get("/auth/me", headers=person.headers).status_code
        finally:
            go.set()

    assert run_together(ask, 2) == [200, 200]


def test_last_sign_in_follows_the_tokens(me, provider):
    now = utc_now()
    first = me(provider.token(iat=(now - timedelta(seconds=100)).timestamp()))["last_sign_in_at"]
    assert me(provider.token(iat=(now - timedelta(seconds=70)).timestamp()))["last_sign_in_at"] == first
    assert me(provider.token(iat=now.timestamp()))["last_sign_in_at"] > first
