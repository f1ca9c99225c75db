from __future__ import annotations

import uuid

import pytest

from voicewright.accounts.api_keys import key_scopes
from voicewright.accounts.caller import Caller, Role, Scope
from voicewright.accounts.errors import LastAdministrator, NotAllowed
from voicewright.accounts.models import ApiKey
from voicewright.accounts.policies import (
    default_key_scopes,
    may_see,
    require_admin,
    require_another_admin,
    require_own_id,
    require_own_scopes,
    require_scope,
    require_signed_in,
    scopes_of,
)


def caller(role: Role = Role.USER, *scopes: Scope, key: bool = False) -> Caller:
    key_id = uuid.uuid4() if key else None
    return Caller(uuid.uuid4(), role, frozenset(scopes or scopes_of(role)), api_key_id=key_id)


def test_a_scope_is_needed() -> None:
    require_scope(caller(Role.USER, Scope.TRAINING_READ), Scope.TRAINING_READ)
    with pytest.raises(NotAllowed, match="training:write"):
        require_scope(caller(Role.USER, Scope.TRAINING_READ), Scope.TRAINING_WRITE)


def test_administration_is_for_administrators() -> None:
    require_admin(caller(Role.ADMIN))
    with pytest.raises(NotAllowed):
        require_admin(caller(Role.USER, *Scope))
    assert Scope.ADMIN not in scopes_of(Role.USER)
    assert scopes_of(Role.ADMIN) == set(Scope)


def test_things_are_seen_by_their_owners_and_administrators() -> None:
    somebody, root = caller(), caller(Role.ADMIN)
    assert may_see(somebody, somebody.user_id)
    assert not may_see(somebody, root.user_id)
    assert may_see(root, somebody.user_id)
    require_own_id(root, somebody.user_id)
    with pytest.raises(NotAllowed, match="userId"):
        require_own_id(somebody, root.user_id)


def test_some_things_need_a_person() -> None:
    require_signed_in(caller())
    with pytest.raises(NotAllowed, match="Sign in"):
        require_signed_in(caller(key=True))


def test_nobody_gives_what_they_do_not_have() -> None:
    require_own_scopes(caller(), [Scope.ACCOUNT, Scope.ACCOUNT])
    with pytest.raises(NotAllowed, match="admin"):
        require_own_scopes(caller(), [Scope.ACCOUNT, Scope.ADMIN])


def test_an_administrator_is_left() -> None:
    require_another_admin(1)
    with pytest.raises(LastAdministrator):
        require_another_admin(0)


def test_a_key_has_no_scope_that_its_role_or_this_release_does_not_know() -> None:
    key = ApiKey(scopes=["training:read", "admin", "of:a:later:release"])
    assert key_scopes(key, Role.USER) == {Scope.TRAINING_READ}
    assert key_scopes(key, Role.ADMIN) == {Scope.TRAINING_READ, Scope.ADMIN}
    assert not default_key_scopes() & {Scope.ADMIN, Scope.ACCOUNT}
