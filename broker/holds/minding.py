"""Reminds who set an urgent hold before it ends: a job of the worker.

What is due is found anew each time and looked at again in the transaction that acts on it, so that it needs no lease.
"""

from typing import Final

from sqlalchemy import Connection

from broker.agencies.notices.service import Addressee, Notices
from broker.clock import Clock
from broker.holds import store
from broker.holds.models import HoldState
from broker.ledger.engine import Ledger
from broker.ledger.leases import Lease

ENDS: Final = "hold_ends"
OVER: Final = (HoldState.FAILED, HoldState.RELEASED, HoldState.EXPIRED)


class MindHolds:
    """One hold at a time. A hold of a request is its request's business."""

    name = "mind holds"
    lanes = 1

    def __init__(self, ledger: Ledger, notices: Notices, clock: Clock) -> None:
        self._ledger = ledger
        self._notices = notices
        self._clock = clock

    async def claim(self, lease: Lease) -> str | None:
        at = self._clock.now()
        return await self._ledger.read(lambda c: store.find_reminder(c, at))

    async def renew(self, claimed: str, lease: Lease) -> bool:
        return True

    async def carry_out(self, claimed: str, owner: str) -> None:
        at = self._clock.now()

        def work(connection: Connection) -> None:
            if store.find_reminder(connection, at, claimed) is None:
                return
            store.note_reminder(connection, claimed)
            hold = store.find(connection, claimed)
            if hold is not None and hold.state not in OVER:
                author = Addressee(hold.agency, officer_id=hold.officer_id)
                self._notices.tell(connection, [author], ENDS, hold.id, at)

        await self._ledger.write(work)

    async def fail(self, claimed: str, owner: str) -> None:
        """It is due still; the lane waits a little before it looks."""

    async def clear_up(self, claimed: str) -> None:
        """Nothing is left of it."""
