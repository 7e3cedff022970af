"""What the jobs on holds share: claiming in batches, carrying out side by side, renewing and setting aside."""

import asyncio
import random
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count
from typing import Any, Final

from sqlalchemy import Connection

from adapters.contract.errors import AdapterError, AskOwner, TryLater
from broker.audit import store as audit
from broker.audit.models import NewEntry, Operation
from broker.clock import Clock
from broker.errors import Problem
from broker.holds import store
from broker.holds.models import Ending, Hold
from broker.holds.store import HoldTask, Room
from broker.ingest.recorder import Recorders
from broker.ledger.engine import Ledger
from broker.ledger.leases import Lease, LeaseLost, ask_again_at, is_given_up, put_off

AT_A_TIME: Final = 16
"""Holds that one process places or releases at one recorder at once."""

ASK_OWNER_S: Final = 60.0
"""Least wait where somebody has to change something at the owner's side."""


@dataclass(frozen=True)
class JobTools:
    """What every job on holds needs."""

    ledger: Ledger
    recorders: Recorders
    clock: Clock
    jitter: random.Random
    max_attempts: int


@dataclass
class Batch:
    """Holds of one network that one lane has. `left` are under way; those that ended by what nobody planned are in
    `failed`."""

    holds: tuple[Hold, ...]
    left: int
    failed: list[Hold] = field(default_factory=list)

    @property
    def network(self) -> str:
        return self.holds[0].camera.network


class HoldJob(ABC):
    """Claims what is due and carries it out side by side.

    So many at a time are asked of one recorder by this process and no more: what a recorder answers must not keep it
    from recording. Lanes that find one busy go on with the next.
    """

    task: HoldTask
    lanes = 8

    def __init__(self, tools: JobTools) -> None:
        self._ledger = tools.ledger
        self._recorders = tools.recorders
        self._clock = tools.clock
        self._jitter = tools.jitter
        self._max_attempts = tools.max_attempts
        self._busy: Counter[str] = Counter()
        self._claiming = asyncio.Lock()
        self._turns = count()
        self._found_none = -1

    async def claim(self, lease: Lease) -> Batch | None:
        asked = next(self._turns)
        async with self._claiming:
            if self._found_none > asked:
                return None  # another lane has looked since this one was to
            turn, at = next(self._turns), self._clock.now()
            if not await self._ledger.read(lambda c: store.is_due(c, at, self.task)):
                self._found_none = turn
                return None
            claimed = await self._ledger.write(lambda c: self._claim(c, lease, at))
            if not claimed:
                return None
            batch = Batch(tuple(claimed), left=len(claimed))
            self._busy[batch.network] += batch.left
        return batch

    def _claim(self, connection: Connection, lease: Lease, at: datetime) -> list[Hold]:
        return store.claim(connection, lease, at, self.task, Room(AT_A_TIME, self._busy))

    def _free(self, batch: Batch, number: int) -> None:
        """So many of the batch are no longer asked of its recorder."""
        batch.left -= number
        self._busy[batch.network] -= number

    async def renew(self, claimed: Batch, lease: Lease) -> bool:
        ids = [hold.id for hold in claimed.holds]
        return await self._ledger.write(lambda c: store.renew(c, ids, lease))

    async def carry_out(self, claimed: Batch, owner: str) -> None:
        """All of them side by side; what one comes to is nothing to the others. Raises what the first to fail did."""
        try:
            errors = await asyncio.gather(
                *(self._carry_out(hold, owner, claimed) for hold in claimed.holds), return_exceptions=True
            )
        finally:
            self._free(claimed, claimed.left)
        bugs = [error for error in errors if error is not None and not isinstance(error, LeaseLost)]
        for error in bugs or errors:
            if error is not None:
                raise error

    async def _carry_out(self, hold: Hold, owner: str, batch: Batch) -> None:
        try:
            await self._settle(hold, owner)
        except LeaseLost:
            raise
        except Exception:
            batch.failed.append(hold)
            raise
        finally:
            self._free(batch, 1)

    @abstractmethod
    async def _settle(self, hold: Hold, owner: str) -> None:
        """Does the work of one hold and writes its outcome."""

    async def fail(self, claimed: Batch, owner: str) -> None:
        self._free(claimed, claimed.left)
        for hold in claimed.failed or claimed.holds:
            await self._fail(hold, owner)

    @abstractmethod
    async def _fail(self, hold: Hold, owner: str) -> None:
        """Puts off one hold whose work failed inside, or sets it aside."""

    async def clear_up(self, claimed: Batch) -> None:
        """Nothing to remove: whoever took a hold over goes on from the same key."""
        self._free(claimed, claimed.left)

    async def _wait(
        self, hold: Hold, owner: str, reason: str, since: datetime, after_s: float | None
    ) -> None:
        due_at = ask_again_at(since, self._clock.now(), self._jitter, after_s)
        await self._leave(hold, owner, reason, put_off(due_at))

    def _is_waited_for(self, hold: Hold, error: AdapterError) -> bool:
        passing = isinstance(error, TryLater | AskOwner)
        return passing and not is_given_up(hold.attempts, hold.ordered_at, self._clock.now())

    async def _leave(self, hold: Hold, owner: str, reason: str, row: dict[str, Any]) -> None:
        def work(connection: Connection) -> None:
            if store.leased(connection, [hold.id]).get(hold.id) != owner:
                raise LeaseLost
            store.put_off(connection, hold.id, reason, row)

        await self._ledger.write(work)

    async def _finish(self, owner: str, ending: Ending) -> None:
        """Writes down what it came to, in one transaction with those that end at the same time."""
        ended = (owner, ending)
        try:
            is_mine = await self._ledger.write_together(self._write_endings, ended, here=True)
        except Problem:
            raise
        except Exception:
            # whichever of those written together it was: what is wrong with one is nothing to the others
            (is_mine,) = await self._ledger.write(lambda c: self._write_endings(c, [ended]))
        if not is_mine:
            raise LeaseLost

    def _write_endings(self, connection: Connection, ended: Sequence[tuple[str, Ending]]) -> list[bool]:
        """Of each, whether the hold was still its owner's: nothing is written of another's."""
        at = self._clock.now()
        owners = store.leased(connection, [ending.hold.id for _, ending in ended])
        held = [owners.get(ending.hold.id) == owner for owner, ending in ended]
        endings = [ending for (_, ending), is_held in zip(ended, held, strict=True) if is_held]
        store.finish(connection, endings, at)
        changed = [
            each for each in endings if each.hold.state is not each.state or each.parts != each.hold.parts
        ]
        entries = [self._entry(each.hold, f"hold_{each.state.value}") for each in changed]
        audit.append_together(connection, [audit.write_out(entry, at) for entry in entries])
        for each in endings:
            self._note(connection, each)
        return held

    @abstractmethod
    def _note(self, connection: Connection, ending: Ending) -> None:
        """Tells whoever else must know, in the same transaction."""

    def _entry(self, hold: Hold, action: str) -> NewEntry:
        return NewEntry(
            operation=Operation.ERASURE if self.task is HoldTask.RELEASE else Operation.COLLECTION,
            action=action,
            officer_id=audit.HOST,
            objects=(hold.id, hold.camera.id),
            owners=(hold.camera.agency, hold.agency),
            whose=hold.whose,
            purpose=hold.purpose,
            case_ref=hold.case_ref,
            request_id=hold.request_id,
        )
