"""The ways in and out: passwords, refresh tokens, one-time links, and what ends at once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from sqlalchemy import select, update
from starlette.testclient import TestClient

from voicewright.accounts.clock import utc_now
from voicewright.accounts.models import RefreshToken, SignInLink, User, UserSession
from voicewright.accounts.service import AccountService
from voicewright.settings import Settings

PASSWORD = "correct horse battery"  # noqa: S105
WRONG = "wrong password"
BETTER = "a better password"


def sign_in(client, email="ann@example.com", password=PASSWORD, **headers):
    return client.post("/auth/sign-in", json={"email": email, "password": password}, headers=headers)


def bearer(tokens):
    return {"Authorization": f"Bearer {tokens['access_token']}"}


def is_in(client, headers):
    status = client.get("/auth/me", headers=headers).status_code
    assert status in {200, 401}
    return status == 200


@pytest.fixture
def ann(accounts):
    return accounts.users.add("Ann@Example.com", name="Ann", password=PASSWORD)


@pytest.fixture
def tokens(client, ann):
    return sign_in(client, ann.email).json()


def test_somebody_signs_in_and_is_known(client, ann, database):
    answer = sign_in(client, "  ann@EXAMPLE.com ")
    assert answer.status_code == 200, answer.text
    tokens = answer.json()
    assert (tokens["token_type"], tokens["expires_in"], tokens["refresh_expires_in"]) == (
        "Bearer",
        900,
        2592000,
    )
    assert answer.headers["cache-control"] == "no-store"
    me = client.get("/auth/me", headers=bearer(tokens)).json()
    assert (me["id"], me["email"], me["name"], me["role"]) == (str(ann.id), "Ann@Example.com", "Ann", "user")
    assert me["has_password"]
    assert not me["from_identity_provider"]
    assert me["last_sign_in_at"] is not None
    assert "admin" not in me["scopes"]
    assert "training:write" in me["scopes"]
    with database.session() as session:
        kept = session.get(User, ann.id).password_hash
        digests = session.scalars(select(RefreshToken.digest)).all()
    assert kept.startswith("$argon2id$")
    assert tokens["refresh_token"] not in digests


@pytest.mark.usefixtures("ann")
def test_nobody_learns_whether_an_account_exists(client, accounts):
    accounts.users.add("without@example.com")
    refused = [
        sign_in(client, password=WRONG),
        sign_in(client, "nobody@example.com"),
        sign_in(client, "without@example.com"),
        sign_in(client, "no address at all"),
    ]
    told = {(answer.status_code, answer.json()["code"], answer.json()["error"]) for answer in refused}
    assert told == {(401, "SIGN_IN_FAILED", "The e-mail address or the password is wrong.")}
    assert {answer.headers["www-authenticate"] for answer in refused} == {"Bearer"}


def test_a_disabled_account_is_told_so_to_who_knows_its_password_only(client, ann, accounts):
    accounts.users.change(ann.id, disabled=True)
    assert sign_in(client).json()["code"] == "ACCOUNT_DISABLED"
    assert sign_in(client).status_code == 403
    assert sign_in(client, password=WRONG).json()["code"] == "SIGN_IN_FAILED"


def test_a_refresh_token_is_good_once_and_its_reuse_ends_the_session(client, tokens):
    second = client.post("/auth/refresh", json={"refresh_token": tokens["refresh_token"]})
    assert second.status_code == 200
    second = second.json()
    assert second["refresh_token"] != tokens["refresh_token"]
    assert is_in(client, bearer(second))
    elsewhere = sign_in(client).json()

    stolen = client.post("/auth/refresh", json={"refresh_token": tokens["refresh_token"]})

    assert (stolen.status_code, stolen.json()["code"]) == (401, "REFRESH_TOKEN_INVALID")
    newest = client.post("/auth/refresh", json={"refresh_token": second["refresh_token"]})
    assert newest.status_code == 401
    assert not is_in(client, bearer(second))
    assert is_in(client, bearer(elsewhere))  # another sign-in is another family


def test_of_many_exchanges_of_one_refresh_token_at_once_one_succeeds(client, tokens):
    def exchange(_):
        return client.post("/auth/refresh", json={"refresh_token": tokens["refresh_token"]}).status_code

    with ThreadPoolExecutor(8) as pool:
        assert sorted(pool.map(exchange, range(8))) == [200] + 7 * [401]
    assert not is_in(client, bearer(tokens))


def test_what_has_expired_is_refused_and_swept(client, tokens, accounts, database):
    assert accounts.sweep() == 0
    with database.session() as session:
        long_ago = utc_now() - timedelta(seconds=1)
        session.execute(update(RefreshToken).values(expires_at=long_ago))
    assert client.post("/auth/refresh", json={"refresh_token": tokens["refresh_token"]}).status_code == 401
    assert is_in(client, bearer(tokens))
    with database.session() as session:
        session.execute(update(UserSession).values(expires_at=long_ago))
    assert not is_in(client, bearer(tokens))
    assert accounts.sweep() >= 1
    with database.session() as session:
        assert session.scalars(select(UserSession)).all() == []
        assert session.scalars(select(RefreshToken)).all() == []
    assert client.post("/auth/refresh", json={"refresh_token": "vwr_unknown"}).status_code == 401


def test_who_signs_out_is_out_at_once(client, tokens):
    assert client.post("/auth/sign-out", json={"refresh_token": tokens["refresh_token"]}).status_code == 204
    assert not is_in(client, bearer(tokens))
    again = client.post("/auth/refresh", json={"refresh_token": tokens["refresh_token"]})
    assert again.status_code == 401
    assert client.post("/auth/sign-out", json={"refresh_token": "vwr_unknown"}).status_code == 204


def test_whoever_is_disabled_or_enabled_again(client, tokens, ann, accounts):
    key = {"X-API-Key": accounts.api_keys.make(ann.id, name="k", scopes=["account"]).secret}
    assert is_in(client, key)
    accounts.users.change(ann.id, disabled=True)
    assert not is_in(client, bearer(tokens))
    assert not is_in(client, key)
    assert client.post("/auth/refresh", json={"refresh_token": tokens["refresh_token"]}).status_code == 401
    accounts.users.change(ann.id, disabled=False)
    assert not is_in(client, bearer(tokens))
    assert is_in(client, key)
    assert is_in(client, bearer(sign_in(client).json()))


def test_a_new_password_ends_every_session_and_begins_one(client, tokens):
    elsewhere = sign_in(client).json()
    body = {"current_password": PASSWORD, "new_password": BETTER}
    answer = client.post("/auth/password", json=body, headers=bearer(tokens))
    assert answer.status_code == 200, answer.text
    assert is_in(client, bearer(answer.json()))
    assert not is_in(client, bearer(tokens))
    assert not is_in(client, bearer(elsewhere))
    assert sign_in(client).status_code == 401
    assert sign_in(client, password=BETTER).status_code == 200


def test_a_password_that_can_not_be_set(client, tokens):
    for current, new, code in [
        (WRONG, BETTER, "SIGN_IN_FAILED"),
        (None, BETTER, "SIGN_IN_FAILED"),
        (PASSWORD, "elevenchars", "VALIDATION_FAILED"),
        (PASSWORD, "ann@EXAMPLE.com", "PASSWORD_REFUSED"),
        (PASSWORD, "aaaaaaaaaaaaaaaa", "PASSWORD_REFUSED"),
        (PASSWORD, "x" * 1025, "VALIDATION_FAILED"),
    ]:
        body = {"current_password": current, "new_password": new}
        answer = client.post("/auth/password", json=body, headers=bearer(tokens))
        wrong_one = code == "SIGN_IN_FAILED"
        assert (answer.status_code, answer.json()["code"]) == (401 if wrong_one else 422, code)
        named = [fault["field"] for fault in answer.json().get("fields", [])]
        assert named == ([] if wrong_one else ["new_password"])
        assert new not in answer.text
        assert is_in(client, bearer(tokens))


def test_an_api_key_does_not_change_the_password(client, person):
    body = {"new_password": BETTER}
    answer = client.post("/auth/password", json=body, headers=person.key("account"))
    assert (answer.status_code, answer.json()["code"]) == (403, "NOT_ALLOWED")
    # no password yet: none is asked for
    assert client.post("/auth/password", json=body, headers=person.headers).status_code == 200
    assert sign_in(client, password=BETTER).status_code == 200


@pytest.mark.usefixtures("ann")
def test_too_many_wrong_passwords_make_an_account_wait(client):
    for _ in range(9):
        assert sign_in(client, password=WRONG).status_code == 401
    assert sign_in(client).status_code == 200  # which forgets them
    for _ in range(10):
        assert sign_in(client, password=WRONG).status_code == 401
    refused = sign_in(client)
    assert (refused.status_code, refused.json()["code"]) == (429, "RATE_LIMITED")
    wait_s = int(refused.headers["retry-after"])
    assert 1 <= wait_s <= 900
    assert refused.headers["ratelimit-limit"] == "10"
    assert refused.headers["ratelimit-remaining"] == "0"
    assert int(refused.headers["ratelimit-reset"]) == wait_s
    assert sign_in(client, "ANN@example.com").status_code == 429
    assert sign_in(client, "bob@example.com").status_code == 401


class TestAddresses:
    @pytest.fixture
    def api_settings(self, settings):
        return settings.model_copy(update={"sign_in_per_address": 3})

    @pytest.mark.usefixtures("ann")
    def test_too_many_attempts_from_one_address(self, client):
        """Forwarded headers count for nothing where no proxy is trusted."""
        answers = [
            sign_in(client, f"{n}@example.com", **{"X-Forwarded-For": f"198.51.100.{n}"}).status_code
            for n in range(4)
        ]
        assert answers == [401, 401, 401, 429]
        assert sign_in(client).status_code == 429


class TestProxies:
    @pytest.fixture
    def api_settings(self, settings):
        trusted = Settings(trusted_proxies="10.0.0.0/8, 127.0.0.1").trusted_proxies
        return settings.model_copy(update={"sign_in_per_address": 3, "trusted_proxies": trusted})

    @pytest.mark.usefixtures("ann")
    def test_the_client_behind_a_trusted_proxy_is_the_one_that_counts(self, app):
        def attempt(client, forwarded):
            return sign_in(client, "x@example.com", **{"X-Forwarded-For": forwarded}).status_code

        with TestClient(app, client=("10.1.2.3", 5000)) as proxy:
            chain = [attempt(proxy, "1.1.1.1, 198.51.100.9, 10.9.9.9") for _ in range(4)]
            assert chain == [401, 401, 401, 429]
            assert attempt(proxy, "198.51.100.10") == 401
            # what the client itself wrote into the header is not believed
            assert attempt(proxy, "198.51.100.11, 198.51.100.9") == 429
            # one subscriber has a whole /64
            assert [attempt(proxy, f"2001:db8:1:2::{n}") for n in range(4)] == [401, 401, 401, 429]
            headers = {"X-Forwarded-For": "203.0.113.5", "User-Agent": "tester/1"}
            tokens = sign_in(proxy, **headers).json()
            (listed,) = proxy.get("/auth/sessions", headers=bearer(tokens)).json()["sessions"]
            assert (listed["address"], listed["user_agent"]) == ("203.0.113.5", "tester/1")
        with TestClient(app, client=("192.0.2.7", 1)) as stranger:
            assert attempt(stranger, "198.51.100.9") == 401


def token_of(link):
    return parse_qs(urlsplit(link).query)["token"][0]


def test_a_link_leads_to_the_page_of_the_panel(client, accounts):
    link = accounts.first_run_link("http://127.0.0.1:3005/")
    assert link.startswith("http://127.0.0.1:3005/panel/welcome?token=vwl_")
    path = link.removeprefix("http://127.0.0.1:3005")
    led = client.get(path.replace("/panel/welcome", "/auth/first-run"), follow_redirects=False)
    assert (led.status_code, led.headers["location"]) == (303, path)
    assert (led.headers["cache-control"], led.headers["referrer-policy"]) == ("no-store", "no-referrer")
    too_short = {"token": token_of(link), "email": "me@example.com", "password": "short"}
    assert client.post("/auth/link", json=too_short).json()["fields"] == [
        {"field": "password", "message": "Should have at least 12 characters"}
    ]


def test_the_first_link_by_json_is_taken_once(client, accounts, database):
    token = token_of(accounts.first_run_link("http://x"))
    another = token_of(accounts.first_run_link("http://x"))  # of a process that was started later
    body = {"token": token, "email": "me@example.com", "password": PASSWORD}
    for missing in ("email", "password"):
        refused = client.post("/auth/link", json={name: body[name] for name in body if name != missing})
        assert refused.status_code == 422
        assert [fault["field"] for fault in refused.json()["fields"]] == [missing]

    def enter(number):
        either = {"token": another if number % 2 else token, "email": f"me{number}@example.com"}
        return client.post("/auth/link", json=body | either)

    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(enter, range(6)))
    assert sorted(answer.status_code for answer in answers) == [200] + 5 * [401]
    (tokens,) = [answer.json() for answer in answers if answer.status_code == 200]
    assert client.get("/auth/me", headers=bearer(tokens)).json()["role"] == "admin"
    with database.session() as session:
        assert len(session.scalars(select(User)).all()) == 1
        assert token not in session.scalars(select(SignInLink.digest)).all()


def test_the_first_link_is_void_once_there_is_a_user(client, accounts):
    token = token_of(accounts.first_run_link("http://x"))
    accounts.users.add("ann@example.com")
    body = {"token": token, "email": "me@example.com", "password": PASSWORD}
    refused = client.post("/auth/link", json=body)
    assert (refused.status_code, refused.json()["code"]) == (401, "SIGN_IN_LINK_INVALID")
    assert "administrator already" in refused.json()["error"]


def test_a_link_signs_an_existing_user_in_and_sets_their_password(client, admin, person, accounts):
    made = client.post(f"/admin/users/{person.id}/link", headers=admin.headers)
    assert made.status_code == 201
    assert made.json()["url"].startswith("http://testserver/panel/welcome?token=vwl_")
    stale, token = token_of(made.json()["url"]), accounts.users.link(person.id).token
    assert client.post("/auth/link", json={"token": stale}).status_code == 401
    tokens = client.post("/auth/link", json={"token": token, "password": PASSWORD}).json()
    assert tokens["user"]["email"] == "ann@example.com"
    assert not is_in(client, person.headers)  # signed in with what came before
    assert sign_in(client).status_code == 200
    assert client.post("/auth/link", json={"token": token}).status_code == 401
    # without a password it only signs in
    token = accounts.users.link(person.id).token
    assert is_in(client, bearer(client.post("/auth/link", json={"token": token}).json()))
    assert is_in(client, bearer(tokens))


def test_a_link_that_expired_or_belongs_to_a_disabled_account(
    client, person, accounts, api_settings, database
):
    old = AccountService(api_settings, database, clock=lambda: utc_now() - timedelta(days=2))
    assert client.post("/auth/link", json={"token": old.users.link(person.id).token}).status_code == 401
    assert accounts.sweep() >= 1
    token = accounts.users.link(person.id).token
    accounts.users.change(person.id, disabled=True)
    answer = client.post("/auth/link", json={"token": token})
    assert (answer.status_code, answer.json()["code"]) == (403, "ACCOUNT_DISABLED")
    accounts.users.change(person.id, disabled=False)
    assert client.post("/auth/link", json={"token": token}).status_code == 200  # it was not used up


def test_a_link_that_comes_in_a_wrong_form(client):
    for content, content_type, status, code in [
        (b"{", "application/json", 400, "MALFORMED_JSON"),
        (b"[" * 100_000, "application/json", 400, "MALFORMED_JSON"),
        (b"[]", "application/json", 422, "VALIDATION_FAILED"),
        (b"{}", "application/json", 422, "VALIDATION_FAILED"),
        (b'{"token": "a\\u0000"}', "application/json", 422, "VALIDATION_FAILED"),
        (b'{"token": "a"}', "text/plain", 415, "UNSUPPORTED_MEDIA_TYPE"),
        (b'{"token": "a"}', "multipart/form-data; boundary=x", 415, "UNSUPPORTED_MEDIA_TYPE"),
        (b"token=a", "application/x-www-form-urlencoded", 415, "UNSUPPORTED_MEDIA_TYPE"),
        (b'{"token": "a", "admin": true}', "application/json", 422, "VALIDATION_FAILED"),
    ]:
        answer = client.post("/auth/link", content=content, headers={"Content-Type": content_type})
        assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_sessions_are_listed_and_ended(client, tokens):
    elsewhere = sign_in(client).json()
    listed = client.get("/auth/sessions", headers=bearer(tokens)).json()["sessions"]
    assert [session["current"] for session in listed] == [False, True]
    assert client.delete(f"/auth/sessions/{listed[0]['id']}", headers=bearer(tokens)).status_code == 204
    assert not is_in(client, bearer(elsewhere))
    assert client.delete(f"/auth/sessions/{listed[0]['id']}", headers=bearer(tokens)).status_code == 404
    third = sign_in(client).json()
    assert client.delete("/auth/sessions", headers=bearer(tokens)).status_code == 204
    assert not is_in(client, bearer(tokens))
    assert not is_in(client, bearer(third))


def test_a_profile_is_changed_by_its_owner_as_far_as_they_may(client, person):
    changed = client.patch("/auth/me", json={"name": "  Ann   Other "}, headers=person.headers)
    assert changed.json()["name"] == "Ann Other"
    for body in (
        {"name": "x", "email": "root@example.com"},
        {"name": "x", "role": "admin"},
        {"name": "x" * 101},
    ):
        assert client.patch("/auth/me", json=body, headers=person.headers).status_code == 422
    refused = client.patch("/auth/me", json={"name": "evil\u202eeman"}, headers=person.headers)
    assert refused.json()["code"] == "PERSON_NAME_INVALID"
    assert refused.json()["fields"][0]["field"] == "name"
