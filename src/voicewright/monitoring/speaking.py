"""The metrics of what one process speaks; docs/metrics.md has one row for each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

if TYPE_CHECKING:
    from collections.abc import Mapping

    from voicewright.speech.meter import Distribution
    from voicewright.speech.service import SpeechService


class SpeechMetrics(Collector):
    """Reads the figures when they are asked for.

    Args:
        speeches: speak.
    """

    def __init__(self, speeches: SpeechService) -> None:
        self._speeches = speeches

    def collect(self) -> Iterable[Metric]:
        """All of them."""
        meter, pool, admission = self._speeches.meter, self._speeches.pool, self._speeches.admission
        yield _counter("speeches", "Speeches that ended, or found no place.", "outcome", meter.ends)
        yield _counter("speech_pieces", "Sentences of them.", "how", meter.pieces)
        yield _counter("speech_checks", "Sentences that were listened to.", "verdict", meter.checks)
        yield _counter("speech_watermarks", "Speeches that left.", "watermark", meter.watermarks)
        usage = CounterMetricFamily(
            "voicewright_provider_usage", "What engines' providers counted.", labels=["engine", "unit"]
        )
        for labels, amount in list(meter.provider_usage.items()):
            usage.add_metric(labels, amount)
        yield usage
        yield from _distributions(
            ("speech_first_audio_seconds", "From the order to the first sound.", meter.first_audio_s),
            ("speech_real_time_factor", "Seconds of work for a second of speech.", meter.real_time_factor),
        )
        yield GaugeMetricFamily(
            "voicewright_speeches_going_on", "Speeches that have a place.", value=admission.going_on
        )
        waiting = {"place": admission.waiting, "engine": pool.waiting}
        yield _gauge("speech_waiting", "What waits to be spoken.", "what", waiting)
        processes = {engine: len(pids) for engine, pids in pool.processes().items()}
        yield _gauge("speech_engine_processes", "Processes of engines.", "engine", processes)


def _distributions(*all_of_them: tuple[str, str, Distribution]) -> Iterator[Metric]:
    for name, meaning, distribution in all_of_them:
        yield HistogramMetricFamily(
            f"voicewright_{name}", meaning, buckets=distribution.up_to(), sum_value=distribution.total
        )


def _counter(name: str, meaning: str, label: str, values: Mapping[Any, int]) -> Metric:
    family = CounterMetricFamily(f"voicewright_{name}", meaning, labels=[label])
    for labelled, value in list(values.items()):
        family.add_metric([labelled], value)
    return family


def _gauge(name: str, meaning: str, label: str, values: Mapping[str, int]) -> Metric:
    family = GaugeMetricFamily(f"voicewright_{name}", meaning, labels=[label])
    for labelled, value in values.items():
        family.add_metric([labelled], value)
    return family
