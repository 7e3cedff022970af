"""Archiving as hold: events are kept from ZoneMinder's purge, and marked in their notes with the hold's key.

A site's own filter may delete archived events all the same: what is held is read from the server each time, never
remembered.
"""

from collections import defaultdict
from collections.abc import AsyncGenerator, Awaitable, Callable
from zoneinfo import ZoneInfo

from adapters.contract.models import HoldOrder, HoldReceipt
from adapters.zoneminder.client import ZoneMinderClient
from adapters.zoneminder.mapping import Event, EventItem, events, joined, keys_of, marked, unmarked

Overlapping = Callable[[HoldOrder], Awaitable[list[Event]]]


class ArchivedHolds:
    """The holds of one server."""

    def __init__(self, client: ZoneMinderClient, zone: Callable[[], Awaitable[ZoneInfo]]) -> None:
        self._client = client
        self._zone = zone

    async def place(self, order: HoldOrder, overlapping: list[Event]) -> HoldReceipt:
        """Archives the events that are not archived for this hold yet; says what is archived after that."""
        for event in overlapping:
            if order.key not in keys_of(event.facts):
                await self._client.set_event(event.facts.id, True, marked(event.facts, order.key))
        return (await self.find(order.key)) or HoldReceipt(handle=order.key, held=())

    async def find(self, handle: str) -> HoldReceipt | None:
        """What the hold keeps now; None where nothing is left of it."""
        async for receipt in self.all():
            if receipt.handle == handle:
                return receipt
        return None

    async def all(self) -> AsyncGenerator[HoldReceipt, None]:
        """Every hold with what is left of it."""
        by_key: dict[str, list[Event]] = defaultdict(list)
        for found in await self._archived():
            for event in found:
                for key in keys_of(event.facts):
                    by_key[key].append(event)
        for key in sorted(by_key):
            kept = sorted(by_key[key], key=lambda event: event.interval.start)
            yield HoldReceipt(handle=key, held=tuple(joined(kept)))

    async def release(self, handle: str) -> None:
        """Takes the mark away, and the archiving where nobody else wants it."""
        for found in await self._archived():
            for event in found:
                if handle in keys_of(event.facts):
                    notes, stays = unmarked(event.facts, handle)
                    await self._client.set_event(event.facts.id, stays, notes)

    async def _archived(self) -> list[list[Event]]:
        """Archived events, monitor by monitor."""
        by_monitor: dict[str, list[object]] = defaultdict(list)
        async for item in self._client.events("Archived:1"):
            monitor = EventItem.model_validate(item).event.monitor
            by_monitor[monitor].append(item)
        zone = await self._zone()
        return [events(items, zone)[0] for items in by_monitor.values()]
