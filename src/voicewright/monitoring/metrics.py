"""The metrics that Prometheus scrapes, made of the figures; docs/metrics.md has one row for each."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Final

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeHistogramMetricFamily,
    GaugeMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

from voicewright.errors import AppError
from voicewright.monitoring.figures import QUALITY_BOUNDS, Figures, ProviderFigures, read_figures

if TYPE_CHECKING:
    from voicewright.db.server import Database

FRESH_S: Final = 5.0
"""For so long the figures of one scrape serve the next ones of this process."""


class Scrape:
    """What one process answers a scrape with; safe for threads.

    Args:
        database: open.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lock = threading.Lock()
        self._read_at = float("-inf")
        self._text = b""

    def text(self) -> bytes:
        """The metrics of the installation in Prometheus' text format.

        While the database is away there is only one, `voicewright_database_up`, and it is 0.
        """
        with self._lock:
            if time.monotonic() - self._read_at > FRESH_S:
                self._text = self._read()
                self._read_at = time.monotonic()
            return self._text

    def _read(self) -> bytes:
        try:
            with self._database.session() as session:
                figures: Figures | None = read_figures(session)
        except AppError:
            figures = None
        registry = CollectorRegistry()
        registry.register(_Given([_up(figures), *(() if figures is None else families(figures))]))
        return generate_latest(registry)


class _Given(Collector):
    def __init__(self, metrics: Iterable[Metric]) -> None:
        self._metrics = list(metrics)

    def collect(self) -> Iterable[Metric]:
        """As they are."""
        return self._metrics


def families(figures: Figures) -> Iterator[Metric]:
    """All metrics with their values."""
    yield from _voices(figures)
    yield _gauge("voice_models_active", "Voices that speak when none is named.", figures.active_voices)
    yield _by("voice_uses_recent", "Uses of voices in the last 15 minutes.", "outcome", figures.uses.items())
    named = ((str(model_id), count) for model_id, count in figures.most_used)
    yield _by("voice_model_uses_day", "Uses in the last day of the ten voices used most.", "model", named)
    named = ((str(model_id), count) for model_id, count in figures.least_used)
    rarely = "Uses in the last day of the ten voices used least, of those that were used."
    yield _by("voice_model_least_uses_day", rarely, "model", named)
    yield _by(
        "voice_operations_recent",
        "Operations on voices in the last 15 minutes, from the audit trail.",
        "result",
        figures.operations.items(),
    )
    yield from _cleanups(figures)
    yield _by("training_jobs", "Training jobs.", "state", figures.jobs.items())
    yield _by("onboarding_jobs", "Those of applications' users.", "state", figures.onboarding.items())
    entries = GaugeMetricFamily(
        "voicewright_queue_entries", "Entries of the durable queue.", labels=["queue", "state"]
    )
    for depth in figures.queues:
        entries.add_metric([depth.queue, depth.state], depth.entries)
    yield entries
    yield _gauge("nodes", "Workers that gave a sign of life.", figures.nodes)
    alerts = GaugeMetricFamily("voicewright_alerts_active", "Open alerts.", labels=["kind", "severity"])
    for kind, severity, count in figures.alerts:
        alerts.add_metric([kind, severity], count)
    yield alerts
    mails = {"waiting": figures.mails_waiting, "given_up": figures.mails_given_up}
    yield _by(
        "provider_deletions_waiting",
        "Deleted voices that are still at their provider.",
        "engine",
        figures.provider_deletions.items(),
    )
    yield _by("mails", "Mails that wait, and that were given up in the last 30 days.", "state", mails.items())


def _voices(figures: Figures) -> Iterator[Metric]:
    created = CounterMetricFamily(
        "voicewright_voice_models_created", "Voices that were registered.", labels=["provider"]
    )
    quality = GaugeHistogramMetricFamily(
        "voicewright_voice_model_quality", "Overall quality of the voices there are.", labels=["provider"]
    )
    for one in figures.providers:
        created.add_metric([one.provider], one.created)
        quality.add_metric([one.provider], _buckets(one), gsum_value=one.score_sum)
    yield created
    live = ((one.provider, one.live) for one in figures.providers)
    yield _by("voice_models", "Voices there are.", "provider", live)
    stored = ((one.provider, one.stored_bytes) for one in figures.providers)
    yield _by("voice_models_stored_bytes", "Bytes of their files before compression.", "provider", stored)
    yield quality


def _buckets(one: ProviderFigures) -> list[tuple[str, float]]:
    found, total = [], 0
    for bound, count in zip(QUALITY_BOUNDS, one.score_counts, strict=True):
        total += count
        found.append((str(bound), float(total)))
    return [*found, ("+Inf", float(total))]


def _cleanups(figures: Figures) -> Iterator[Metric]:
    run = figures.cleanup
    counts = {} if run is None else {"cleaned": run.cleaned, "failed": run.failed}
    cleaned = CounterMetricFamily("voicewright_cleanup_voices", "Voices in all cleanups.", labels=["what"])
    for what, count in counts.items():
        cleaned.add_metric([what], count)
    yield cleaned
    share = GaugeMetricFamily(
        "voicewright_cleanup_efficiency", "Share of the voices found eligible that were cleaned up, 0 to 1."
    )
    if run is not None and run.efficiency is not None:
        share.add_metric([], run.efficiency)
    yield share
    last = GaugeMetricFamily("voicewright_cleanup_eligible", "Voices that the last cleanup found eligible.")
    ended = GaugeMetricFamily(
        "voicewright_cleanup_finished_seconds", "When the last cleanup ended, Unix time."
    )
    if run is not None:
        last.add_metric([], run.last_eligible)
        if run.last_finished_at is not None:
            ended.add_metric([], run.last_finished_at.timestamp())
    yield last
    yield ended


def _up(figures: Figures | None) -> Metric:
    return _gauge("database_up", "Whether the database answers.", int(figures is not None))


def _gauge(name: str, meaning: str, value: float) -> Metric:
    return GaugeMetricFamily(f"voicewright_{name}", meaning, value=value)


def _by(name: str, meaning: str, label: str, values: Iterable[tuple[str, float]]) -> Metric:
    family = GaugeMetricFamily(f"voicewright_{name}", meaning, labels=[label])
    for labelled, value in values:
        family.add_metric([labelled], value)
    return family
