"""Places and releases holds at recorders: two jobs of the worker."""

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection

from adapters.contract.capabilities import Capability
from adapters.contract.errors import AdapterError, AskOwner, TryLater
from adapters.contract.models import HoldOrder, HoldReceipt, Interval
from broker.audit import store as audit
from broker.audit.models import NewEntry, Operation
from broker.catalog.models import native_id_of
from broker.clock import Clock
from broker.holds import store
from broker.holds.models import Finding, Hold, HoldMethod, HoldState
from broker.ingest.recorder import Recorder, Recorders
from broker.ledger.engine import Ledger
from broker.ledger.leases import Lease, LeaseLost, ask_again_at, is_given_up, let_go, put_off, retry_at

NotePlaced = Callable[[Connection, Hold, Finding], None]
"""Told in the transaction that ends the placing, so that the item behind a hold knows what there is."""

NATIVE_MARGIN: Final = timedelta(days=1)
"""Added to what the recorder is told to keep, so that it never lets go before Entrevue says so."""

SETTLING: Final = timedelta(seconds=1)
ASK_OWNER_S: Final = 60.0
"""Least wait where somebody has to change something at the owner's side."""


@dataclass(frozen=True)
class Placed:
    """What placing came to. `finding` None where the recorder could not say what it has."""

    state: HoldState
    reason: str | None
    finding: Finding | None = None
    handle: str | None = None
    held: tuple[Interval, ...] = ()


class _HoldJob:
    """What both jobs share: claiming, renewing and setting aside."""

    releasing: bool
    lanes = 4

    def __init__(
        self, ledger: Ledger, recorders: Recorders, clock: Clock, jitter: random.Random, max_attempts: int
    ) -> None:
        self._ledger = ledger
        self._recorders = recorders
        self._clock = clock
        self._jitter = jitter
        self._max_attempts = max_attempts

    async def claim(self, lease: Lease) -> Hold | None:
        at, releasing = self._clock.now(), self.releasing
        if not await self._ledger.read(lambda c: store.is_due(c, at, releasing=releasing)):
            return None
        return await self._ledger.write(lambda c: store.claim(c, lease, at, releasing=releasing))

    async def renew(self, claimed: Hold, lease: Lease) -> bool:
        return await self._ledger.write(lambda c: store.renew(c, claimed.id, lease))

    async def clear_up(self, claimed: Hold) -> None:
        """Nothing to remove: whoever took the hold over goes on from the same key."""

    async def _wait(
        self, hold: Hold, owner: str, reason: str, since: datetime, after_s: float | None
    ) -> None:
        due_at = ask_again_at(since, self._clock.now(), self._jitter, after_s)
        await self._leave(hold, owner, reason, put_off(due_at))

    async def _leave(self, hold: Hold, owner: str, reason: str, row: dict[str, Any]) -> None:
        def work(connection: Connection) -> None:
            _check_lease(connection, hold, owner)
            store.put_off(connection, hold.id, reason, row)

        await self._ledger.write(work)

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

    async def carry_out(self, claimed: Hold, owner: str) -> None:
        hold = claimed
        if hold.attempts > self._max_attempts:
            reason = f"set aside: {hold.attempts - 1} tries ended without a word"
            await self._finish(hold, owner, Placed(HoldState.FAILED, reason))
            return
        try:
            placed = await self._place(hold)
        except AdapterError as error:
            if self._is_waited_for(hold, error):
                least_s = ASK_OWNER_S if isinstance(error, AskOwner) else error.retry_after_s
                await self._wait(hold, owner, error.message, hold.ordered_at, least_s)
                return
            placed = Placed(HoldState.FAILED, error.message)
        await self._finish(hold, owner, placed)

    def _is_waited_for(self, hold: Hold, error: AdapterError) -> bool:
        passing = isinstance(error, TryLater | AskOwner)
        return passing and not is_given_up(hold.attempts, hold.ordered_at, self._clock.now())

    async def _place(self, hold: Hold) -> Placed:
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

    async def _finish(self, hold: Hold, owner: str, placed: Placed) -> None:
        at = self._clock.now()

        def work(connection: Connection) -> None:
            _check_lease(connection, hold, owner)
            store.finish(
                connection,
                hold,
                placed.state,
                at,
                reason=placed.reason,
                how=HoldMethod.NATIVE if placed.handle is not None else None,
                handle=placed.handle,
                held=placed.held,
            )
            audit.append(connection, self._entry(hold, f"hold_{placed.state.value}"), at)
            if placed.finding is not None:
                kept = placed.finding.model_copy(update={"kept": placed.handle is not None})
                self._note_placed(connection, hold, kept)

        await self._ledger.write(work)

    async def fail(self, claimed: Hold, owner: str) -> None:
        if claimed.attempts < self._max_attempts:
            due_at = retry_at(claimed.attempts, self._clock.now(), self._jitter)
            await self._leave(claimed, owner, "failed inside; will be tried again", let_go(due_at))
        else:
            reason = f"set aside: failed inside {claimed.attempts} times"
            await self._finish(claimed, owner, Placed(HoldState.FAILED, reason))


class ReleaseHolds(_HoldJob):
    """Lets go of what was decided against, delivered, or has run out; it never gives up on that."""

    name = "release holds"
    releasing = True

    async def carry_out(self, claimed: Hold, owner: str) -> None:
        hold, at = claimed, self._clock.now()
        try:
            if hold.handle is not None:
                await self._recorders.get(hold.camera.network).release_hold(hold.handle)
        except AdapterError as error:
            await self._wait(hold, owner, f"release failed: {error.message}", hold.over_since or at, 30.0)
            return
        decided = hold.release_at is not None and hold.release_at <= at
        state = HoldState.RELEASED if decided else HoldState.EXPIRED
        reason = None if decided else "its longest time has passed"

        def work(connection: Connection) -> None:
            _check_lease(connection, hold, owner)
            store.finish(connection, hold, state, at, reason=reason)
            audit.append(connection, self._entry(hold, f"hold_{state.value}"), at)

        await self._ledger.write(work)

    async def fail(self, claimed: Hold, owner: str) -> None:
        due_at = retry_at(claimed.attempts, self._clock.now(), self._jitter)
        await self._leave(claimed, owner, "release failed inside; will be tried again", let_go(due_at))


def _check_lease(connection: Connection, hold: Hold, owner: str) -> None:
    if not store.is_leased(connection, hold.id, owner):
        raise LeaseLost


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


def _judge(hold: Hold, finding: Finding | None, receipt: HoldReceipt | None) -> Placed:
    """What state a placed hold is in. Edges within a second count as held: recorders cut at frames."""
    available = (hold.interval,) if finding is None else finding.available
    if not available:
        return Placed(HoldState.FAILED, "the recorder has no footage of this interval", finding)
    if receipt is None:
        return Placed(HoldState.FAILED, "the recorder cannot keep footage past its overwrite time", finding)
    if not receipt.held:
        return Placed(HoldState.FAILED, "the recorder kept nothing", finding)
    lost = [part for interval in available for part in interval.subtract(receipt.held)]
    if any(part.duration > SETTLING for part in lost):
        reason = "the recorder kept a part of it"
        return Placed(HoldState.PARTIAL, reason, finding, receipt.handle, receipt.held)
    return Placed(HoldState.HELD, None, finding, receipt.handle, receipt.held)
