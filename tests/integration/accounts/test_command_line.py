"""`voicewright users`, in this process, on a database of the test's own."""

from __future__ import annotations

import io
import json
import re

import pytest

from voicewright.accounts.schemas import Origin
from voicewright.accounts.service import AccountService
from voicewright.bootstrap import LocalApplication
from voicewright.cli.app import run

PASSWORD = "correct horse battery"  # noqa: S105


class Terminal(io.StringIO):
    """Where somebody sits who can be asked."""

    def isatty(self):
        return True


class Quiet(LocalApplication):
    """Without log files."""

    def open(self, command):
        self.data_dir = self.settings.home


@pytest.fixture
def users(monkeypatch, capsys, settings):
    """Run `voicewright users ...`; returns the status, standard output and errors."""
    monkeypatch.setenv("DATABASE_URL", settings.database_url.get_secret_value())
    monkeypatch.setenv("VOICEWRIGHT_HOME", str(settings.home))
    monkeypatch.setenv("PORT", "4000")
    monkeypatch.setenv("COLUMNS", "120")

    def users(*arguments, typed=""):
        monkeypatch.setattr("sys.stdin", io.StringIO(typed))
        status = run(Quiet(), ["users", *arguments])
        told = capsys.readouterr()
        return status, told.out, told.err

    return users


@pytest.fixture
def as_json(users):
    def as_json(*arguments, typed=""):
        status, out, err = users(*arguments, "--json", typed=typed)
        assert status == 0, err
        return json.loads(out)

    return as_json


@pytest.fixture
def accounts(settings, database):
    return AccountService(settings, database)


def test_people_are_added_with_a_link_or_a_password(users, as_json, accounts):
    assert "Nobody has an account yet" in users("list")[1]
    status, out, _ = users("add", "Admin@example.com", "--admin", "--name", "Root")
    assert status == 0
    token = re.search(r"http://127\.0\.0\.1:4000/panel/welcome\?token=(\S+)", out)[1]
    assert accounts.sign_in.with_link(token, Origin()).user.is_admin

    added = as_json("add", "ann@example.com", "--password-stdin", typed=f"{PASSWORD}\n")
    assert (added["user"]["role"], added["link"]) == ("user", None)
    assert (
        accounts.sign_in.with_password("ann@example.com", PASSWORD, Origin()).user.email == "ann@example.com"
    )

    listed = as_json("list")["users"]
    assert [(user["email"], user["name"], user["role"]) for user in listed] == [
        ("Admin@example.com", "Root", "admin"),
        ("ann@example.com", "", "user"),
    ]
    table = users("list")[1]
    assert "Admin@example.com" in table
    assert "never" not in table
    link = as_json("link", "ann@example.com")
    assert link["link"].startswith("http://127.0.0.1:4000/")
    assert "once" in users("link", "ann@example.com")[1]


def test_people_are_disabled_and_enabled(users, as_json, accounts):
    accounts.users.add("ann@example.com")
    assert as_json("disable", "ANN@example.com")["user"]["disabled"]
    assert "disabled" in users("list")[1]
    assert users("link", "ann@example.com")[0] == 5
    assert "enabled" in users("enable", "ann@example.com")[1]
    assert "signed out" in users("disable", "ann@example.com")[1]
    accounts.users.add("root@example.com", role="admin")
    status, out, err = users("disable", "root@example.com", "--json")
    assert (status, json.loads(out)["code"]) == (5, "LAST_ADMINISTRATOR")
    assert err.startswith("error: ")


def test_keys_are_made_for_programs(users, as_json, accounts):
    ann = accounts.users.add("ann@example.com")
    status, out, err = users("token", "ann@example.com")
    assert status == 0
    assert "not shown again" in err
    caller = accounts.authenticate(out.strip())
    assert caller.user_id == ann.id
    assert not {"account", "admin"} & caller.scopes
    assert "training:write" in caller.scopes
    made = as_json("token", "ann@example.com", "--scope", "account", "--name", "phone", "--expires-days", "7")
    assert (made["name"], made["scopes"]) == ("phone", ["account"])
    assert accounts.authenticate(made["api_key"]).scopes == {"account"}
    assert accounts.api_keys.of_user(ann.id)[0].expires_at.isoformat() == made["expires_at"]
    assert users("token", "ann@example.com", "--scope", "all")[0] == 2


def test_signing_keys_are_rotated(users, as_json, accounts):
    first = as_json("rotate-keys")["key_id"]
    assert "stay good" in users("rotate-keys")[1]
    assert first in {key["kid"] for key in accounts.key_set()["keys"]}
    assert "refresh" in users("rotate-keys", "--void-old")[1]
    assert len(accounts.key_set()["keys"]) == 1


@pytest.mark.parametrize(
    ("arguments", "status", "code"),
    [
        (("add", "nonsense"), 3, "EMAIL_INVALID"),
        (("add", "ANN@example.com"), 5, "EMAIL_TAKEN"),
        (("add", "bob@example.com", "--password-stdin"), 3, "PASSWORD_REFUSED"),
        (("add", "bob@example.com", "--name", "x" * 101), 3, "PERSON_NAME_INVALID"),
        (("disable", "nobody@example.com"), 4, "USER_NOT_FOUND"),
        (("link", "nobody@example.com"), 4, "USER_NOT_FOUND"),
        (("token", "nobody@example.com"), 4, "USER_NOT_FOUND"),
        (("token", "ann@example.com", "--expires-days", "0"), 2, "USAGE"),
    ],
)
def test_what_can_not_be_done_is_said(users, accounts, arguments, status, code):
    accounts.users.add("ann@example.com")
    ended, out, _ = users(*arguments, "--json", typed="short\n")
    assert (ended, json.loads(out)["code"]) == (status, code)
    assert [user.email for user in accounts.users.page(limit=9)[0]] == ["ann@example.com"]


def test_an_account_is_deleted_with_all_that_it_has(users, as_json, accounts, monkeypatch):
    accounts.users.add("ann@example.com", password=PASSWORD)
    bob = accounts.users.add("bob@example.com")
    accounts.users.add("root@example.com", role="admin")
    assert "No account has been deleted" in users("erasures")[1]
    status, _, err = users("delete", "ann@example.com")
    assert (status, err.startswith("error: Nobody can be asked here; add --yes")) == (2, True)
    monkeypatch.setattr("typer.confirm", lambda *_, **__: False)
    monkeypatch.setattr(io, "StringIO", Terminal)
    assert "Nothing was deleted" in users("delete", "ann@example.com")[1]
    assert as_json("delete", "ann@example.com") == {"deleted": None}
    status, out, _ = users("delete", "ann@example.com", "--yes")
    assert (status, out.startswith("Deleted ann@example.com.\n"), "SHA-256" in out) == (0, True, True)
    receipt = as_json("delete", "bob@example.com", "--yes")
    assert (receipt["user_id"], receipt["requested_by"], receipt["state"]) == (str(bob.id), None, "complete")
    newest, oldest = as_json("erasures")["erasures"]
    assert (newest, oldest["deleted"]["accounts"]) == (receipt, 1)
    lines = users("erasures")[1].splitlines()
    assert [str(bob.id) in lines[1], receipt["id"] in lines[1], oldest["id"] in lines[2]] == [True] * 3
    assert users("delete", "bob@example.com", "--yes")[0] == 4
    status, out, _ = users("delete", "root@example.com", "--yes", "--json")
    assert (status, json.loads(out)["code"]) == (5, "LAST_ADMINISTRATOR")
