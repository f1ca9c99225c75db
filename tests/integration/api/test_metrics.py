"""`/metrics` says what the database says, and only to those who may know; every metric is documented."""

from __future__ import annotations

import re

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families
from pydantic import SecretStr
from sqlalchemy import make_url

from voicewright.audit.acts import Act
from voicewright.audit.trail import note
from voicewright.db.server import Database
from voicewright.monitoring import metrics
from voicewright.monitoring.metrics import Scrape
from voicewright.monitoring.policies import KINDS

TOKEN = "a token of prometheus"  # noqa: S105


@pytest.fixture
def api_settings(settings):
    return settings.model_copy(update={"metrics_token": SecretStr(TOKEN)})


@pytest.fixture(autouse=True)
def always_fresh(monkeypatch):
    monkeypatch.setattr(metrics, "FRESH_S", -1.0)


@pytest.fixture
def scrape(client):
    def scrape():
        answer = client.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"})
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/plain; version=")
        return {family.name: family for family in text_string_to_metric_families(answer.text)}

    return scrape


def values(family, *labels):
    return {tuple(sample.labels[label] for label in labels): sample.value for sample in family.samples}


def test_the_figures_are_those_of_the_database(scrape, client, person, add_voice, database):
    for score in (0.65, 0.85, 0.9):
        add_voice(person, score=score)
    gone = add_voice(person, "Bob", score=0.3)
    assert client.delete(f"/voice-models/{gone.id}", headers=person.headers).status_code == 200
    with database.session() as session:
        note(session, Act("voice_model.read", person.id, person.id, result="failed"))

    found = scrape()
    assert values(found["voicewright_voice_models_created"], "provider")["tone",] == 4
    assert values(found["voicewright_voice_models"], "provider") == {("tone",): 3}
    assert found["voicewright_voice_models_active"].samples[0].value == 1
    assert values(found["voicewright_voice_models_stored_bytes"], "provider")["tone",] > 0
    buckets = {
        sample.labels["le"]: sample.value
        for sample in found["voicewright_voice_model_quality"].samples
        if sample.name.endswith("_bucket")
    }
    assert [buckets[bound] for bound in ("0.3", "0.6", "0.7", "0.8", "0.9", "1.0", "+Inf")] == [
        0, 0, 1, 1, 3, 3, 3,
    ]  # fmt: skip
    assert values(found["voicewright_voice_operations_recent"], "result")["failed",] == 1
    answers = values(found["voicewright_http_answers"], "family", "status")
    assert answers["voice-models", "2xx"] == 1
    assert found["voicewright_database_up"].samples[0].value == 1


def test_who_may_read_them(client, person, admin):
    def status(headers):
        return client.get("/metrics", headers=headers).status_code

    assert status({}) == 401
    assert status({"Authorization": "Bearer another token of prometheus"}) == 401
    assert status({"X-API-Key": TOKEN}) == 401
    assert status(person.headers) == 403
    assert status(admin.headers) == 200
    assert status(admin.key("admin")) == 200
    assert status({"Authorization": f"Bearer {TOKEN}"}) == 200
    assert client.get("/admin/users", headers={"Authorization": f"Bearer {TOKEN}"}).status_code == 401


def test_without_the_database_there_is_one_metric_that_says_so():
    with Database(make_url("postgresql+psycopg://nobody@127.0.0.1:1/none")) as away:
        text = Scrape(away).text().decode()
    assert re.findall(r"^(\w+) (\S+)$", text, flags=re.MULTILINE) == [("voicewright_database_up", "0.0")]


def test_what_a_caller_makes_up_becomes_no_time_series(client, scrape):
    for number in range(3):
        client.get(f"/made-up-{number}")
    answers = values(scrape()["voicewright_http_answers"], "family", "status")
    assert answers["none", "4xx"] == 3


def documented(repository):
    page = (repository / "docs" / "metrics.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(voicewright_\w+)` \| (\w+) \|([^|]*)\|", page, flags=re.MULTILINE)
    return {name: (kind, re.findall(r"`(\w+)`", labels)) for name, kind, labels in rows}


def exposed(scrape):
    """The name as it is queried, the kind and the labels of each; a gauge histogram comes as three."""
    found = {}
    for name, family in scrape().items():
        if name.endswith(("_gcount", "_gsum", "_created")) and name != "voicewright_voice_models_created":
            continue
        kind = family.type
        shown = f"{name}_total" if kind == "counter" else name
        labels = {label for sample in family.samples for label in sample.labels} - {"le"}
        found[shown] = (kind, labels)
    return found


def test_every_metric_is_documented_and_every_documented_one_exists(repository, scrape):
    table = documented(repository)
    found = exposed(scrape)
    assert set(table) == set(found)
    for name, (kind, labels) in found.items():
        assert table[name][0] == kind, name
        assert labels <= set(table[name][1]), name


def test_the_rules_for_prometheus_name_metrics_that_exist(repository, scrape):
    rules = yaml.safe_load((repository / "deploy" / "prometheus" / "alerts.yml").read_text())
    found = {rule["alert"]: rule for group in rules["groups"] for rule in group["rules"]}
    known = set(exposed(scrape)) | {
        "voicewright_voice_model_quality_gsum",
        "voicewright_voice_model_quality_gcount",
        "voicewright_speech_first_audio_seconds_bucket",
    }
    kinds = set()
    for name, rule in found.items():
        named = set(re.findall(r"voicewright_\w+", rule["expr"]))
        assert named, name
        assert named <= known, name
        assert rule["labels"]["severity"] in {"warning", "critical"}
        assert rule["annotations"]["summary"]
        kinds |= set(re.findall(r'kind="(\w+)"', rule["expr"]))
    assert kinds == set(KINDS)
