"""`/admin/alerts` lists what is open, and what was."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from voicewright.monitoring.models import Alert

NOW = datetime(2025, 1, 15, 10, 30, tzinfo=UTC)


def test_alerts_are_listed_the_newest_first(client, admin, database):
    with database.session() as session:
        for number in range(4):
            over = NOW if number % 2 else None
            session.add(
                Alert(
                    kind="quality_low",
                    subject=str(number),
                    severity="warning",
                    message="Low.",
                    details={"average_quality": 0.5},
                    raised_at=NOW - timedelta(hours=number),
                    resolved_at=over,
                )
            )

    def listed(**params):
        answer = client.get("/admin/alerts", params=params, headers=admin.headers)
        assert answer.status_code == 200
        return [alert["subject"] for alert in answer.json()["alerts"]], answer.json()["total"]

    assert listed() == (["0", "1", "2", "3"], 4)
    assert listed(open=True) == (["0", "2"], 2)
    assert listed(open=False) == (["1", "3"], 2)
    assert listed(limit=1, offset=1) == (["1"], 4)
    [alert] = client.get("/admin/alerts?limit=1", headers=admin.headers).json()["alerts"]
    assert (alert["details"], alert["resolved_at"]) == ({"average_quality": 0.5}, None)
    assert client.get("/admin/alerts?open=perhaps", headers=admin.headers).status_code == 422
