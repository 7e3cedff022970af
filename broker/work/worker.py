"""Lanes that claim work, renew its lease while they carry it out, and go on with the next.

Nothing that matters lives here: a worker that is killed at any point loses its leases by time, and another
one carries the same rows out again.
"""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, Protocol, TypeVar

import structlog

from broker.catalog.store import CatalogStore
from broker.clock import Clock
from broker.errors import Problem
from broker.ledger.leases import Lease, LeaseLost
from broker.stopping import heed_cancellation

C = TypeVar("C")

POLL_S: Final = 1.0
RENEWALS_PER_LEASE: Final = 3
ENDING_S: Final = 0.5
"""So long work whose lease is gone may take to say that it had ended before."""
LONGEST_BEAT_S: Final = 2.0
"""A renewal is also how a worker learns that its work was cancelled, so it comes often."""


class Job(Protocol[C]):
    """One sort of due work. `C` is what a claim carries."""

    @property
    def name(self) -> str: ...

    @property
    def lanes(self) -> int:
        """How many may be carried out at once in one worker."""
        ...

    async def claim(self, lease: Lease) -> C | None:
        """The next due row, leased; None when nothing is due."""
        ...

    async def renew(self, claimed: C, lease: Lease) -> bool:
        """Extends the lease; False when the row was taken over."""
        ...

    async def carry_out(self, claimed: C, owner: str) -> None:
        """Does the work and writes its outcome; `LeaseLost` where the row is no longer this owner's."""
        ...

    async def fail(self, claimed: C, owner: str) -> None:
        """Called when `carry_out` raised what nobody planned: puts the row off, or sets it aside."""
        ...

    async def clear_up(self, claimed: C) -> None:
        """Called when the lease was lost and the work has stopped: removes what nobody will ask for."""
        ...


@dataclass
class _Bell:
    """Wakes every lane of this process."""

    rung: asyncio.Event


class Worker:
    """Runs until it is cancelled. `owner` names this process in leases."""

    def __init__(
        self, jobs: Sequence["Job[object]"], catalog: CatalogStore, clock: Clock, owner: str, lease_s: float
    ) -> None:
        self._jobs = jobs
        self._catalog = catalog
        self._clock = clock
        self._owner = owner
        self._lease_s = lease_s
        self._bell = _Bell(asyncio.Event())
        self._log = structlog.get_logger("worker")

    async def run(self) -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(self._listen(), name="worker wake")
            for job in self._jobs:
                for lane in range(job.lanes):
                    group.create_task(self._lane(job, lane), name=f"worker {job.name} {lane}")

    async def run_due(self) -> int:
        """Carries out everything that is due now, one after another; returns how much that was."""
        done = 0
        while True:
            found = False
            for job in self._jobs:
                while await self._one(job, self._owner):
                    found = True
                    done += 1
            if not found:
                return done

    async def _listen(self) -> None:
        while True:
            try:
                await self._catalog.wait_for_wake(POLL_S)
            except Problem:
                await asyncio.sleep(POLL_S)
            heed_cancellation()
            self._bell.rung.set()
            self._bell.rung = asyncio.Event()

    async def _lane(self, job: "Job[object]", lane: int) -> None:
        owner = f"{self._owner}/{job.name}/{lane}"
        while True:
            bell = self._bell.rung
            heed_cancellation()
            try:
                if await self._one(job, owner):
                    self._bell.rung.set()
                    self._bell.rung = asyncio.Event()
                    continue
            except Problem as problem:
                self._log.warning("work waits", job=job.name, code=problem.code)
            except Exception:
                # a lane must outlive a bug in one piece of work; `fail` has put the row off
                self._log.exception("work failed", job=job.name)
            with suppress(TimeoutError):
                async with asyncio.timeout(POLL_S * 2):
                    await bell.wait()

    def _lease(self, owner: str) -> Lease:
        return Lease(owner=owner, until=self._clock.now() + timedelta(seconds=self._lease_s))

    async def _one(self, job: "Job[object]", owner: str) -> bool:
        """Claims one row and carries it out; False when nothing was due."""
        lease = self._lease(owner)
        claimed = await job.claim(lease)
        if claimed is None:
            return False
        work = asyncio.create_task(job.carry_out(claimed, owner))
        try:
            await self._keep(job, claimed, lease, work)
            await work
        except LeaseLost:
            self._log.warning("lease lost", job=job.name)
            await _stop(work)
            await job.clear_up(claimed)
        except Exception:
            await _stop(work)
            await self._fail(job, claimed, owner)
            raise
        finally:
            await _stop(work)
        return True

    async def _keep(
        self, job: "Job[object]", claimed: object, lease: Lease, work: "asyncio.Task[None]"
    ) -> None:
        """Renews the lease until the work is done. An outage of the ledger is sat out for as long as it holds."""
        beat_s = min(LONGEST_BEAT_S, self._lease_s / RENEWALS_PER_LEASE)
        while True:
            await asyncio.wait({work}, timeout=beat_s)
            if work.done():
                return
            renewed = self._lease(lease.owner)
            try:
                if not await job.renew(claimed, renewed):
                    # the work may have let go of it this moment, at its end
                    await asyncio.wait({work}, timeout=ENDING_S)
                    if work.done():
                        return
                    raise LeaseLost
                lease = renewed
            except Problem as problem:
                self._log.warning("lease not renewed", job=job.name, code=problem.code)
                if self._clock.now() >= lease.until:
                    raise LeaseLost from problem

    async def _fail(self, job: "Job[object]", claimed: object, owner: str) -> None:
        try:
            await job.fail(claimed, owner)
        except (Problem, LeaseLost) as error:
            # the lease ends by itself, and the row is found again
            self._log.warning("failure not noted", job=job.name, error=str(error))


async def _stop(work: "asyncio.Task[None]") -> None:
    """Ends the work, whatever it says to that; it has said the rest by its outcome, or will by its lease."""
    if not work.done():
        work.cancel()
        await asyncio.wait({work})
        if not work.cancelled():
            work.exception()
