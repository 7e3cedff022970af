"""Runs every network's ingest at its refresh, one active runner a network across all processes."""

import asyncio
import random

import structlog

from broker.catalog.store import CatalogStore
from broker.errors import Problem
from broker.ingest.service import Ingest
from broker.settings import NetworkSettings

LEASE_REFRESHES = 3


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

    async def run(self) -> None:
        async with asyncio.TaskGroup() as group:
            for network in self._networks:
                group.create_task(self._keep(network), name=f"ingest {network.id}")

    async def _keep(self, network: NetworkSettings) -> None:
        while True:
            try:
                await self._once(network)
            except Problem as problem:
                self._log.warning("ingest waits", network=network.id, code=problem.code)
            except Exception:
                # the loop of one network must outlive a bug in one round, and other networks with it
                self._log.exception("ingest failed", network=network.id)
            await asyncio.sleep(network.refresh_s * self._jitter.uniform(0.95, 1.05))

    async def _once(self, network: NetworkSettings) -> None:
        lease_s = max(30.0, LEASE_REFRESHES * network.refresh_s)
        if not await self._catalog.hold_lease(network.id, self._process, lease_s):
            return
        report = await self._ingest.synchronise(network.id)
        if report.error is not None:
            self._log.warning("network failed", network=network.id, error=report.error)
