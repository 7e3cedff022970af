"""Networks as they leave over HTTP, and from `entrevue ingest --once --json`."""

from datetime import datetime

from pydantic import ConfigDict

from broker.catalog.models import BreakerState, NetworkReport
from broker.http.calls import InstantView, View
from broker.ingest import examples
from broker.settings.sections import NetworkSettings


class HeldView(View):
    """An answer that waits for confirmation: it lists `still_listed` of `known` cameras."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.HELD]})

    since: InstantView
    found: int
    still_listed: int
    known: int
    rounds: int


class QuarantinedView(View):
    """Records that could not be used for the same reason, as the last answer had them."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.QUARANTINED]})

    reason: str
    count: int
    first_seen_at: InstantView
    examples: list[str]


class QuarantineView(View):
    """In the order of the reasons."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.QUARANTINE]})

    network: str
    records: list[QuarantinedView]
    links: list[dict[str, str]]


class NetworkView(View):
    """What the last synchronisation found; counts are null before the first one. An open breaker means that the
    network failed again and again and is tried rarely."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.NETWORK]})

    id: str
    agency: str
    adapter: str
    refresh_s: float
    synchronised_at: InstantView | None
    succeeded_at: InstantView | None
    stale: bool
    found: int | None
    added: int | None
    changed: int | None
    vanished: int | None
    rejected: int | None
    reasons: list[str]
    error: str | None
    failures: int
    failing_since: InstantView | None
    breaker: BreakerState
    next_attempt_at: InstantView | None
    held: HeldView | None


class NetworkList(View):
    model_config = ConfigDict(json_schema_extra={"examples": [examples.NETWORKS]})

    networks: list[NetworkView]
    links: list[dict[str, str]]


def network_view(network: NetworkSettings, report: NetworkReport | None, at: datetime) -> NetworkView:
    """The network as its last report leaves it at that time."""
    return NetworkView(
        id=network.id,
        agency=network.agency,
        adapter=network.adapter,
        refresh_s=network.refresh_s,
        synchronised_at=report.synchronised_at if report else None,
        succeeded_at=report.succeeded_at if report else None,
        stale=report is None or report.is_stale(at),
        found=report.found if report else None,
        added=report.added if report else None,
        changed=report.changed if report else None,
        vanished=report.vanished if report else None,
        rejected=report.rejected if report else None,
        reasons=list(report.reasons) if report else [],
        error=report.error if report else None,
        failures=report.failures if report else 0,
        failing_since=report.failing_since if report else None,
        breaker=report.breaker if report else BreakerState.CLOSED,
        next_attempt_at=report.next_attempt_at if report else None,
        held=HeldView(**report.held.model_dump()) if report and report.held else None,
    )
