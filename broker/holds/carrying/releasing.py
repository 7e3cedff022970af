"""Lets go of holds, at recorders and in the owners' vaults."""

from sqlalchemy import Connection

from adapters.contract.errors import AdapterError
from broker.errors import Problem
from broker.holds.carrying.jobs import HoldJob, JobTools
from broker.holds.copies import Copies
from broker.holds.models import Ending, Hold, HoldState
from broker.holds.store import HoldTask
from broker.ledger.leases import let_go, retry_at


class ReleaseHolds(HoldJob):
    """Lets go of what was decided against, delivered, or has run out; it never gives up on that."""

    name = "release holds"
    task = HoldTask.RELEASE

    def __init__(self, tools: JobTools, copies: Copies) -> None:
        super().__init__(tools)
        self._copies = copies

    async def _settle(self, hold: Hold, owner: str) -> None:
        at = self._clock.now()
        try:
            await self._let_go(hold)
        except AdapterError as error:
            await self._wait(hold, owner, f"release failed: {error.message}", hold.over_since or at, 30.0)
            return
        except Problem as problem:
            if problem.kind.status < 500:
                raise
            await self._wait(hold, owner, f"release failed: {problem.detail}", hold.over_since or at, 30.0)
            return
        decided = hold.release_at is not None and hold.release_at <= at
        state = HoldState.RELEASED if decided else HoldState.EXPIRED
        reason = None if decided else "its longest time has passed"
        await self._finish(owner, Ending(hold=hold, state=state, reason=reason, parts=hold.parts))

    async def _let_go(self, hold: Hold) -> None:
        """All of it; parts that are gone already are fine."""
        for handle in (part.handle for part in hold.parts):
            if handle is not None:
                await self._recorders.get(hold.camera.network).release_hold(handle)
        if hold.is_copied:
            await self._copies.remove(hold.camera.agency, hold.id)

    def _note(self, connection: Connection, ending: Ending) -> None:
        """Whoever let it go knows."""

    async def _fail(self, hold: Hold, owner: str) -> None:
        due_at = retry_at(hold.attempts, self._clock.now(), self._jitter)
        await self._leave(hold, owner, "release failed inside; will be tried again", let_go(due_at))
