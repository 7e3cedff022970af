"""The composition root: builds stores, services, the API and the work of one process. Decides nothing.

It alone imports the registry of adapters, and hands on what others need of it.
"""

import asyncio
import os
import random
import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from adapters import registry
from adapters.contract.protocol import GazetteerReader, Manifest
from broker.agencies.agreements import Agreements
from broker.agencies.authority import Authority
from broker.agencies.emergencies.service import Emergencies
from broker.agencies.notices.service import Notices
from broker.agencies.officers import Officers
from broker.agencies.substitutes.service import Substitutes
from broker.audit.erasure.service import Erasure
from broker.audit.service import AuditLog
from broker.audit.tree.excerpts import Excerpts
from broker.audit.tree.keys import open_log_key, witness_keys
from broker.audit.tree.sequencer import Sequencer
from broker.audit.tree.service import LogTree
from broker.catalog.attached import attach
from broker.catalog.bell import WorkerBell
from broker.catalog.connection import Client, client_of_socket, client_of_url
from broker.catalog.embedded import EmbeddedValkey, OwnedData, read_socket_path
from broker.catalog.gazetteers.service import Gazetteers
from broker.catalog.gazetteers.shelf import GazetteerShelf
from broker.catalog.index.following import CatalogFollower
from broker.catalog.index.memory import CatalogIndex
from broker.catalog.service import Catalog
from broker.catalog.snapshots import Snapshots
from broker.catalog.store import CatalogStore
from broker.clock import Clock
from broker.errors import Problem, SetupProblem
from broker.holds.carrying.copying import CopyHolds
from broker.holds.carrying.jobs import JobTools
from broker.holds.carrying.placing import PlaceHolds
from broker.holds.carrying.releasing import ReleaseHolds
from broker.holds.comparing.service import CompareHolds
from broker.holds.copies import Copies, OwnersKeys
from broker.holds.footage import Footage
from broker.holds.minding import MindHolds
from broker.holds.orders import OrderDesk
from broker.holds.service import Holds
from broker.http.services import Services
from broker.identifiers import Identifiers
from broker.identity.wiring import Identity, build_identity
from broker.ingest.leases import Leases
from broker.ingest.networks import Networks
from broker.ingest.recorder import LoadAdapter, Recorders
from broker.ingest.schedule import Schedule
from broker.ingest.scratch import clear_scratch
from broker.ingest.service import Ingest
from broker.ledger.engine import Ledger
from broker.notify.events.feed import EventFeed
from broker.notify.events.service import Events
from broker.notify.wiring import build_messaging
from broker.quotas.service import Quotas
from broker.quotas.store import Counts
from broker.register.service import Registers
from broker.requests.clips import ClipTools, MakeClips
from broker.requests.decisions import Decisions
from broker.requests.delivery import Delivery
from broker.requests.documents import Documents
from broker.requests.expiring import MindDeadlines, Warnings
from broker.requests.outcomes import Outcomes
from broker.requests.sealing import SealRequests, SealTools
from broker.requests.service import Requests
from broker.requests.sweeping import SweepVault
from broker.retention.service import Retention
from broker.retention.wiring import build_retention
from broker.rights.dry_run import DryRuns
from broker.rights.explaining import Explanations
from broker.settings import Settings
from broker.settings.values import text_of
from broker.stores import key_folder, make_data_folder, open_ledger, open_vault, open_vaults
from broker.vault.store import Vault
from broker.work.rounds import MakeRounds, Round
from broker.work.worker import Worker


@dataclass(frozen=True)
class Broker:
    """Everything of one process."""

    services: Services
    ledger: Ledger
    catalog: CatalogStore
    follower: CatalogFollower
    vault: Vault
    recorders: Recorders
    ingest: Ingest
    schedule: Schedule
    worker: Worker
    sequencer: Sequencer
    feed: EventFeed


@dataclass(frozen=True)
class Office:
    """The services that need the ledger only: they work whether or not a broker runs."""

    authority: Authority
    officers: Officers
    identity: Identity
    agreements: Agreements
    emergencies: Emergencies
    notices: Notices
    substitutes: Substitutes
    audit: AuditLog
    tree: LogTree
    erasure: Erasure
    retention: Retention
    registers: Registers
    gazetteers: Gazetteers


@dataclass(frozen=True)
class Host:
    """What a process is given from outside: time, ids, chance, the adapters there are, and what reads gazetteers."""

    clock: Clock
    identifiers: Identifiers
    jitter: random.Random
    load_adapter: LoadAdapter = registry.load
    read_places: GazetteerReader = registry.read_places

    @property
    def process(self) -> str:
        """Names this process in leases."""
        return f"{socket.gethostname()[:24]}.{os.getpid()}.{self.jitter.getrandbits(32):08x}"


@asynccontextmanager
async def open_redis(settings: Settings, owned: OwnedData | None) -> AsyncIterator[Client]:
    """The catalog's Redis: the configured one; else an embedded one, started for whoever `owned` the data
    folder and attached to by everybody else."""
    async with AsyncExitStack() as stack:
        url, data = settings.broker.redis_url, settings.broker.data
        if url is not None:
            client: Client = client_of_url(text_of(url))
        elif owned is not None:
            valkey = EmbeddedValkey(data)
            stack.push_async_callback(valkey.stop)
            client = client_of_socket(await valkey.start())
        else:
            client = await attach(data)
        stack.push_async_callback(client.aclose)
        yield client


@asynccontextmanager
async def open_broker(settings: Settings, host: Host, owned: OwnedData | None) -> AsyncIterator[Broker]:
    """All of one process; with an `owned` data folder it starts the embedded stores, otherwise those of a
    running broker are used."""
    async with AsyncExitStack() as stack:
        await asyncio.to_thread(clear_scratch, settings.broker.data / "scratch")
        redis = await stack.enter_async_context(open_redis(settings, owned))
        ledger = await stack.enter_async_context(open_ledger(settings))
        await build_office(settings, host, ledger).gazetteers.check_networks()
        broker = build(settings, host, ledger, CatalogStore(redis))
        stack.push_async_callback(broker.recorders.aclose)
        stack.push_async_callback(broker.services.identity.client.aclose)
        stack.push_async_callback(broker.services.authority.noted)
        await broker.services.agreements.seed(settings)
        yield broker


async def tell_of_gazetteers(settings: Settings) -> bool:
    """Tells the processes of a running broker to read the gazetteers again; False where they could not be told and
    find out by themselves. Without a broker on the data folder there is nobody to tell."""
    if settings.broker.redis_url is None and read_socket_path(settings.broker.data) is None:
        return True
    try:
        async with open_redis(settings, None) as redis:
            await CatalogStore(redis).announce_gazetteer()
    except (Problem, SetupProblem):
        return False
    return True


def known_adapters() -> tuple[str, ...]:
    """Names that a network's `adapter` can have."""
    return registry.names()


def manifest_of(adapter: str) -> Manifest:
    """What an adapter says of itself; `Misconfigured` where there is none of the name."""
    return registry.manifest(adapter)


@asynccontextmanager
async def open_recorders(settings: Settings, host: Host) -> AsyncIterator[Recorders]:
    """The networks alone, for checks."""
    make_data_folder(settings.broker.data)
    recorders = Recorders(settings, host.clock, host.load_adapter)
    try:
        yield recorders
    finally:
        await recorders.aclose()


def build_office(settings: Settings, host: Host, ledger: Ledger) -> Office:
    """Wires what needs the ledger only."""
    clock, identifiers = host.clock, host.identifiers
    idle = timedelta(minutes=settings.session.idle_min)
    authority = Authority(ledger, clock, settings.broker.purposes, idle)
    networks = {network.id: network.agency for network in settings.network}
    notices = Notices(ledger, clock, identifiers, authority)
    erasure = Erasure(ledger, clock, settings.broker.log_personal_days)
    return Office(
        authority=authority,
        officers=Officers(ledger, clock, identifiers, authority),
        identity=build_identity(settings, ledger, clock, identifiers, authority),
        agreements=Agreements(ledger, clock, authority),
        emergencies=Emergencies(ledger, clock, identifiers, authority, notices, settings.broker),
        notices=notices,
        substitutes=Substitutes(ledger, clock, identifiers, authority),
        audit=AuditLog(ledger, clock),
        tree=LogTree(ledger, clock, witness_keys((a.id, a.witness) for a in settings.agency)),
        erasure=erasure,
        registers=Registers(settings, ledger, authority, clock),
        retention=build_retention(ledger, open_vault(settings), clock, erasure, settings.broker),
        gazetteers=Gazetteers(ledger, clock, networks, host.read_places),
    )


@asynccontextmanager
async def open_office(settings: Settings, host: Host) -> AsyncIterator[Office]:
    """The ledger's services, for commands on the host."""
    async with open_ledger(settings) as ledger:
        office = build_office(settings, host, ledger)
        await office.agreements.seed(settings)
        yield office


def build(settings: Settings, host: Host, ledger: Ledger, catalog_store: CatalogStore) -> Broker:
    """Wires the services; opens nothing but the folders of the vault and the log's key."""
    clock, identifiers, limits = host.clock, host.identifiers, settings.broker
    networks = {network.id: network.agency for network in settings.network}
    vault = open_vault(settings)
    recorders = Recorders(settings, clock, host.load_adapter)
    office = build_office(settings, host, ledger)
    authority = office.authority
    index = CatalogIndex()
    shelf = GazetteerShelf(ledger, networks)
    follower = CatalogFollower(
        index, catalog_store, networks, clock, lambda: identifiers.new("catalog"), gazetteers=shelf
    )
    catalog = Catalog(index, follower, catalog_store, authority, clock, networks, shelf)
    desk = OrderDesk(
        ledger=ledger,
        catalog=catalog,
        bell=WorkerBell(catalog_store),
        authority=authority,
        clock=clock,
        identifiers=identifiers,
        settings=limits,
    )
    sequencer = Sequencer(ledger, clock, open_log_key(key_folder(settings), limits.origin))
    requests = Requests(desk)
    decisions = Decisions(requests, desk, office.notices)
    holds, feed = Holds(desk), EventFeed(ledger)
    messaging = build_messaging(
        settings, ledger, authority, office.notices, desk.bell, clock, identifiers, host.jitter
    )
    services = Services(
        settings=settings,
        clock=clock,
        authority=authority,
        officers=office.officers,
        identity=office.identity,
        quotas=Quotas(settings.limits, Counts(catalog_store.client)),
        agreements=office.agreements,
        emergencies=office.emergencies,
        notices=office.notices,
        substitutes=office.substitutes,
        audit=office.audit,
        tree=office.tree,
        sequencer=sequencer,
        catalog=catalog,
        explanations=Explanations(ledger, authority, catalog, clock),
        dry_runs=DryRuns(authority, office.agreements, catalog, clock),
        networks=Networks(authority, catalog_store, clock, networks),
        snapshots=Snapshots(catalog, vault),
        holds=holds,
        requests=requests,
        decisions=decisions,
        outcomes=Outcomes(requests, desk),
        documents=Documents(requests, desk, vault),
        delivery=Delivery(requests, ledger, vault, authority, clock),
        messages=messaging.messages,
        registers=office.registers,
        events=Events(ledger, authority, feed, catalog, requests, holds, clock),
    )
    ingest = Ingest(recorders, catalog_store, ledger, vault, clock, settings, shelf, host.jitter)
    process, scratch = host.process, limits.data / "scratch"
    vaults = open_vaults(settings, vault)
    copies = Copies(vaults, OwnersKeys.of(settings.agency, key_folder(settings)), scratch)
    exports_at_once = {network.id: network.exports_at_once for network in settings.network}
    clip_tools = ClipTools(
        ledger=ledger,
        recorders=recorders,
        footage=Footage(copies),
        exports_at_once=exports_at_once,
        vault=vault,
        authority=authority,
        clock=clock,
        jitter=host.jitter,
        scratch=scratch,
        max_attempts=limits.max_attempts,
    )
    seal_tools = SealTools(
        ledger=ledger,
        vault=vault,
        clock=clock,
        jitter=host.jitter,
        scratch=scratch,
        keys=key_folder(settings),
        excerpts=Excerpts(ledger, clock, sequencer, witness_keys((a.id, a.witness) for a in settings.agency)),
        limits=limits,
    )
    hold_tools = JobTools(ledger, recorders, clock, host.jitter, limits.max_attempts)
    compare = CompareHolds(ledger, recorders, vaults, office.notices, desk.bell, clock)
    rounds = (
        Round("compare holds", timedelta(hours=1), compare.run),
        Round("let go", timedelta(days=1), office.retention.run),
        Round("sweep vault", timedelta(days=1), SweepVault(ledger, vault, office.notices, clock).run),
        messaging.forget,
    )
    jobs: tuple[Any, ...] = (
        PlaceHolds(hold_tools, limits.hold_extend_s, decisions.note_hold),
        CopyHolds(hold_tools, limits.hold_extend_s, decisions.note_hold, copies, exports_at_once),
        MakeClips(clip_tools),
        SealRequests(seal_tools),
        MindHolds(ledger, office.notices, clock),
        MindDeadlines(ledger, authority, office.notices, clock, Warnings.of(limits)),
        ReleaseHolds(hold_tools, copies),
        messaging.spread,
        messaging.send,
        MakeRounds(rounds, ledger, clock, host.jitter),
    )
    return Broker(
        services=services,
        ledger=ledger,
        catalog=catalog_store,
        follower=follower,
        vault=vault,
        recorders=recorders,
        ingest=ingest,
        schedule=Schedule(
            ingest,
            Leases(catalog_store, process),
            recorders.networks,
            clock,
            host.jitter,
            limits.host_rounds,
        ),
        worker=Worker(jobs, catalog_store, clock, process, limits.lease_s),
        sequencer=sequencer,
        feed=feed,
    )
