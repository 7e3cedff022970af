"""What routes are given to work with. `broker.app` builds it; nothing here decides anything."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from broker.agencies.agreements import Agreements
from broker.agencies.authority import Authority
from broker.agencies.emergencies.service import Emergencies
from broker.agencies.notices.service import Notices
from broker.agencies.officers import Officers
from broker.agencies.substitutes.service import Substitutes
from broker.audit.service import AuditLog
from broker.audit.tree.sequencer import Sequencer
from broker.audit.tree.service import LogTree
from broker.catalog.service import Catalog
from broker.catalog.snapshots import Snapshots
from broker.clock import Clock
from broker.holds.service import Holds
from broker.identity.wiring import Identity
from broker.ingest.networks import Networks
from broker.notify.events.service import Events
from broker.notify.messages.service import Messages
from broker.quotas.service import Quotas
from broker.register.service import Registers
from broker.requests.decisions import Decisions
from broker.requests.delivery import Delivery
from broker.requests.documents import Documents
from broker.requests.outcomes import Outcomes
from broker.requests.service import Requests
from broker.rights.dry_run import DryRuns
from broker.rights.explaining import Explanations
from broker.settings import Settings


@dataclass(frozen=True)
class Services:
    """One of each domain's services."""

    settings: Settings
    clock: Clock
    authority: Authority
    officers: Officers
    identity: Identity
    quotas: Quotas
    agreements: Agreements
    emergencies: Emergencies
    notices: Notices
    substitutes: Substitutes
    audit: AuditLog
    tree: LogTree
    sequencer: Sequencer
    catalog: Catalog
    explanations: Explanations
    dry_runs: DryRuns
    networks: Networks
    snapshots: Snapshots
    holds: Holds
    requests: Requests
    decisions: Decisions
    outcomes: Outcomes
    documents: Documents
    delivery: Delivery
    messages: Messages
    events: Events
    registers: Registers


async def _services(request: Request) -> Services:
    services: Services = request.app.state.services
    return services


CurrentServices = Annotated[Services, Depends(_services)]
