"""Who may see and use a voice that somebody shares, and from when on they may no more."""

from __future__ import annotations

import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest
from sqlalchemy import select

from voicewright.accounts.caller import Caller, Role
from voicewright.accounts.errors import NotAllowed
from voicewright.accounts.models import User
from voicewright.accounts.policies import scopes_of
from voicewright.accounts.users import new_user
from voicewright.audit.models import AuditEvent
from voicewright.voices.errors import VoiceNotFound
from voicewright.voices.sharing.access import find_model
from voicewright.voices.sharing.errors import ShareTargetsInvalid, VoiceNameAmbiguous, VoiceShareNotFound
from voicewright.voices.sharing.models import SharePermission, VoiceShare
from voicewright.voices.sharing.rules import end_shares, forget_shares_of
from voicewright.voices.sharing.service import SharingService
from voicewright.voices.sharing.speaking import Permit, find_to_speak

NOW = datetime(2025, 1, 15, tzinfo=UTC)
READ, USE = SharePermission.READ, SharePermission.USE


@pytest.fixture
def sharing(database):
    return SharingService(database)


@pytest.fixture
def people(database):
    """Ann, Bob, Cid and an administrator, who may call."""

    def enter(name, role=Role.USER):
        user = new_user(email=f"{name}@example.com", name=name, role=role, now=NOW)
        with database.session() as session:
            session.add(user)
        return Caller(user.id, role, scopes_of(role))

    return {name: enter(name) for name in ("Ann", "Bob", "Cid")} | {"Ada": enter("Ada", Role.ADMIN)}


@pytest.fixture
def ann(people):
    return people["Ann"]


@pytest.fixture
def voice(voices, new_voice, ann):
    return voices.of(ann.user_id).register(new_voice("Ann"))


@pytest.fixture
def share(sharing, ann, voice):
    def share(*targets, permission=USE, by=ann, voice=voice):
        ids = [target.user_id for target in targets]
        return sharing.share(by, voice.id, owner_id=voice.owner_id, targets=ids, permission=permission)

    return share


@pytest.fixture
def disable(database):
    def disable(person, at):
        with database.session() as session:
            session.get_one(User, person.user_id).disabled_at = at

    return disable


@pytest.fixture
def may(database, voice):
    """What somebody may do with the voice, and whether they are told that it is there."""

    def may(caller):
        answers = {}
        for need in ("read", "use", "own"):
            with database.session() as session:
                try:
                    find_model(session, caller, voice.id, need=need)
                    answers[need] = "yes"
                except NotAllowed:
                    answers[need] = "not allowed"
                except VoiceNotFound:
                    answers[need] = "not there"
        return answers

    return may


@pytest.fixture
def cast(  # noqa: PLR0917
    sharing, share, may, disable, people, voice, voices, new_voice, database
):
    """All of these together."""
    ann, bob, cid, ada = people.values()
    return SimpleNamespace(**locals())


NOTHING = dict.fromkeys(("read", "use", "own"), "not there")


def test_a_share_allows_what_it_says_and_nothing_else(cast):
    assert cast.may(cast.bob) == NOTHING
    cast.share(cast.bob)
    cast.share(cast.cid, permission=READ)
    assert cast.may(cast.bob) == {"read": "yes", "use": "yes", "own": "not allowed"}
    assert cast.may(cast.cid) == {"read": "yes", "use": "not allowed", "own": "not allowed"}
    assert cast.may(cast.ann) == cast.may(cast.ada) == dict.fromkeys(("read", "use", "own"), "yes")


def test_sharing_again_changes_the_permission_and_makes_no_second_share(cast):
    cast.share(cast.bob, cast.bob)
    cast.share(cast.bob, permission=READ)
    assert cast.may(cast.bob)["use"] == "not allowed"
    found, total = cast.sharing.shares_of(cast.ann, cast.voice.id, limit=10, offset=0)
    assert [(each.target_user_id, each.permission) for each in found] == [(cast.bob.user_id, "read")]
    assert total == 1


def test_all_are_shared_with_or_none(cast):
    nobody = Caller(uuid.uuid4(), Role.USER, frozenset())
    cast.disable(cast.cid, NOW)
    with pytest.raises(ShareTargetsInvalid) as refused:
        cast.share(cast.bob, nobody, cast.ann, cast.cid)
    assert [fault.field for fault in refused.value.fields] == [
        f"targetUserIds[{place}]" for place in (1, 2, 3)
    ]
    assert str(nobody.user_id) in refused.value.message
    assert cast.may(cast.bob) == NOTHING
    assert cast.sharing.shares_of(cast.ann, cast.voice.id, limit=10, offset=0) == ([], 0)


def test_only_the_owner_shares_and_nobody_passes_on(cast):
    cast.share(cast.bob)
    with pytest.raises(NotAllowed):  # in the owner's name
        cast.share(cast.cid, by=cast.bob)
    for caller, error in ((cast.bob, NotAllowed), (cast.cid, VoiceNotFound)):
        ids = {"owner_id": caller.user_id, "targets": [cast.ann.user_id]}
        with pytest.raises(error):
            cast.sharing.share(caller, cast.voice.id, **ids, permission=USE)
        with pytest.raises(error):
            cast.sharing.shares_of(caller, cast.voice.id, limit=10, offset=0)
    with pytest.raises(VoiceNotFound):  # it is not hers
        cast.sharing.share(
            cast.ada, cast.voice.id, owner_id=cast.ada.user_id, targets=[cast.cid.user_id], permission=USE
        )
    cast.share(cast.cid, by=cast.ada)
    assert cast.sharing.shares_of(cast.ada, cast.voice.id, limit=1, offset=0)[1] == 2


def test_the_owner_takes_back_and_who_has_it_gives_back(cast):
    cast.share(cast.bob, cast.cid)
    with pytest.raises(NotAllowed):
        cast.sharing.unshare(cast.bob, cast.voice.id, cast.cid.user_id)
    cast.sharing.unshare(cast.ann, cast.voice.id, cast.bob.user_id)
    cast.sharing.unshare(cast.cid, cast.voice.id, cast.cid.user_id)
    assert cast.may(cast.bob) == cast.may(cast.cid) == NOTHING
    with pytest.raises(VoiceShareNotFound):
        cast.sharing.unshare(cast.ann, cast.voice.id, cast.bob.user_id)
    for stranger in (cast.bob, cast.cid):
        for target in (cast.bob, cast.cid):
            with pytest.raises(VoiceNotFound):
                cast.sharing.unshare(stranger, cast.voice.id, target.user_id)
    cast.share(cast.bob)  # a new one, beside the old one
    assert cast.may(cast.bob)["use"] == "yes"
    with pytest.raises(VoiceNotFound):
        cast.sharing.unshare(cast.ann, uuid.uuid4(), cast.bob.user_id)


def test_what_is_shared_with_somebody_is_listed_with_its_owner(cast):
    cast.share(cast.bob)
    second = cast.voices.of(cast.ann.user_id).register(cast.new_voice("Second"))
    cast.share(cast.bob, permission=READ, voice=second)
    found, total = cast.sharing.shared_with(cast.bob, cast.bob.user_id, limit=1, offset=0)
    assert [(each.voice.name, each.owner_name, each.share.permission) for each in found] == [
        ("Second", "Ann", "read")
    ]
    assert total == 2
    assert cast.sharing.shared_with(cast.bob, cast.bob.user_id, limit=9, offset=1)[0][0].voice.name == "Ann"
    assert cast.sharing.shared_with(cast.cid, cast.cid.user_id, limit=9, offset=0) == ([], 0)
    with pytest.raises(NotAllowed):
        cast.sharing.shared_with(cast.cid, cast.bob.user_id, limit=9, offset=0)


def test_shares_rest_while_either_side_is_disabled(cast):
    cast.share(cast.bob)
    permit = Permit(cast.database, cast.bob.user_id, cast.voice.id)
    permit()
    for person in (cast.ann, cast.bob):
        cast.disable(person, NOW)
        assert cast.may(cast.bob) == NOTHING
        assert cast.sharing.shared_with(cast.bob, cast.bob.user_id, limit=9, offset=0) == ([], 0)
        with pytest.raises(VoiceNotFound, match="no longer shared"):
            permit()
        cast.disable(person, None)
    permit()
    cast.disable(cast.ann, NOW)
    cast.sharing.unshare(cast.bob, cast.voice.id, cast.bob.user_id)  # a share that rests can be given back


def test_a_deleted_voice_and_a_deleted_account_end_their_shares(cast):
    cast.share(cast.bob, cast.cid)
    with cast.database.session() as session:
        assert forget_shares_of(session, cast.cid.user_id) == 1
        assert end_shares(session, cast.voice.id) == 1
    assert cast.may(cast.bob) == cast.may(cast.cid) == NOTHING
    cast.share(cast.bob)
    with cast.database.session() as session:
        assert forget_shares_of(session, cast.voice.owner_id) == 2
        assert session.scalars(select(VoiceShare)).all() == []


def test_a_deleted_voice_is_in_nobodys_list(cast):
    cast.share(cast.bob)
    cast.voices.of(cast.ann.user_id).delete(cast.voice.id)
    assert cast.may(cast.bob) == NOTHING
    assert cast.sharing.shared_with(cast.bob, cast.bob.user_id, limit=9, offset=0) == ([], 0)
    for user_id in (cast.ann.user_id, cast.bob.user_id):
        with pytest.raises(VoiceNotFound, match="gone"):
            Permit(cast.database, user_id, cast.voice.id)()
    with pytest.raises(VoiceNotFound):
        cast.share(cast.bob)


def test_who_speaks_finds_own_voices_first_and_shared_ones_by_name_or_id(cast):
    def find(reference, version=None):
        with cast.database.session() as session:
            return find_to_speak(session, cast.bob.user_id, reference, version).id

    with pytest.raises(VoiceNotFound):
        find("Ann")
    cast.share(cast.bob, permission=READ)
    with pytest.raises(NotAllowed, match="to look at"):
        find("Ann")
    cast.share(cast.bob)
    assert find("ann") == find(str(cast.voice.id)) == find(cast.voice.id) == find("Ann", 1) == cast.voice.id
    with pytest.raises(VoiceNotFound):
        find("Ann", 2)
    newer = cast.voices.of(cast.ann.user_id).register(cast.new_voice("Ann"))
    assert find("Ann") == cast.voice.id  # versions are shared one by one
    cast.share(cast.bob, voice=newer)
    assert (find("Ann"), find("Ann", 1)) == (newer.id, cast.voice.id)
    other = cast.voices.of(cast.cid.user_id).register(cast.new_voice("Ann"))
    cast.share(cast.bob, by=cast.cid, voice=other)
    with pytest.raises(VoiceNameAmbiguous, match=str(other.id)):
        find("Ann")
    own = cast.voices.of(cast.bob.user_id).register(cast.new_voice("Ann"))
    assert find("Ann") == own.id


def test_shares_that_are_made_at_once_are_one(cast):
    with ThreadPoolExecutor(8) as pool:
        list(
            pool.map(
                lambda place: cast.share(*((cast.bob, cast.cid) if place % 2 else (cast.cid, cast.bob))),
                range(8),
            )
        )
    assert cast.sharing.shares_of(cast.ann, cast.voice.id, limit=10, offset=0)[1] == 2


def test_every_act_is_on_record(cast):
    cast.share(cast.bob)
    cast.sharing.shares_of(cast.ann, cast.voice.id, limit=1, offset=0)
    cast.sharing.shared_with(cast.bob, cast.bob.user_id, limit=1, offset=0)
    cast.sharing.unshare(cast.ann, cast.voice.id, cast.bob.user_id)
    with cast.database.session() as session:
        about_sharing = select(AuditEvent).where(AuditEvent.action != "voice_model.create")
        events = session.scalars(about_sharing.order_by(AuditEvent.id)).all()
    assert [(event.action, event.owner_id, event.actor_id, event.model_id) for event in events] == [
        ("voice_model.share", cast.ann.user_id, cast.ann.user_id, cast.voice.id),
        ("voice_model.list", cast.ann.user_id, cast.ann.user_id, cast.voice.id),
        ("voice_model.list", cast.bob.user_id, cast.bob.user_id, None),
        ("voice_model.unshare", cast.ann.user_id, cast.ann.user_id, cast.voice.id),
    ]
    assert events[0].details == {"with": [str(cast.bob.user_id)], "permission": "use"}
