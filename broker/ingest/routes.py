"""`/v1/networks`: how the camera networks do, for those who run them."""

from fastapi import APIRouter

from broker.agencies.models import AgencyAction
from broker.agencies.policy import may
from broker.audit.models import Operation
from broker.http.calls import CurrentCaller
from broker.http.paging import CurrentList
from broker.http.services import CurrentServices
from broker.ingest.views import NetworkList, network_view

router = APIRouter(prefix="/v1/networks", tags=["networks"])


@router.get("", response_model=NetworkList, summary="Networks")
async def list_networks(asked: CurrentList, caller: CurrentCaller, services: CurrentServices) -> NetworkList:
    """Every network for an administrator, the own agency's for its custodians, none for others."""
    await services.authority.require_purpose(caller)
    at = services.clock.now()
    reports = services.catalog.reports
    everything = may(caller.officer, AgencyAction.ADMINISTER, at)
    shown = (
        network
        for network in services.settings.network
        if everything or may(caller.officer, AgencyAction.DECIDE, at, network.agency)
    )
    cut = asked.page.cut(shown, lambda network: network.id)
    views = [network_view(network, reports.get(network.id), at) for network in cut.rows]
    entry = services.authority.entry(caller, Operation.CONSULTATION, "list_networks").model_copy(
        update={
            "objects": tuple(view.id for view in views),
            "owners": tuple(sorted({view.agency for view in views})),
        }
    )
    answer = NetworkList(networks=views, links=asked.links(cut.last))
    return await services.authority.decide_and_log(lambda _book: (answer, entry))
