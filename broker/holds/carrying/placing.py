"""Has recorders keep footage themselves, by their own means."""

from datetime import timedelta
from typing import Any, Final

from adapters.contract.capabilities import Capability
from adapters.contract.errors import NotSupported
from adapters.contract.models import HoldOrder, HoldReceipt, Interval
from broker.catalog.models import native_id_of
from broker.holds.carrying.keeping import KeepHolds
from broker.holds.models import Ending, Finding, Hold, HoldMethod, HoldPart, HoldState, merged
from broker.holds.store import HoldTask
from broker.ingest.recorder import Recorder
from broker.ledger.leases import let_go

NATIVE_MARGIN: Final = timedelta(days=1)
"""Added to what the recorder is told to keep, so that it never lets go before Entrevue says so."""


class PlaceHolds(KeepHolds):
    """Freezes what was asked, natively; what the recorder cannot keep is left to be copied."""

    name = "place holds"
    task = HoldTask.PLACE

    async def _keep(
        self, hold: Hold, recorder: Recorder, missing: Interval, owner: str
    ) -> tuple[HoldPart, ...]:
        if Capability.HOLD not in recorder.capabilities:
            return hold.parts
        try:
            receipt = await recorder.place_hold(_order(hold, missing))
        except NotSupported:
            return hold.parts  # of this camera, or at this time
        if not _adds(receipt, hold):
            await recorder.release_hold(receipt.handle)
            return hold.parts
        return (*hold.parts, _part(receipt, hold))

    async def _prolonged(self, hold: Hold, recorder: Recorder, owner: str) -> tuple[HoldPart, ...]:
        """A recorder that was told an earlier end is told the later one by a new order, in the place of the old; so is
        one that has lost what it kept."""
        parts = list(hold.parts)
        for index, part in enumerate(hold.parts):
            if part.handle is None or not (part.is_lost or _ends_too_early(part, hold)):
                continue
            whole = Interval(start=part.held[0].start, end=part.held[-1].end)
            until = "x" if hold.until is None else f"{hold.until.timestamp():.0f}{'l' * part.is_lost}"
            receipt = await recorder.place_hold(_order(hold, whole, f"{hold.id}-{index + 1}-{until}"))
            if not (_adds(receipt, hold) if part.is_lost else _keeps(receipt, part)):
                await recorder.release_hold(receipt.handle)
                continue  # the old one is better than less
            parts[index] = _part(receipt, hold)
            await self._save(hold, owner, tuple(parts))
            await recorder.release_hold(part.handle)
        return tuple(parts)

    async def _without(
        self, hold: Hold, recorder: Recorder, finding: Finding | None
    ) -> Ending | dict[str, Any]:
        if Capability.FOOTAGE in recorder.capabilities:
            return {**let_go(self._clock.now()), "attempts": 0, "is_copied": True}
        reason = "its recorder can neither keep footage nor hand it out"
        return Ending(hold=hold, state=HoldState.FAILED, reason=reason, finding=finding)


def _order(hold: Hold, missing: Interval, key: str | None = None) -> HoldOrder:
    """The order of one turn; tried again it has the same key."""
    turn = f"{hold.id}-{len(hold.parts) + 1}" if hold.parts else hold.id
    return HoldOrder(
        key=key or turn,
        native_id=native_id_of(hold.camera.id),
        interval=missing,
        until=None if hold.until is None else hold.until + NATIVE_MARGIN,
    )


def _part(receipt: HoldReceipt, hold: Hold) -> HoldPart:
    return HoldPart(how=HoldMethod.NATIVE, held=receipt.held, handle=receipt.handle, until=hold.until)


def _ends_too_early(part: HoldPart, hold: Hold) -> bool:
    """Whether the recorder may let it go before the broker does. What lasts too long the broker ends."""
    return part.until is not None and (hold.until is None or part.until < hold.until)


def _adds(receipt: HoldReceipt, hold: Hold) -> bool:
    """Whether it keeps anything that was not kept."""
    return merged([*hold.held, *receipt.held]) != hold.held


def _keeps(receipt: HoldReceipt, part: HoldPart) -> bool:
    """Whether it keeps all that was kept."""
    return all(not held.subtract(receipt.held) for held in part.held)
