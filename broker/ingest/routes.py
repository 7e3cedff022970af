"""`/v1/networks`: how the camera networks do, for those who run them."""

from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import ConfigDict, Field

from broker.agencies.models import AgencyAction
from broker.agencies.policy import may
from broker.audit.models import Operation
from broker.http.calls import Body, CurrentCaller
from broker.http.paging import CurrentList
from broker.http.services import CurrentServices
from broker.ingest.views import HeldView, NetworkList, QuarantinedView, QuarantineView, network_view

Named = Annotated[str, Path(examples=["sncf-gares"], description="Id of a network")]


class Confirmation(Body):
    """What an administrator saw and takes for true."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"found": 4}]})

    found: Annotated[int, Field(ge=0, le=10**9, description="`held.found` of the network as it was shown")]


router = APIRouter(prefix="/v1/networks", tags=["networks"])


@router.get("", response_model=NetworkList, summary="Networks")
async def list_networks(asked: CurrentList, caller: CurrentCaller, services: CurrentServices) -> NetworkList:
    """Every network for an administrator, the own agency's for its custodians, none for others."""
    await services.authority.require_purpose(caller)
    either = (AgencyAction.ADMINISTER, AgencyAction.DECIDE)
    await services.authority.require_scope(caller, either, "list_networks")
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
            "whose": {view.id: (view.agency,) for view in views},
        }
    )
    answer = NetworkList(networks=views, links=asked.links(cut.last))
    return await services.authority.decide_and_log(lambda _book: (answer, entry))


@router.get("/{network_id}/quarantine", response_model=QuarantineView, summary="Bad records of a network")
async def list_quarantine(
    network_id: Named, asked: CurrentList, caller: CurrentCaller, services: CurrentServices
) -> QuarantineView:
    """By reason, as the last readable answer had them; for administrators and the owner's custodians."""
    records = await services.networks.quarantine(caller, network_id)
    cut = asked.page.cut(records, lambda record: record.reason)
    shown = [QuarantinedView(**record.model_dump()) for record in cut.rows]
    return QuarantineView(network=network_id, records=shown, links=asked.links(cut.last))


@router.post("/{network_id}/confirm", response_model=HeldView, summary="Believe an answer that is held")
async def confirm_network(
    network_id: Named, body: Confirmation, caller: CurrentCaller, services: CurrentServices
) -> HeldView:
    """An administrator confirms that a network really lists so few of its cameras. It is looked at within seconds, and
    believed unless it lists under half of what was confirmed."""
    answer = await services.networks.confirm(caller, network_id, body.found)
    return HeldView(**answer.model_dump())
