"""How the log's tree does, for Prometheus: as this process last saw it."""

from collections.abc import Callable, Iterator
from typing import Protocol

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from broker.audit.tree.models import Standing
from broker.clock import Clock


class Looks(Protocol):
    """Who looks at the tree again and again."""

    @property
    def standing(self) -> Standing | None: ...


class Source(Protocol):
    """What a process's services are to this."""

    @property
    def sequencer(self) -> Looks: ...

    @property
    def clock(self) -> Clock: ...


class TreeMetrics(Collector):
    """Says nothing before the process has looked; describing the interface needs no services."""

    def __init__(self, source: Callable[[], Source]) -> None:
        self._source = source

    def describe(self) -> list[GaugeMetricFamily]:
        """Nothing is asked for before the first scrape."""
        return []

    def collect(self) -> Iterator[GaugeMetricFamily]:
        standing = self._source().sequencer.standing
        if standing is None:
            return
        pending = standing.entries - standing.size
        yield GaugeMetricFamily(
            "entrevue_log_entries_not_in_tree", "Entries that no checkpoint covers yet", value=pending
        )
        if standing.at is not None:
            age_s = (self._source().clock.now() - standing.at).total_seconds()
            yield GaugeMetricFamily(
                "entrevue_log_checkpoint_age_seconds", "Time since the newest checkpoint", value=age_s
            )
