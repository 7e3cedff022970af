"""Takes orders to keep footage, inside the transaction of whoever gives them: an urgent hold, or a request."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from sqlalchemy import Connection

from broker.agencies.authority import Authority
from broker.agencies.models import Caller, PolicyBook
from broker.catalog.bell import WorkerBell
from broker.catalog.models import Camera, whose_of
from broker.catalog.service import Catalog
from broker.clock import Clock
from broker.errors import Problem
from broker.holds import store
from broker.holds.models import Hold, NewHold
from broker.identifiers import Identifiers
from broker.ledger.engine import Ledger
from broker.settings.sections import BrokerSettings

T = TypeVar("T")


@dataclass(frozen=True)
class OrderDesk:
    """What taking an order for footage needs, and the one way in which it is taken."""

    ledger: Ledger
    catalog: Catalog
    bell: WorkerBell
    authority: Authority
    clock: Clock
    identifiers: Identifiers
    settings: BrokerSettings

    async def take(
        self,
        caller: Caller,
        attempted: str,
        camera_ids: Sequence[str],
        cameras: Sequence[Camera],
        decide: Callable[[PolicyBook], Callable[[Connection], T]],
    ) -> T:
        """Decides and writes, durable on return, then wakes a worker. Where the caller has no right to a camera
        that is recorded as refused, for the owners of those that there are as well."""
        try:
            taken = await self.authority.decide(decide)
        except Problem as problem:
            if problem.code in ("camera_unknown", "action_denied"):
                owners = tuple(sorted({camera.agency for camera in cameras}))
                await self.authority.deny(caller, attempted, tuple(camera_ids), owners, whose_of(cameras))
            raise
        await self.bell.ring()
        return taken


def place(connection: Connection, orders: Iterable[NewHold], at: datetime) -> None:
    """Makes hold orders durable with the caller's transaction."""
    store.order(connection, orders, at)


def adopt(connection: Connection, orders: Iterable[NewHold], at: datetime) -> None:
    """Makes urgent holds those of a request, as `orders` say: they last as long as its own would, and end where they
    are by now. `hold_unknown` for one that is over, or has a request already."""
    for order in orders:
        if not store.adopt(connection, order, at):
            raise Problem(
                "hold_unknown", f"hold {order.id} is over or part of a request: name its camera and interval"
            )


def let_go(
    connection: Connection, hold: Hold | None, release_at: datetime, *, by_requester: bool = False
) -> None:
    """Schedules the release of a request's hold. Under a judicial basis only its requester releases it."""
    if hold is not None and (by_requester or not hold.judicial):
        store.schedule_release(connection, hold.id, release_at)


def ending(connection: Connection, by: datetime) -> list[Hold]:
    """Kept holds that are let go by then."""
    return store.ending(connection, by)


def find_all(connection: Connection, hold_ids: Sequence[str]) -> list[Hold]:
    """Those that there are."""
    return store.find_all(connection, hold_ids)
