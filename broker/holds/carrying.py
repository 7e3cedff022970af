"""Places and releases holds at recorders: two jobs of the worker."""

import random
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection

from adapters.contract.capabilities import Capability
from adapters.contract.errors import AdapterError, AskOwner, TryLater
from adapters.contract.models import HoldOrder, Interval
from broker.audit import store as audit
from broker.audit.models import NewEntry, Operation
from broker.catalog.models import native_id_of
from broker.clock import Clock
from broker.holds import store
from broker.holds.models import Finding, Hold, HoldMethod, HoldState
from broker.ingest.recorder import Recorder, Recorders
from broker.ledger.engine import Ledger
from broker.ledger.leases import Lease, retry_at

NotePlaced = Callable[[Connection, Hold, Finding], None]
"""Told in the transaction that ends the placing, so that the item behind a hold knows what there is."""

NATIVE_MARGIN: Final = timedelta(days=1)
"""Added to what the recorder is told to keep, so that it never lets go before Entrevue says so."""

SETTLING: Final = timedelta(seconds=1)


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

    async def _put_off(self, hold: Hold, owner: str, reason: str, after_s: float | None = None) -> None:
        due_at = retry_at(hold.attempts, self._clock.now(), self._jitter, after_s)

        def work(connection: Connection) -> None:
            if store.is_leased(connection, hold.id, owner):
                store.put_off(connection, hold.id, reason, due_at)

        await self._ledger.write(work)

    def _entry(self, hold: Hold, action: str) -> NewEntry:
        return NewEntry(
            operation=Operation.COLLECTION if not self.releasing else Operation.ERASURE,
            action=action,
            officer_id=audit.HOST,
            objects=(hold.id, hold.camera.id),
            owners=(hold.camera.agency, hold.agency),
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
        try:
            recorder = self._recorders.get(hold.camera.network)
            finding, handle, held = await self._place(recorder, hold)
        except TryLater as error:
            if hold.attempts < self._max_attempts:
                await self._put_off(hold, owner, error.message, error.retry_after_s)
                return
            await self._finish(hold, owner, HoldState.FAILED, f"given up: {error.message}")
            return
        except AdapterError as error:
            if isinstance(error, AskOwner) and hold.attempts < self._max_attempts:
                await self._put_off(hold, owner, error.message, 60.0)
                return
            await self._finish(hold, owner, HoldState.FAILED, error.message)
            return
        state, reason = _judge(finding, handle, held)
        await self._finish(hold, owner, state, reason, finding, handle, held)

    async def _place(
        self, recorder: Recorder, hold: Hold
    ) -> tuple[Finding, str | None, tuple[Interval, ...]]:
        native_id = native_id_of(hold.camera.id)
        handle, held = None, tuple[Interval, ...]()
        await recorder.measure_clock()
        if Capability.HOLD in recorder.capabilities:
            until = None if hold.until is None else hold.until + NATIVE_MARGIN
            receipt = await recorder.place_hold(
                HoldOrder(key=hold.id, native_id=native_id, interval=hold.interval, until=until)
            )
            handle, held = receipt.handle, receipt.held
        listing = await recorder.spans(native_id, hold.interval)
        overwrites = [span.overwrite_at for span in listing.spans if span.overwrite_at is not None]
        inside = [part for part in (h.intersect(hold.interval) for h in held) if part is not None]
        available = merged([*(span.interval for span in listing.spans), *inside])
        finding = Finding(
            available=available,
            overwrite_at=min(overwrites, default=None),
            clock_offset_ms=recorder.clock_offset_ms,
        )
        return finding, handle, held

    async def _finish(
        self,
        hold: Hold,
        owner: str,
        state: HoldState,
        reason: str | None,
        finding: Finding | None = None,
        handle: str | None = None,
        held: tuple[Interval, ...] = (),
    ) -> None:
        at = self._clock.now()

        def work(connection: Connection) -> None:
            if not store.is_leased(connection, hold.id, owner):
                return
            how = HoldMethod.NATIVE if held else None
            store.finish(connection, hold, state, at, reason=reason, how=how, handle=handle, held=held)
            audit.append(connection, self._entry(hold, f"hold_{state.value}"), at)
            if finding is not None:
                self._note_placed(connection, hold, finding)

        await self._ledger.write(work)

    async def fail(self, claimed: Hold, owner: str) -> None:
        if claimed.attempts < self._max_attempts:
            await self._put_off(claimed, owner, "failed inside; will be tried again")
        else:
            await self._finish(claimed, owner, HoldState.FAILED, "failed inside, set aside after many tries")


class ReleaseHolds(_HoldJob):
    """Lets go of what was decided against, delivered, or has run out."""

    name = "release holds"
    releasing = True

    async def carry_out(self, claimed: Hold, owner: str) -> None:
        hold = claimed
        try:
            if hold.handle is not None:
                await self._recorders.get(hold.camera.network).release_hold(hold.handle)
        except AdapterError as error:
            await self._put_off(hold, owner, f"release failed: {error.message}", 30.0)
            return
        at = self._clock.now()
        decided = hold.release_at is not None and hold.release_at <= at
        state = HoldState.RELEASED if decided else HoldState.EXPIRED
        reason = None if decided else "its longest time has passed"

        def work(connection: Connection) -> None:
            if store.is_leased(connection, hold.id, owner):
                store.finish(connection, hold, state, at, reason=reason)
                audit.append(connection, self._entry(hold, f"hold_{state.value}"), at)

        await self._ledger.write(work)

    async def fail(self, claimed: Hold, owner: str) -> None:
        await self._put_off(claimed, owner, "release failed inside; will be tried again", 60.0)


def merged(intervals: list[Interval]) -> tuple[Interval, ...]:
    """The union, sorted and disjoint; touching intervals join."""
    union: list[Interval] = []
    for interval in sorted(intervals, key=lambda i: i.start):
        if union and interval.start <= union[-1].end:
            union[-1] = Interval(start=union[-1].start, end=max(union[-1].end, interval.end))
        else:
            union.append(interval)
    return tuple(union)


def _judge(finding: Finding, handle: str | None, held: tuple[Interval, ...]) -> tuple[HoldState, str | None]:
    """What state a placed hold is in. Edges within a second count as held: recorders cut at frames."""
    if not finding.available:
        return HoldState.FAILED, "the recorder has no footage of this interval"
    if handle is None:
        return HoldState.FAILED, "the recorder cannot keep footage past its overwrite time"
    lost = [part for available in finding.available for part in available.subtract(held)]
    if not held:
        return HoldState.FAILED, "the recorder kept nothing"
    if any(part.duration > SETTLING for part in lost):
        return HoldState.PARTIAL, "the recorder kept a part of it"
    return HoldState.HELD, None


def hold_until(at: datetime, *limits_days: float | None) -> datetime | None:
    """The earliest of the limits, None where there is none."""
    days = [limit for limit in limits_days if limit is not None]
    return at + timedelta(days=min(days)) if days else None
