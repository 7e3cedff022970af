"""Runs every network's ingest at its pace: one task a network, one active runner a network across all processes.

What happens next stands in the network's report, so that whoever takes a network over goes on at its pace. A process
that starts looks at each of its networks at once: somebody may just have mended what was wrong.
"""

import asyncio
import random
from collections.abc import Collection
from contextlib import suppress
from datetime import datetime
from typing import Final

import structlog

from adapters.contract.errors import AdapterError, NotSupported
from broker.catalog.fencing import Lease, LeaseLost
from broker.catalog.models import NetworkReport
from broker.clock import Clock
from broker.errors import Problem
from broker.ingest.hosts import Hosts
from broker.ingest.leases import Holding, Leases
from broker.ingest.service import Ingest
from broker.settings.sections import NetworkSettings
from broker.stopping import heed_cancellation

TAKE_EVERY_S: Final = 10.0
"""How often a process asks for the lease of a network that another one runs."""

STORE_AWAY_S: Final = 5.0
"""The wait after one of the broker's own stores did not answer."""

LONGEST_WAIT_S: Final = 2 * 3600.0
"""Without looking at the time again: somebody may set the machine's clock."""

WATCH_AGAIN_S: Final = (5.0, 300.0)
"""The first and the longest wait before a recorder's health is watched again."""


class Schedule:
    """One task a network until it is cancelled."""

    def __init__(
        self,
        ingest: Ingest,
        leases: Leases,
        networks: tuple[NetworkSettings, ...],
        clock: Clock,
        jitter: random.Random,
        host_rounds: int,
    ) -> None:
        self._ingest = ingest
        self._leases = leases
        self._networks = networks
        self._clock = clock
        self._jitter = jitter
        self._hosts = Hosts(networks, host_rounds)
        self._log = structlog.get_logger("ingest")

    async def run(self, only: Collection[str] | None = None) -> None:
        """Keeps every network, or only those with these ids."""
        async with self._leases.renewed(), asyncio.TaskGroup() as group:
            group.create_task(self._forget_removed(), name="ingest forgets")
            for network in self._networks:
                if only is None or network.id in only:
                    group.create_task(self._keep(network), name=f"ingest {network.id}")

    async def run_once(self, network: NetworkSettings) -> bool:
        """One round, unless another process has the network's lease: then False."""
        async with self._leases.renewed(), self._leases.holding(network.id) as holding:
            if holding is None:
                return False
            await self._round(network, holding.lease)
            return True

    async def run_now(self, network: NetworkSettings) -> NetworkReport:
        """One round, taken from whoever runs the network: that one goes on at the pace that this round leaves."""
        async with self._leases.renewed(), self._leases.holding(network.id, seize=True) as holding:
            return await self._ingest.synchronise(network.id, holding.lease if holding else None)

    async def _forget_removed(self) -> None:
        try:
            await self._ingest.forget_removed()
        except Problem as problem:
            self._log.warning("removed networks stay until the next start", code=problem.code)

    async def _keep(self, network: NetworkSettings) -> None:
        """Runs the network whenever its lease can be had. Whatever goes wrong ends this turn, not the loop, and never
        the loops of other networks."""
        is_first = True
        while True:
            try:
                async with self._leases.holding(network.id) as holding:
                    if holding is not None:
                        await self._keep_while_held(network, holding, at_once=is_first)
            except LeaseLost:
                self._log.info("another runner has the network", network=network.id)
            except Problem as problem:
                self._log.warning("ingest waits", network=network.id, code=problem.code)
            except Exception:
                self._log.exception("ingest failed", network=network.id)
            is_first = False
            heed_cancellation()
            await asyncio.sleep(TAKE_EVERY_S * self._jitter.uniform(0.8, 1.0))

    async def _keep_while_held(self, network: NetworkSettings, holding: Holding, *, at_once: bool) -> None:
        watching = asyncio.create_task(
            self._watch_health(network, holding.lease), name=f"health of {network.id}"
        )
        try:
            due = None if at_once else await self._ingest.next_attempt_at(network.id)
            while True:
                await self._wait(due, holding.wake)
                due = await self._round(network, holding.lease)
                heed_cancellation()
        finally:
            watching.cancel()
            await asyncio.wait({watching})

    async def _wait(self, due: datetime | None, wake: asyncio.Event) -> None:
        """Until it is due, or somebody confirmed what the network answered."""
        while due is not None and (wait_s := (due - self._clock.now()).total_seconds()) > 0:
            with suppress(TimeoutError):
                async with asyncio.timeout(min(wait_s, LONGEST_WAIT_S)):
                    await wake.wait()
            if wake.is_set():
                break
        wake.clear()

    async def _round(self, network: NetworkSettings, lease: Lease) -> datetime | None:
        """When the next one is due; None for at once."""
        async with self._hosts.lane(network.id):
            try:
                report = await self._ingest.synchronise(network.id, lease)
            except (LeaseLost, Problem):
                raise
            except Exception as error:
                # the loop of one network must outlive a bug in one round
                self._log.exception("ingest failed", network=network.id)
                report = await self._ingest.note_failure(network.id, _unplanned(error), lease)
        if report.error is not None:
            self._log.warning(
                "network failed", network=network.id, error=report.error, breaker=report.breaker.value
            )
        return report.next_attempt_at

    async def _watch_health(self, network: NetworkSettings, lease: Lease) -> None:
        """Takes what the recorder tells of its cameras between two rounds."""
        shortest_s, longest_s = WATCH_AGAIN_S
        wait_s = shortest_s
        while True:
            try:
                async for event in self._ingest.health(network.id):
                    wait_s = shortest_s
                    await self._ingest.note_health(network.id, event, lease)
            except (NotSupported, LeaseLost):
                return
            except (AdapterError, Problem) as error:
                self._log.info("health is not watched", network=network.id, code=error.code)
            except Exception:
                self._log.exception("watching health failed", network=network.id)
            self._ingest.forget_health(network.id)
            heed_cancellation()
            await asyncio.sleep(wait_s * self._jitter.uniform(0.8, 1.2))
            wait_s = min(longest_s, 2 * wait_s)


def _unplanned(error: Exception) -> str:
    """What the report says of a bug: its kind only, as its text may carry what nobody checked for secrets."""
    kinds = sorted({type(inner).__name__ for inner in _innermost(error)})
    return f"internal: the round ended in a way that nobody planned ({', '.join(kinds)}): the log tells more"


def _innermost(error: Exception) -> list[Exception]:
    if isinstance(error, ExceptionGroup):
        return [one for inner in error.exceptions for one in _innermost(inner)]
    return [error]
