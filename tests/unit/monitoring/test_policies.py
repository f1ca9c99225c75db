from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta

import pytest

from voicewright.monitoring.figures import CleanupFigures, Figures, ProviderFigures
from voicewright.monitoring.policies import KINDS, Limits, find_alarms
from voicewright.settings import Settings

MIB = 1 << 20
NOW = datetime(2025, 1, 15, tzinfo=UTC)
LIMITS = Limits(quota_bytes=100 * MIB, user_quota_bytes=10 * MIB, error_rate=0.05, eligible=100)
ANN = uuid.UUID(int=1)


def cleanup(*, eligible=0, failed=0, error=None, finished=NOW, started=NOW):
    return CleanupFigures(0, 0, 0, started, finished, eligible, failed, error)


def found(
    *, used_mib=0, score=None, operations=None, run=None, users=(), told=(), limits=LIMITS, deletions=None
):
    scored = 0 if score is None else 10
    provider = ProviderFigures("tone", 10, 10, used_mib * MIB, scored, (score or 0) * scored, (0,) * 10)
    figures = Figures(
        now=NOW, providers=[provider], active_voices=0, uses={}, most_used=[], least_used=[],
        operations=operations or {}, cleanup=run, jobs={}, onboarding={},
        queues=[], nodes=0, alerts=[], mails_waiting=0,
        mails_given_up=0, provider_deletions={"cellar": 2}, provider_deletions_since=deletions,
    )  # fmt: skip
    users = [(user_id, mib * MIB) for user_id, mib in users]
    return [(one.kind, one.subject, one.severity) for one in find_alarms(figures, users, limits, set(told))]


def ops(failed, done):
    return {"failed": failed, "done": done}


@pytest.mark.parametrize(
    ("state", "kinds"),
    [
        ({}, []),
        ({"used_mib": 80}, []),
        ({"used_mib": 81}, ["storage_high"]),
        ({"used_mib": 76}, []),
        ({"used_mib": 76, "told": [("storage_high", "")]}, ["storage_high"]),
        ({"used_mib": 75, "told": [("storage_high", "")]}, []),
        ({"score": 0.7}, []),
        ({"score": 0.69}, ["quality_low"]),
        ({"score": 0.71, "told": [("quality_low", "")]}, ["quality_low"]),
        ({"score": 0.73, "told": [("quality_low", "")]}, []),
        ({"operations": ops(5, 95)}, []),
        ({"operations": ops(6, 94)}, ["operations_failing"]),
        ({"operations": ops(19, 0)}, []),
        ({"operations": {"refused": 1000, "done": 1}}, []),
        ({"operations": ops(3, 97), "told": [("operations_failing", "")]}, ["operations_failing"]),
        ({"operations": ops(2, 98), "told": [("operations_failing", "")]}, []),
        ({"run": cleanup(eligible=100)}, []),
        ({"run": cleanup(eligible=101)}, ["cleanup_backlog"]),
        ({"run": cleanup(failed=1)}, ["cleanup_failed"]),
        ({"run": cleanup(error="the disk is full", eligible=101)}, ["cleanup_failed", "cleanup_backlog"]),
        ({"deletions": NOW - timedelta(hours=23)}, []),
        ({"deletions": NOW - timedelta(hours=24)}, ["provider_deletions"]),
        ({"run": cleanup(finished=None)}, []),
        ({"run": cleanup(finished=None, started=NOW - timedelta(hours=7))}, ["cleanup_failed"]),
    ],
)
def test_what_is_told(state, kinds):
    assert [kind for kind, _, _ in found(**state)] == kinds
    assert set(kinds) <= set(KINDS)


def test_a_full_quota_and_failures_are_critical():
    assert found(used_mib=100) == [("storage_high", "", "critical")]
    assert found(operations=ops(20, 0)) == [("operations_failing", "", "critical")]


def test_each_user_has_an_alert_of_their_own():
    bob = uuid.UUID(int=2)
    users = [(ANN, 9), (bob, 7.9)]
    assert found(users=users) == [("user_storage_high", str(ANN), "warning")]
    told = [("user_storage_high", str(bob))]
    assert [subject for _, subject, _ in found(users=users, told=told)] == [str(ANN), str(bob)]


def test_without_a_quota_nothing_is_too_much():
    limits = Limits.of(Settings())
    assert (limits.quota_bytes, limits.user_quota_bytes) == (None, None)
    assert found(used_mib=10**9, users=[(ANN, 10**9)], limits=limits) == []
