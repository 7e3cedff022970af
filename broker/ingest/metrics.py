"""How networks do, for Prometheus: by the networks' ids, no cameras."""

from collections.abc import Callable, Iterator, Mapping
from typing import Protocol

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from broker.catalog.models import BreakerState, NetworkReport
from broker.clock import Clock


class Known(Protocol):
    """Who knows the networks' reports."""

    @property
    def reports(self) -> Mapping[str, NetworkReport]: ...


class Source(Protocol):
    """What a process's services are to this."""

    @property
    def catalog(self) -> Known: ...

    @property
    def clock(self) -> Clock: ...


class NetworkMetrics(Collector):
    """Reads the reports that the process knows when it is asked; describing the interface needs no services."""

    def __init__(self, source: Callable[[], Source]) -> None:
        self._source = source

    def describe(self) -> list[GaugeMetricFamily]:
        """Nothing is asked for before the first scrape."""
        return []

    def collect(self) -> Iterator[GaugeMetricFamily]:
        at = self._source().clock.now()
        gauges: tuple[tuple[str, str, Callable[[NetworkReport], float]], ...] = (
            ("breaker_open", "1 while the network is tried rarely", _is_open),
            ("failures", "Failed rounds in a row", lambda report: report.failures),
            ("stale", "1 while nothing proves the network's cameras", lambda report: report.is_stale(at)),
            ("held", "1 while an answer waits for confirmation", lambda report: report.held is not None),
            ("rejected_records", "Records that could not be used", lambda report: report.rejected),
        )
        reports = sorted(self._source().catalog.reports.items())
        for name, meaning, value in gauges:
            gauge = GaugeMetricFamily(f"entrevue_network_{name}", meaning, labels=["network"])
            for network_id, report in reports:
                gauge.add_metric([network_id], float(value(report)))
            yield gauge


def _is_open(report: NetworkReport) -> float:
    return report.breaker is BreakerState.OPEN
