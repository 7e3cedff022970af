"""Runs every network's ingest at its refresh, one active runner a network across all processes."""

import asyncio
import random
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager, suppress

import structlog

from broker.catalog.store import CatalogStore
from broker.errors import Problem
from broker.ingest.service import Ingest
from broker.settings import NetworkSettings
from broker.stopping import heed_cancellation

LEASE_REFRESHES = 3
LEASE_AT_LEAST_S = 30.0


class Schedule:
    """One task a network until it is cancelled."""

    def __init__(
        self,
        ingest: Ingest,
        catalog: CatalogStore,
        networks: tuple[NetworkSettings, ...],
        process: str,
        jitter: random.Random,
    ) -> None:
        self._ingest = ingest
        self._catalog = catalog
        self._networks = networks
        self._process = process
        self._jitter = jitter
        self._log = structlog.get_logger("ingest")

    async def run(self, only: Collection[str] | None = None) -> None:
        """Keeps every network, or only those with these ids."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._forget_removed(), name="ingest forgets")
            for network in self._networks:
                if only is not None and network.id not in only:
                    continue
                group.create_task(self._keep(network), name=f"ingest {network.id}")

    async def run_once(self, network: NetworkSettings) -> bool:
        """One round, unless another process has the network's lease: then False."""
        lease_s = max(LEASE_AT_LEAST_S, LEASE_REFRESHES * network.refresh_s)
        if not await self._catalog.hold_lease(network.id, self._process, lease_s):
            return False
        async with self._renewing(network.id, lease_s):
            report = await self._ingest.synchronise(network.id)
        if report.error is not None:
            self._log.warning("network failed", network=network.id, error=report.error)
        return True

    async def _forget_removed(self) -> None:
        try:
            await self._ingest.forget_removed()
        except Problem as problem:
            self._log.warning("removed networks stay until the next start", code=problem.code)

    async def _keep(self, network: NetworkSettings) -> None:
        try:
            while True:
                try:
                    await self.run_once(network)
                except Problem as problem:
                    self._log.warning("ingest waits", network=network.id, code=problem.code)
                except Exception:
                    # the loop of one network must outlive a bug in one round, and other networks with it
                    self._log.exception("ingest failed", network=network.id)
                heed_cancellation()
                await asyncio.sleep(network.refresh_s * self._jitter.uniform(0.95, 1.05))
        finally:
            with suppress(Problem):
                await self._catalog.drop_lease(network.id, self._process)

    @asynccontextmanager
    async def _renewing(self, network_id: str, lease_s: float) -> AsyncIterator[None]:
        """Keeps the lease while a round takes longer than it lasts."""
        renewing = asyncio.create_task(self._renew(network_id, lease_s))
        try:
            yield
        finally:
            renewing.cancel()
            await asyncio.wait({renewing})  # awaiting the task itself would mistake our own end for its

    async def _renew(self, network_id: str, lease_s: float) -> None:
        while True:
            await asyncio.sleep(lease_s / LEASE_REFRESHES)
            with suppress(Problem):
                await self._catalog.hold_lease(network_id, self._process, lease_s)
            heed_cancellation()
