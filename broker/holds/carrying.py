"""Places and releases holds at recorders: two jobs of the worker."""

import asyncio
import random
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from typing import Any, Final

from sqlalchemy import Connection

from adapters.contract.capabilities import Capability
from adapters.contract.errors import AdapterError, AskOwner, TryLater
from adapters.contract.models import HoldOrder, HoldReceipt, Interval
from broker.audit import store as audit
from broker.audit.models import NewEntry, Operation
from broker.catalog.models import native_id_of
from broker.clock import Clock
from broker.errors import Problem
from broker.holds import store
from broker.holds.models import Ending, Finding, Hold, HoldMethod, HoldState
from broker.ingest.recorder import Recorder, Recorders
from broker.ledger.engine import Ledger
from broker.ledger.leases import Lease, LeaseLost, ask_again_at, is_given_up, let_go, put_off, retry_at

NotePlaced = Callable[[Connection, Hold, Finding], None]
"""Told in the transaction that ends the placing, so that the item behind a hold knows what there is."""

NATIVE_MARGIN: Final = timedelta(days=1)
"""Added to what the recorder is told to keep, so that it never lets go before Entrevue says so."""

AT_A_TIME: Final = 16
"""Holds that one process places or releases at one recorder at once."""

SETTLING: Final = timedelta(seconds=1)
ASK_OWNER_S: Final = 60.0
"""Least wait where somebody has to change something at the owner's side."""


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


class _HoldJob(ABC):
    """What both jobs share: claiming, carrying out side by side, renewing and setting aside.

    So many at a time are asked of one recorder by this process and no more: what a recorder answers must not keep it
    from recording. Lanes that find one busy go on with the next.
    """

    releasing: bool
    lanes = 8

    def __init__(
        self, ledger: Ledger, recorders: Recorders, clock: Clock, jitter: random.Random, max_attempts: int
    ) -> None:
        self._ledger = ledger
        self._recorders = recorders
        self._clock = clock
        self._jitter = jitter
        self._max_attempts = max_attempts
        self._busy: Counter[str] = Counter()
        self._claiming = asyncio.Lock()
        self._turns = count()
        self._found_none = -1

    async def claim(self, lease: Lease) -> Batch | None:
        asked, releasing = next(self._turns), self.releasing
        async with self._claiming:
            if self._found_none > asked:
                return None  # another lane has looked since this one was to
            turn, at = next(self._turns), self._clock.now()
            if not await self._ledger.read(lambda c: store.is_due(c, at, releasing=releasing)):
                self._found_none = turn
                return None
            busy = dict(self._busy)
            claimed = await self._ledger.write(
                lambda c: store.claim(c, lease, at, releasing=releasing, most=AT_A_TIME, busy=busy)
            )
            if not claimed:
                return None
            batch = Batch(tuple(claimed), left=len(claimed))
            self._busy[batch.network] += batch.left
        return batch

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
        entries = [self._entry(each.hold, f"hold_{each.state.value}") for each in endings]
        audit.append_together(connection, [audit.write_out(entry, at) for entry in entries])
        for each in endings:
            self._note(connection, each)
        return held

    @abstractmethod
    def _note(self, connection: Connection, ending: Ending) -> None:
        """Tells whoever else must know, in the same transaction."""

    def _entry(self, hold: Hold, action: str) -> NewEntry:
        return NewEntry(
            operation=Operation.COLLECTION if not self.releasing else Operation.ERASURE,
            action=action,
            officer_id=audit.HOST,
            objects=(hold.id, hold.camera.id),
            owners=(hold.camera.agency, hold.agency),
            whose=hold.whose,
            purpose=hold.purpose,
            case_ref=hold.case_ref,
            request_id=hold.request_id,
        )


class PlaceHolds(_HoldJob):
    """Freezes what was asked, natively; finds out what there is where the recorder cannot freeze."""

    name = "place holds"
    releasing = False

    def __init__(
        self,
        ledger: Ledger,
        recorders: Recorders,
        clock: Clock,
        jitter: random.Random,
        max_attempts: int,
        note_placed: NotePlaced,
    ) -> None:
        super().__init__(ledger, recorders, clock, jitter, max_attempts)
        self._note_placed = note_placed

    async def _settle(self, hold: Hold, owner: str) -> None:
        if hold.attempts > self._max_attempts:
            reason = f"set aside: {hold.attempts - 1} tries ended without a word"
            await self._finish(owner, Ending(hold=hold, state=HoldState.FAILED, reason=reason))
            return
        try:
            placed = await self._place(hold)
        except AdapterError as error:
            if self._is_waited_for(hold, error):
                least_s = ASK_OWNER_S if isinstance(error, AskOwner) else error.retry_after_s
                await self._wait(hold, owner, error.message, hold.ordered_at, least_s)
                return
            placed = Ending(hold=hold, state=HoldState.FAILED, reason=error.message)
        await self._finish(owner, placed)

    def _is_waited_for(self, hold: Hold, error: AdapterError) -> bool:
        passing = isinstance(error, TryLater | AskOwner)
        return passing and not is_given_up(hold.attempts, hold.ordered_at, self._clock.now())

    async def _place(self, hold: Hold) -> Ending:
        recorder = await self._recorders.get(hold.camera.network).with_clock()
        receipt = await self._freeze(recorder, hold)
        try:
            finding = await _look(recorder, hold, receipt)
        except AdapterError as error:
            if receipt is None or self._is_waited_for(hold, error):
                raise
            # what the recorder keeps must not be forgotten because it cannot list what it has
            finding = None
        placed = _judge(hold, finding, receipt)
        if receipt is not None and placed.handle is None:
            await recorder.release_hold(receipt.handle)
        return placed

    async def _freeze(self, recorder: Recorder, hold: Hold) -> HoldReceipt | None:
        if Capability.HOLD not in recorder.capabilities:
            return None
        until = None if hold.until is None else hold.until + NATIVE_MARGIN
        order = HoldOrder(
            key=hold.id, native_id=native_id_of(hold.camera.id), interval=hold.interval, until=until
        )
        return await recorder.place_hold(order)

    def _note(self, connection: Connection, ending: Ending) -> None:
        if ending.finding is not None:
            kept = ending.finding.model_copy(update={"kept": ending.handle is not None})
            self._note_placed(connection, ending.hold, kept)

    async def _fail(self, hold: Hold, owner: str) -> None:
        if hold.attempts < self._max_attempts:
            due_at = retry_at(hold.attempts, self._clock.now(), self._jitter)
            await self._leave(hold, owner, "failed inside; will be tried again", let_go(due_at))
        else:
            reason = f"set aside: failed inside {hold.attempts} times"
            await self._finish(owner, Ending(hold=hold, state=HoldState.FAILED, reason=reason))


class ReleaseHolds(_HoldJob):
    """Lets go of what was decided against, delivered, or has run out; it never gives up on that."""

    name = "release holds"
    releasing = True

    async def _settle(self, hold: Hold, owner: str) -> None:
        at = self._clock.now()
        try:
            if hold.handle is not None:
                await self._recorders.get(hold.camera.network).release_hold(hold.handle)
        except AdapterError as error:
            await self._wait(hold, owner, f"release failed: {error.message}", hold.over_since or at, 30.0)
            return
        decided = hold.release_at is not None and hold.release_at <= at
        state = HoldState.RELEASED if decided else HoldState.EXPIRED
        reason = None if decided else "its longest time has passed"

        await self._finish(owner, Ending(hold=hold, state=state, reason=reason))

    def _note(self, connection: Connection, ending: Ending) -> None:
        """Whoever let it go knows."""

    async def _fail(self, hold: Hold, owner: str) -> None:
        due_at = retry_at(hold.attempts, self._clock.now(), self._jitter)
        await self._leave(hold, owner, "release failed inside; will be tried again", let_go(due_at))


async def _look(recorder: Recorder, hold: Hold, receipt: HoldReceipt | None) -> Finding:
    """What the recorder has of the interval, held copies included."""
    listing = await recorder.spans(native_id_of(hold.camera.id), hold.interval)
    overwrites = [span.overwrite_at for span in listing.spans if span.overwrite_at is not None]
    return Finding(
        available=merged([*(span.interval for span in listing.spans), *_inside(hold, receipt)]),
        overwrite_at=min(overwrites, default=None),
        gone_at=max(overwrites) if overwrites and len(overwrites) == len(listing.spans) else None,
        clock_offset_ms=recorder.clock_offset_ms,
    )


def _inside(hold: Hold, receipt: HoldReceipt | None) -> list[Interval]:
    """What is kept of the interval; recorders that keep whole files keep more."""
    held = receipt.held if receipt is not None else ()
    return [part for part in (kept.intersect(hold.interval) for kept in held) if part is not None]


def merged(intervals: list[Interval]) -> tuple[Interval, ...]:
    """The union, sorted and disjoint; touching intervals join."""
    union: list[Interval] = []
    for interval in sorted(intervals, key=lambda i: i.start):
        if union and interval.start <= union[-1].end:
            union[-1] = Interval(start=union[-1].start, end=max(union[-1].end, interval.end))
        else:
            union.append(interval)
    return tuple(union)


def _judge(hold: Hold, finding: Finding | None, receipt: HoldReceipt | None) -> Ending:
    """What state a placed hold is in. Edges within a second count as held: recorders cut at frames."""
    available = (hold.interval,) if finding is None else finding.available

    def failed(reason: str) -> Ending:
        return Ending(hold=hold, state=HoldState.FAILED, reason=reason, finding=finding)

    if not available:
        return failed("the recorder has no footage of this interval")
    if receipt is None:
        return failed("the recorder cannot keep footage past its overwrite time")
    if not receipt.held:
        return failed("the recorder kept nothing")
    lost = [part for interval in available for part in interval.subtract(receipt.held)]
    partial = any(part.duration > SETTLING for part in lost)
    return Ending(
        hold=hold,
        state=HoldState.PARTIAL if partial else HoldState.HELD,
        reason="the recorder kept a part of it" if partial else None,
        finding=finding,
        how=HoldMethod.NATIVE,
        handle=receipt.handle,
        held=receipt.held,
    )
