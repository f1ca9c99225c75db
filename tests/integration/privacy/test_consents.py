"""Consents in a real database: who must record them, what revoking ends, and what happens at once."""

from __future__ import annotations

import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from voicewright.privacy.errors import ConsentInvalid, ConsentNotFound, ConsentRequired, SpeakerInvalid
from voicewright.privacy.service import ConsentService

OWNER, OTHER, ADMIN = uuid.uuid4(), uuid.uuid4(), uuid.uuid4()


@pytest.fixture
def consents(database):
    return ConsentService(database, "production")


@pytest.fixture
def trusting(database):
    return ConsentService(database, "development")


def listed(consents, **options):
    return consents.list_consents(OWNER, **options)[0]


def test_in_production_a_consent_must_be_there_before(consents):
    with pytest.raises(ConsentRequired, match="Nobody has recorded that Ann"):
        consents.ensure(None, OWNER, "Ann", asserted_by=OWNER)
    given = consents.assert_consent(OWNER, " ann ", asserted_by=ADMIN, statement="On paper.")
    assert (given.speaker, given.source, given.evidence, given.asserted_by) == (
        "ann",
        "assertion",
        None,
        ADMIN,
    )
    assert consents.ensure(None, OWNER, "Ann", asserted_by=OWNER).id == given.id
    for owner, speaker in ((OTHER, "Ann"), (OWNER, "Bob")):
        with pytest.raises(ConsentRequired):
            consents.ensure(None, owner, speaker, asserted_by=owner)
    assert len(listed(consents)) == 1


def test_in_development_the_asserters_word_is_recorded_on_the_way_once(trusting):
    first = trusting.ensure(None, OWNER, "Ann", asserted_by=OWNER)
    assert trusting.ensure(None, OWNER, "ANN", asserted_by=OWNER).id == first.id
    (kept,) = listed(trusting)
    assert (kept.scope, kept.asserted_by, kept.expires_at) == (["voice-cloning"], OWNER, None)
    assert "ENVIRONMENT=development" in kept.statement


def test_what_is_recorded_on_the_way_stands_or_falls_with_the_callers_work(trusting, database):
    with pytest.raises(ZeroDivisionError), database.session() as session:  # noqa: PT012 - one unit of work
        trusting.ensure(session, OWNER, "Ann", asserted_by=OWNER)
        raise ZeroDivisionError
    assert listed(trusting) == []
    with database.session() as session:
        given = trusting.ensure(session, OWNER, "Ann", asserted_by=OWNER)
        assert trusting.ensure(session, OWNER, "Ann", asserted_by=OWNER).id == given.id
    assert [one.id for one in listed(trusting)] == [given.id]


def test_a_revoked_consent_is_not_replaced_in_silence_even_in_development(trusting):
    old = trusting.assert_consent(OWNER, "Ann", asserted_by=OWNER)
    given = trusting.assert_consent(OWNER, "Ann", asserted_by=OWNER)
    revoked = trusting.revoke(given.id, OWNER)
    assert revoked.revoked_at is not None
    assert trusting.revoke(given.id, None).revoked_at == revoked.revoked_at
    with pytest.raises(ConsentRequired, match="took back"):
        trusting.ensure(None, OWNER, "Ann", asserted_by=OWNER)
    new = trusting.assert_consent(OWNER, "Ann", asserted_by=OWNER)
    assert trusting.ensure(None, OWNER, "Ann", asserted_by=OWNER).id == new.id
    assert {one.id for one in listed(trusting)} == {old.id, given.id, new.id}


def test_an_expired_consent_counts_no_more(consents, trusting, database):
    given = consents.assert_consent(
        OWNER, "Ann", asserted_by=OWNER, expires_at=datetime.now(UTC) + timedelta(hours=1)
    )
    assert consents.ensure(None, OWNER, "Ann", asserted_by=OWNER).id == given.id
    with database.session() as session:
        session.get(type(given), given.id).expires_at = datetime.now(UTC) - timedelta(seconds=1)
    with pytest.raises(ConsentRequired, match="expired"):
        consents.ensure(None, OWNER, "Ann", asserted_by=OWNER)
    for demand in (trusting.require, lambda *whose: trusting.ensure(*whose, asserted_by=OWNER)):
        with pytest.raises(ConsentRequired, match="expired"):
            demand(None, OWNER, "Ann")
    assert len(listed(trusting)) == 1
    renewed = trusting.assert_consent(OWNER, "Ann", asserted_by=OWNER)
    assert trusting.ensure(None, OWNER, "Ann", asserted_by=OWNER).id == renewed.id


def test_whoever_only_demands_records_nothing_in_either_environment(consents, trusting, database):
    for service in (consents, trusting):
        with pytest.raises(ConsentRequired, match="Nobody has recorded that Ann"):
            service.require(None, OWNER, "Ann")
    assert listed(consents) == []
    with database.session() as session:
        given = trusting.ensure(session, OWNER, "Ann", asserted_by=OWNER)
        assert consents.require(session, OWNER, "ANN").id == given.id
    assert trusting.require(None, OWNER, "Ann").id == given.id


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"scope": []}, ConsentInvalid),
        ({"scope": ["everything"]}, ConsentInvalid),
        ({"expires_at": datetime(2020, 1, 1, tzinfo=UTC)}, ConsentInvalid),
        ({"statement": "x" * 4001}, ConsentInvalid),
        ({"statement": "a\0b"}, ConsentInvalid),
        ({"speaker": " "}, SpeakerInvalid),
        ({"speaker": "a\0b"}, SpeakerInvalid),
    ],
)
def test_what_can_not_be_recorded_is_refused(consents, changes, error):
    options = {"speaker": "Ann", "asserted_by": OWNER} | changes
    with pytest.raises(error):
        consents.assert_consent(OWNER, options.pop("speaker"), **options)
    assert listed(consents) == []


def test_consents_are_listed_newest_first_page_by_page_and_found_by_their_owner_only(consents):
    made = [consents.assert_consent(OWNER, name, asserted_by=OWNER) for name in ("Ann", "Bob", "ann")]
    consents.assert_consent(OTHER, "Ann", asserted_by=OTHER)
    assert [one.id for one in listed(consents)] == [one.id for one in reversed(made)]
    assert [one.speaker for one in listed(consents, speaker="ANN")] == ["ann", "Ann"]
    page, total = consents.list_consents(OWNER, limit=1, offset=1)
    assert ([one.speaker for one in page], total) == (["Bob"], 3)
    assert consents.get(made[0].id, OWNER).id == consents.get(made[0].id, None).id == made[0].id
    for consent_id, owner in ((made[0].id, OTHER), (uuid.uuid4(), OWNER), (uuid.uuid4(), None)):
        for use in (consents.get, consents.revoke):
            with pytest.raises(ConsentNotFound):
                use(consent_id, owner)


def test_many_at_once_record_one_consent_and_a_revocation_among_them_wins(trusting):
    with ThreadPoolExecutor(8) as pool:
        ids = {
            given.id for given in pool.map(lambda _: trusting.ensure(None, OWNER, "Ann", OWNER), range(24))
        }
        assert len(ids) == len(listed(trusting)) == 1
        (given,) = ids
        revoked = pool.submit(trusting.revoke, given, OWNER)
        tries = [pool.submit(trusting.ensure, None, OWNER, "Ann", OWNER) for _ in range(24)]
    revoked.result()
    assert {attempt.result().id for attempt in tries if attempt.exception() is None} <= {given}
    assert all(isinstance(attempt.exception(), ConsentRequired | None) for attempt in tries)
    assert len(listed(trusting)) == 1


def test_one_that_is_taken_back_takes_the_earlier_ones_with_it(consents):
    def given(speaker="Ann", **more):
        return consents.assert_consent(OWNER, speaker, asserted_by=OWNER, **more)

    first, both = given(), given(scope=["voice-cloning", "provider-upload"])
    consents.revoke(given().id, OWNER)
    later, bob = given("ann"), given("Bob")
    shown = [first, both, later, bob]
    assert consents.standing_of(OWNER, shown) == {
        both.id: ["provider-upload"],  # one half of it stands
        later.id: ["voice-cloning"],
        bob.id: ["voice-cloning"],
    }
    assert consents.standing_of(OWNER, [first]) == {}
    assert consents.standing_of(OTHER, []) == {}
