"""The edge around every route: ids of requests, one form of errors, limits of bodies, storable text."""

from __future__ import annotations


def test_health(client):
    answer = client.get("/health")
    assert (answer.status_code, answer.json()["status"]) == (200, "ok")
    assert client.get("/ready").json() == {"status": "ready"}
