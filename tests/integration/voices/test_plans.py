"""What is asked of the registry all the time is found by its indexes: plans of the statements that run."""

from __future__ import annotations

import hashlib
import uuid
from dataclasses import replace
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest
from sqlalchemy import event, select, text

from voicewright.accounts.caller import Caller, Role
from voicewright.accounts.policies import scopes_of
from voicewright.accounts.rate_limits import RateLimits
from voicewright.privacy.service import ConsentService
from voicewright.voices.cleanup.policies import CleanupRules
from voicewright.voices.cleanup.search import eligible, in_order
from voicewright.voices.figures.service import FigureService, analytics_of, stats_of
from voicewright.voices.limits import ModelLimits
from voicewright.voices.listing import Listing
from voicewright.voices.models import VoiceModel
from voicewright.voices.registry import RegistryService

USERS, OF_EACH, OF_ONE = 500, 10, 3000
FILL = f"""
INSERT INTO voice_models (id, owner_id, name, name_key, version, lineage_id, engine, engine_version, language,
    artefact_digest, artefact_bytes, speech_s, train_s, quality_score, options, is_active, created_at,
    updated_at)
SELECT md5('model' || n)::uuid,
    md5('user' || CASE WHEN n < {USERS * OF_EACH} THEN n % {USERS} ELSE -1 END)::uuid,
    'v' || n, 'v' || n, 1, md5('line' || n)::uuid,
    'tone', '1', 'en-us', md5('') || md5(''), 1, 1, 1, 0.3 + 0.6 * random(), '{{}}', n < {USERS},
    now() - random() * interval '1 year', now()
FROM generate_series(0, {USERS * OF_EACH + OF_ONE - 1}) n;
INSERT INTO voice_usage (model_id, owner_id, user_id, at, outcome, characters, audio_s, latency_ms, cost_usd)
SELECT md5('model' || n % {USERS * OF_EACH})::uuid, md5('user' || n % {USERS})::uuid,
    md5('user' || n % {USERS})::uuid, now() - random() * interval '90 days', 'spoken', 1, 1, 1, 0
FROM generate_series(0, {3 * USERS * OF_EACH - 1}) n
"""  # noqa: S608 - numbers of our own


def named(name):
    """As `md5(name)::uuid` in SQL."""
    return uuid.UUID(hashlib.md5(name.encode(), usedforsecurity=False).hexdigest())


@pytest.fixture
def filled(database, settings):
    """The use cases over some thousand voices, of which the server knows how they are spread."""
    with database.session() as session:
        session.execute(text(FILL))
    with database.engine.connect() as connection:
        connection.execution_options(isolation_level="AUTOCOMMIT").execute(text("VACUUM ANALYZE"))
    limits = ModelLimits(RateLimits(database), settings)
    consents = ConsentService(database, settings.environment)
    voices = SimpleNamespace(vault=None)
    owner = named("user1")
    return SimpleNamespace(
        owner=owner,
        active=named("model1"),
        inactive=named(f"model{USERS + 1}"),
        caller=Caller(owner, Role.USER, scopes_of(Role.USER)),
        registry=RegistryService(database, settings, voices, consents, limits),
        figures=FigureService(database, limits),
    )


@pytest.fixture
def indexes_of(database):
    """The indexes that the statements of a call read voices and uses by, as PostgreSQL plans them."""

    def run(call):
        said = []

        def listen(_connection, _cursor, statement, parameters, *_):
            if " voice_models" in statement or " voice_usage" in statement:
                said.append((statement, parameters))

        event.listen(database.engine, "before_cursor_execute", listen)
        try:
            call()
        finally:
            event.remove(database.engine, "before_cursor_execute", listen)
        plans = []
        with database.engine.connect() as connection:
            for statement, parameters in said:
                if not statement.startswith("INSERT"):
                    explain = f"EXPLAIN (FORMAT JSON) {statement}"
                    plans.append(connection.exec_driver_sql(explain, parameters).scalar()[0]["Plan"])
        assert plans
        return {name for plan in plans for name in scans(plan)}

    return run


def scans(plan):
    """The indexes that a plan reads; of a table that it reads whole, `whole <table>`."""
    if "Index Name" in plan:
        yield plan["Index Name"]
    if plan["Node Type"] == "Seq Scan":
        yield f"whole {plan['Relation Name']}"
    for part in plan.get("Plans", ()):
        yield from scans(part)


def test_voices_are_found_and_activated_by_keys(filled, indexes_of):
    registry, caller = filled.registry, filled.caller
    assert indexes_of(lambda: registry.get(caller, filled.active)) == {"pk_voice_models"}
    assert indexes_of(lambda: registry.get_active(caller, filled.owner)) == {"uq_voice_models_active"}
    found = indexes_of(lambda: registry.activate(caller, filled.inactive))
    assert found == {"pk_voice_models", "uq_voice_models_active"}


def test_pages_are_found_by_their_owner(filled, indexes_of):
    def listed(owner=filled.owner, **wanted):
        caller = replace(filled.caller, user_id=owner)
        return indexes_of(lambda: filled.registry.list_models(caller, owner, Listing(**wanted)))

    by_owner = {f"ix_voice_models_{name}" for name in ("owner", "quality", "state")}
    by_name = "uq_voice_models_owner_id_name_key_version"
    few = {}, {"min_quality_score": 0.8}, {"is_active": False}, {"search": "v1"}, {"sort": "qualityScore"}
    for wanted in (*few, {"provider": "tone", "sort": "name"}):
        assert listed(**wanted) <= {*by_owner, by_name}
    of_many = named("user-1")  # who has so many that they are read in the order of the page
    assert by_owner >= listed(of_many) >= {"ix_voice_models_owner"}
    assert by_owner >= listed(of_many, sort="qualityScore") >= {"ix_voice_models_quality"}


def test_figures_and_what_may_be_cleaned_up_are_found_by_indexes(filled, indexes_of, database, settings):
    may_go = eligible(CleanupRules.of(settings), datetime.now(UTC))

    def in_session(function, *what):
        with database.session() as session:
            function(session, *what)

    def search(session):
        session.scalars(in_order(select(VoiceModel).where(may_go)).limit(50)).all()

    assert indexes_of(lambda: in_session(stats_of, [filled.active])) == {"ix_voice_usage_model"}
    found = indexes_of(lambda: in_session(analytics_of, filled.owner))
    assert "ix_voice_usage_owner" in found
    assert found - {"ix_voice_usage_owner"} <= {"ix_voice_models_owner", "ix_voice_models_quality"}
    assert indexes_of(lambda: in_session(search)) == {"ix_voice_models_cleanup", "ix_voice_usage_model"}
