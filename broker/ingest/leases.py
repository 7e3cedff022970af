"""Which networks this process runs: one runner each across all processes, taken over when it dies.

A lease lasts half a minute and is renewed three times in that. What happens under a lease ends by itself when the
lease does, whether another process took it or the catalog could not be reached; and what a runner writes is refused
where it arrives once the lease is another's (`broker.catalog.fencing`), as a process that was stopped for a while
notices nothing.
"""

import asyncio
import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Final

import structlog

from broker.catalog.fencing import Lease, LeaseLost
from broker.catalog.store import CatalogStore
from broker.errors import Problem
from broker.stopping import heed_cancellation

LEASE_S: Final = 30.0
RENEWALS: Final = 3
USED: Final = 0.9
"""Of a lease: work ends that much before another may begin, so that no two believe it at a time."""


@dataclass
class Holding:
    """A lease that is held now. `wake` is set when somebody confirmed what the network answered."""

    lease: Lease
    limit: asyncio.Timeout
    wake: asyncio.Event = field(default_factory=asyncio.Event)
    confirmed: str | None = None


class Leases:
    """The leases of one process. `renewed` must run while any is held."""

    def __init__(self, catalog: CatalogStore, process: str, lease_s: float = LEASE_S) -> None:
        self._catalog = catalog
        self._process = process
        self._lease_s = lease_s
        self._numbers = itertools.count(1)
        self._held: dict[str, Holding] = {}
        self._log = structlog.get_logger("ingest")

    @asynccontextmanager
    async def renewed(self) -> AsyncIterator[None]:
        """Renews what is held, for as long as the block runs."""
        renewing = asyncio.create_task(self._keep_renewing(), name="ingest renews leases")
        try:
            yield
        finally:
            renewing.cancel()
            await asyncio.wait({renewing})  # awaiting the task itself would mistake our own end for its

    @asynccontextmanager
    async def holding(self, network_id: str, *, seize: bool = False) -> AsyncIterator[Holding | None]:
        """Holds the network's lease while the block runs, None where another process has it. With `seize` it is taken
        from that one. `LeaseLost` where it ended before the block did."""
        lease = Lease(network_id, f"{self._process}.{next(self._numbers)}")
        asked = asyncio.get_running_loop().time()
        if seize:
            await self._catalog.seize_lease(network_id, lease.token, self._lease_s)
        elif not await self._catalog.hold_lease(network_id, lease.token, self._lease_s):
            yield None
            return
        limit = asyncio.timeout_at(asked + USED * self._lease_s)
        holding = Holding(lease, limit)
        try:
            async with limit:
                self._held[network_id] = holding
                yield holding
        except TimeoutError as error:
            if limit.expired():
                raise LeaseLost(f"network {network_id} is another runner's, or may be by now") from error
            raise
        finally:
            self._held.pop(network_id, None)
            with suppress(Problem):
                await self._catalog.drop_lease(network_id, lease.token)

    async def _keep_renewing(self) -> None:
        while True:
            await asyncio.sleep(self._lease_s / RENEWALS)
            try:
                await self.renew()
            except Problem as problem:
                self._log.warning("leases are not renewed", code=problem.code)
            heed_cancellation()

    async def renew(self) -> None:
        """One step for all of them: ends what was lost, wakes whose answer was confirmed."""
        held = list(self._held.values())
        if not held:
            return
        asked = asyncio.get_running_loop().time()
        answers = await self._catalog.renew_leases([holding.lease for holding in held], self._lease_s)
        for holding, (is_held, confirmed) in zip(held, answers, strict=True):
            if self._held.get(holding.lease.network) is not holding or holding.limit.expired():
                continue
            holding.limit.reschedule(asked + USED * self._lease_s if is_held else asked)
            if confirmed is not None and confirmed != holding.confirmed:
                holding.wake.set()
            holding.confirmed = confirmed
