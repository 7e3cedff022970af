"""Keeps what was asked, at first and as it grows: what placing and copying share.

Each turn keeps what follows what is held already. An open interval is extended turn by turn until somebody ends it; so
is one whose last minutes the recorder had not written yet when they were asked for.
"""

import errno
from abc import abstractmethod
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection

from adapters.contract.errors import AdapterError, AskOwner
from adapters.contract.models import Interval
from broker.catalog.models import native_id_of
from broker.errors import Problem
from broker.holds import store
from broker.holds.carrying.jobs import ASK_OWNER_S, HoldJob, JobTools
from broker.holds.models import Ending, Finding, Hold, HoldPart, HoldState, held_by, merged
from broker.ingest.recorder import Recorder
from broker.ledger.leases import LeaseLost, let_go, put_off, retry_at

NotePlaced = Callable[[Connection, Hold, Finding], None]
"""Told in the transaction that ends a turn, so that the item behind a hold knows what there is."""

SETTLING: Final = timedelta(seconds=1)
"""Edges within this count as held: recorders cut at frames."""
LATE: Final = timedelta(minutes=10)
"""So long after an interval's end its last minutes are waited for: recorders write whole files."""


class NothingYet(Exception):
    """There is nothing to keep of what grows; there may be later."""


class KeepHolds(HoldJob):
    """One turn of a hold. What is found out of an interval is told to whoever asked for it."""

    def __init__(self, tools: JobTools, extend_s: float, note_placed: NotePlaced) -> None:
        super().__init__(tools)
        self._extend = timedelta(seconds=extend_s)
        self._note_placed = note_placed

    @abstractmethod
    async def _keep(
        self, hold: Hold, recorder: Recorder, missing: Interval, owner: str
    ) -> tuple[HoldPart, ...]:
        """Keeps what there is of `missing`; all parts that are kept now."""

    async def _prolonged(self, hold: Hold, recorder: Recorder, owner: str) -> tuple[HoldPart, ...]:
        """The parts, kept for as long as the hold lasts by now."""
        return hold.parts

    @abstractmethod
    async def _without(
        self, hold: Hold, recorder: Recorder, finding: Finding | None
    ) -> Ending | dict[str, Any]:
        """How it ends where nothing at all is kept though there may be footage, or the row of who tries next."""

    async def _settle(self, hold: Hold, owner: str) -> None:
        if hold.attempts > self._max_attempts:
            await self._set_aside(hold, owner, f"set aside: {hold.attempts - 1} tries ended without a word")
            return
        try:
            ending = await self._turn(hold, owner)
        except NothingYet as nothing:
            await self._leave(hold, owner, str(nothing), put_off(self._clock.now() + self._extend))
            return
        except AdapterError as error:
            if self._is_waited_for(hold, error):
                least_s = ASK_OWNER_S if isinstance(error, AskOwner) else error.retry_after_s
                await self._wait(hold, owner, error.message, hold.ordered_at, least_s)
                return
            ending = _broken_off(hold, error.message)
        except OSError as error:
            if error.errno not in (errno.ENOSPC, errno.EDQUOT):
                raise
            await self._wait(
                hold, owner, "no room on the broker's disk to seal a copy", hold.ordered_at, 60.0
            )
            return
        except Problem as problem:
            if problem.kind.status < 500:
                raise
            await self._wait(hold, owner, problem.detail, hold.ordered_at, 30.0)
            return
        if isinstance(ending, Ending):
            await self._finish(owner, ending)
        else:
            await self._leave(hold, owner, "its recorder cannot keep it: it is being copied", ending)

    async def _turn(self, hold: Hold, owner: str) -> Ending | dict[str, Any]:
        at = self._clock.now()
        passed = hold.interval.until(at)
        if passed is None:
            raise NothingYet("it has not begun yet")
        recorder = await self._recorders.get(hold.camera.network).with_clock()
        hold = hold.model_copy(update={"parts": await self._prolonged(hold, recorder, owner)})
        missing, parts = _after(hold.parts, passed), hold.parts
        if missing is not None:
            parts = await self._keep(hold, recorder, missing, owner)
        try:
            finding = await _look(recorder, native_id_of(hold.camera.id), passed, parts)
        except AdapterError as error:
            if not parts or self._is_waited_for(hold, error):
                raise
            # what is kept must not be forgotten because the recorder cannot list what it has
            finding = None
        if parts:
            return self._judge(hold, passed, finding, parts, at)
        if finding is not None and not finding.available:
            if _may_come(hold, at):
                raise NothingYet("the recorder has no footage of this yet")
            return Ending(
                hold=hold,
                state=HoldState.FAILED,
                reason="the recorder has no footage of this interval",
                finding=finding,
            )
        return await self._without(hold, recorder, finding)

    def _judge(
        self,
        hold: Hold,
        passed: Interval,
        finding: Finding | None,
        parts: tuple[HoldPart, ...],
        at: datetime,
    ) -> Ending:
        """What state a turn leaves it in, and whether there is another one."""
        held = held_by(parts)
        available = (passed,) if finding is None else finding.available
        lost = [part for interval in available for part in interval.subtract(held)]
        is_partial = hold.state is HoldState.PARTIAL or any(part.duration > SETTLING for part in lost)
        is_partial |= any(part.is_lost for part in parts)
        end = hold.interval.end
        if end is None and hold.grows_until is not None and at >= hold.grows_until:
            end = hold.grows_until
        return Ending(
            hold=hold,
            state=HoldState.PARTIAL if is_partial else HoldState.HELD,
            reason="a part of it could not be kept" if is_partial else None,
            finding=finding,
            parts=parts,
            is_growing=end is None or _is_late(end, held, available, at),
            due_at=at + self._extend,
            end=end,
        )

    async def _save(self, hold: Hold, owner: str, parts: tuple[HoldPart, ...]) -> None:
        """Makes durable what is kept so far, so that whoever takes over goes on from there."""

        def work(connection: Connection) -> None:
            if store.leased(connection, [hold.id]).get(hold.id) != owner:
                raise LeaseLost
            store.save_parts(connection, hold.id, parts)

        await self._ledger.write(work)

    def _note(self, connection: Connection, ending: Ending) -> None:
        if ending.finding is not None:
            kept = ending.finding.model_copy(update={"kept": bool(held_by(ending.parts))})
            self._note_placed(connection, ending.hold, kept)

    async def _fail(self, hold: Hold, owner: str) -> None:
        if hold.attempts < self._max_attempts:
            due_at = retry_at(hold.attempts, self._clock.now(), self._jitter)
            await self._leave(hold, owner, "failed inside; will be tried again", let_go(due_at))
        else:
            await self._set_aside(hold, owner, f"set aside: failed inside {hold.attempts} times")

    async def _set_aside(self, hold: Hold, owner: str, reason: str) -> None:
        await self._finish(owner, _broken_off(hold, reason))


def _broken_off(hold: Hold, reason: str) -> Ending:
    """No more is kept than is by now."""
    if not hold.parts:
        return Ending(hold=hold, state=HoldState.FAILED, reason=reason)
    return Ending(hold=hold, state=HoldState.PARTIAL, reason=reason, parts=hold.parts, end=hold.interval.end)


def _after(parts: tuple[HoldPart, ...], passed: Interval) -> Interval | None:
    """What of it follows what is held; None where nothing does."""
    start = max([passed.start, *(held.end for held in held_by(parts))])
    return Interval(start=start, end=passed.end) if start < passed.end else None


def _may_come(hold: Hold, at: datetime) -> bool:
    """Whether footage of what is open may still appear."""
    end = hold.interval.end or hold.grows_until
    return hold.is_growing and (end is None or at < end + LATE)


def _is_late(
    end: datetime, held: tuple[Interval, ...], available: tuple[Interval, ...], at: datetime
) -> bool:
    """Whether the last minutes are neither held nor there, and may still come."""
    reached = max((part.end for part in (*held, *available)), default=end)
    return reached < end - SETTLING and at < end + LATE


async def _look(
    recorder: Recorder, native_id: str, interval: Interval, parts: tuple[HoldPart, ...]
) -> Finding:
    """What the recorder has of the interval, held copies included."""
    listing = await recorder.spans(native_id, interval)
    overwrites = [span.overwrite_at for span in listing.spans if span.overwrite_at is not None]
    inside = [held.intersect(interval) for held in held_by(parts)]
    return Finding(
        available=merged([*(span.interval for span in listing.spans), *(part for part in inside if part)]),
        overwrite_at=min(overwrites, default=None),
        gone_at=max(overwrites) if overwrites and len(overwrites) == len(listing.spans) else None,
        clock_offset_ms=recorder.clock_offset_ms,
    )
