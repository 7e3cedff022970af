"""`/v1/networks`: how the camera networks do, for those who run them."""

from fastapi import APIRouter

from broker.agencies.models import AgencyAction
from broker.agencies.policy import may
from broker.audit.models import Operation
from broker.http.calls import CurrentCaller, InstantView, View
from broker.http.paging import CurrentList
from broker.http.services import CurrentServices

router = APIRouter(prefix="/v1/networks", tags=["networks"])


class NetworkView(View):
    """What the last synchronisation found; counts are null before the first one."""

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


class NetworkList(View):
    networks: list[NetworkView]
    links: list[dict[str, str]]


@router.get("", response_model=NetworkList, summary="Networks")
async def list_networks(asked: CurrentList, caller: CurrentCaller, services: CurrentServices) -> NetworkList:
    """Every network for an administrator, the own agency's for its custodians, none for others."""
    await services.authority.require_purpose(caller)
    at = services.clock.now()
    reports = services.catalog.reports
    everything = may(caller.officer, AgencyAction.ADMINISTER, at)
    views = []
    shown = (
        network
        for network in services.settings.network
        if everything or may(caller.officer, AgencyAction.DECIDE, at, network.agency)
    )
    cut = asked.page.cut(shown, lambda network: network.id)
    for network in cut.rows:
        report = reports.get(network.id)
        views.append(
            NetworkView(
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
            )
        )
    entry = services.authority.entry(caller, Operation.CONSULTATION, "list_networks").model_copy(
        update={
            "objects": tuple(view.id for view in views),
            "owners": tuple(sorted({view.agency for view in views})),
        }
    )
    answer = NetworkList(networks=views, links=asked.links(cut.last))
    return await services.authority.decide_and_log(lambda _book: (answer, entry))
