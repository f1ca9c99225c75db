"""`/admin/users`: accounts, for administrators, of whom there is always one."""

from __future__ import annotations

from voicewright.accounts.errors import LastAdministrator


def emails(client, admin, **params):
    answer = client.get("/admin/users", params=params, headers=admin.headers)
    assert answer.status_code == 200, answer.text
    return [user["email"] for user in answer.json()["users"]], answer.json()["total"]


def change(client, admin, user_id, **body):
    return client.patch(f"/admin/users/{user_id}", json=body, headers=admin.headers)


def test_accounts_are_made_found_and_changed(client, admin):
    body = {"email": "Ann@Example.com", "name": "Ann", "role": "user", "password": "correct horse battery"}
    made = client.post("/admin/users", json=body, headers=admin.headers)
    assert made.status_code == 201
    ann = made.json()
    assert (ann["email"], ann["has_password"], ann["disabled"]) == ("Ann@Example.com", True, False)
    assert "password" not in {name for name in ann if name != "has_password"}
    path = f"/admin/users/{ann['id']}"
    assert client.get(path, headers=admin.headers).json() == ann
    changed = change(client, admin, ann["id"], name="Anna", email="anna@example.com", role="admin").json()
    assert (changed["name"], changed["email"], changed["role"]) == ("Anna", "anna@example.com", "admin")
    assert change(client, admin, ann["id"]).json() == changed
    assert change(client, admin, ann["id"], disabled=True).json()["disabled"]
    refused = client.post(f"{path}/link", headers=admin.headers)
    assert (refused.status_code, refused.json()["code"]) == (409, "USER_DISABLED")
    signed_in = client.post("/auth/sign-in", json={"email": "anna@example.com", "password": body["password"]})
    assert signed_in.status_code == 403


def test_an_address_is_one_account(client, admin, person, other):
    for address in ("ann@example.com", " ANN@Example.com ", "\uff21nn@example.com"):
        answer = client.post("/admin/users", json={"email": address}, headers=admin.headers)
        assert (answer.status_code, answer.json()["code"]) == (409, "EMAIL_TAKEN"), address
        assert answer.json()["fields"][0]["field"] == "email"
    assert change(client, admin, other.id, email="Ann@example.com").status_code == 409
    assert change(client, admin, person.id, email="ANN@example.com").json()["email"] == "ANN@example.com"


def test_what_is_no_address_is_refused(client, admin):
    for address in ["", "ann", "@", "a@", "@b", "a@b@c", "a b@c", "a\u200b@c", "x" * 251 + "@b.c"]:
        answer = client.post("/admin/users", json={"email": address}, headers=admin.headers)
        assert answer.status_code == 422
        assert answer.json()["fields"][0]["field"] == "email"


def test_accounts_are_listed_by_pages_and_found_by_words(client, admin, make_person):
    for name in ("ann", "bob", "c_d", "c%d"):
        make_person(f"{name}@example.com", name=name.title())
    assert emails(client, admin)[1] == 5
    assert emails(client, admin, limit=2, offset=1) == (["ann@example.com", "bob@example.com"], 5)
    assert emails(client, admin, offset=10) == ([], 5)
    assert emails(client, admin, query="BOB") == (["bob@example.com"], 1)
    assert emails(client, admin, query="c_") == (["c_d@example.com"], 1)
    assert emails(client, admin, query="%") == (["c%d@example.com"], 1)
    assert emails(client, admin, query="\\") == ([], 0)
    for wrong in ({"limit": 0}, {"limit": 501}, {"offset": -1}, {"offset": 10**30}, {"query": "x" * 101}):
        answer = client.get("/admin/users", params=wrong, headers=admin.headers)
        assert answer.status_code == 422
        assert [fault["field"] for fault in answer.json()["fields"]] == list(wrong)


def test_the_last_administrator_stays(client, admin, make_person):
    for body in ({"disabled": True}, {"role": "user"}, {"role": "user", "disabled": True, "name": "x"}):
        refused = change(client, admin, admin.id, **body)
        assert (refused.status_code, refused.json()["code"]) == (409, "LAST_ADMINISTRATOR")
    second = make_person("second@example.com", admin=True)
    assert change(client, admin, second.id, disabled=True).status_code == 200
    assert change(client, admin, admin.id, role="user").status_code == 409  # who is disabled does not count
    assert change(client, admin, second.id, disabled=False).status_code == 200
    assert change(client, admin, admin.id, role="user").status_code == 200
    assert client.get("/admin/users", headers=admin.headers).status_code == 403  # at once


def test_two_administrators_who_demote_each_other_can_not_both_succeed(accounts, make_person, run_together):
    for number in range(5):
        pair = [make_person(f"{number}{who}@example.com", admin=True) for who in "ab"]
        for user in accounts.users.page(limit=99)[0]:
            if user.is_admin and user.id not in {person.id for person in pair}:
                accounts.users.change(user.id, role="user")

        def demote(which, pair=pair):
            try:
                accounts.users.change(pair[which].id, disabled=True)
            except LastAdministrator:
                return False
            return True

        assert sorted(run_together(demote, 2)) == [False, True]


def test_an_account_that_is_not_there(client, admin):
    for user_id in ["00000000-0000-4000-8000-00000000000a", "x", "%00"]:
        expected = 404 if "-" in user_id else 422
        for method, path in (("GET", ""), ("PATCH", ""), ("POST", "/link")):
            body = {"json": {}} if method == "PATCH" else {}
            answer = client.request(method, f"/admin/users/{user_id}{path}", headers=admin.headers, **body)
            assert answer.status_code == expected
            assert expected == 404 or answer.json()["fields"][0]["field"] == "user_id"
