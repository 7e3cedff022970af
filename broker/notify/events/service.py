"""Tells an officer what happens to requests, holds and cameras that they may know of, for as long as they may."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection

from broker.agencies.authority import Authority
from broker.agencies.models import AgencyAction, Caller
from broker.audit import store as audit
from broker.audit.models import Operation
from broker.catalog.service import Catalog
from broker.clock import Clock
from broker.errors import Problem
from broker.holds.service import Holds
from broker.ledger.engine import Ledger
from broker.notify.events.feed import EventFeed
from broker.notify.models import Event, events_of
from broker.requests.service import Requests

LOOK_S: Final = 1.0
"""Cameras that changed are told at most so often."""
CONFIRM_S: Final = 15.0
"""Who watches is asked for anew so often: a token that was revoked gets nothing afterwards."""
MOST_CAMERAS: Final = 1000
"""Of more cameras at once it is said that many changed."""


@dataclass(frozen=True)
class Told:
    """One message: its name, its facts, and the place in the stream from which a client goes on after it."""

    name: str
    facts: dict[str, Any]
    place: str


@dataclass
class _Place:
    """How far a client was told: the log's sequence and the number of the latest change of a camera."""

    sequence: int
    camera: int

    @classmethod
    def read(cls, text: str) -> "_Place":
        sequence, _, camera = text.partition(".")
        if not (sequence.isascii() and sequence.isdigit() and camera.isascii() and camera.isdigit()):
            raise Problem("invalid", "Last-Event-ID is not the id of an event of this stream: leave it out")
        return cls(int(sequence), int(camera))

    def __str__(self) -> str:
        return f"{self.sequence}.{self.camera}"


class Events:
    """The service of events."""

    def __init__(
        self,
        ledger: Ledger,
        authority: Authority,
        feed: EventFeed,
        catalog: Catalog,
        requests: Requests,
        holds: Holds,
        clock: Clock,
    ) -> None:
        self._ledger = ledger
        self._authority = authority
        self._feed = feed
        self._catalog = catalog
        self._requests = requests
        self._holds = holds
        self._clock = clock

    async def follow(
        self, caller: Caller, last_id: str | None, confirm: Callable[[], Any], *, goes_on: bool
    ) -> AsyncIterator[Told]:
        """What happens from now on, or happened after `last_id`, in order; without `goes_on` what there is by now.
        Ends when `confirm`, which is asked for the caller from time to time, refuses. Refusals come before the first
        message."""
        await self._authority.require_purpose(caller)
        either = (AgencyAction.READ_NOTICES, AgencyAction.SEARCH)
        await self._authority.require_scope(caller, either, "follow_events")
        newest = await self._feed.catch_up()
        place = _Place(newest, self._catalog.changed.last) if last_id is None else _Place.read(last_id)
        place.sequence = min(place.sequence, newest)
        entry = self._authority.entry(caller, Operation.CONSULTATION, "follow_events")
        await self._ledger.write(lambda c: audit.append(c, entry, self._clock.now()))
        return self._told(caller, place, confirm, goes_on=goes_on)

    async def _told(
        self, caller: Caller, place: _Place, confirm: Callable[[], Any], *, goes_on: bool
    ) -> AsyncIterator[Told]:
        loop = asyncio.get_running_loop()
        confirmed_at = loop.time()
        while True:
            if loop.time() - confirmed_at >= CONFIRM_S:
                try:
                    caller = await confirm()
                except Problem:
                    return
                confirmed_at = loop.time()
            for told in await self._news(caller, place):
                yield told
            if place.sequence < self._feed.last:
                continue  # a long absence comes in parts
            if not goes_on:
                return
            await self._feed.wait(LOOK_S)

    async def _news(self, caller: Caller, place: _Place) -> list[Told]:
        """What is new for the caller after the place, which moves on."""
        until, changes = await self._feed.since(place.sequence, caller.officer.agency)
        events = [event for change in changes for event in events_of(change)]
        known = await self._known(caller, events)
        told = list[Told]()
        for event in events:
            if (event.kind, event.id) in known:
                place.sequence = event.sequence
                told.append(
                    Told(event.kind, event.model_dump(mode="json", exclude={"kind", "sequence"}), str(place))
                )
        place.sequence = until
        cameras = self._catalog.changed.since(place.camera)
        place.camera = self._catalog.changed.last
        if cameras is None or len(cameras) > MOST_CAMERAS:
            told.append(Told("cameras", {"ids": None}, str(place)))
        elif located := await self._catalog.located(caller, cameras):
            told.append(Told("cameras", {"ids": located}, str(place)))
        return told

    async def _known(self, caller: Caller, events: list[Event]) -> set[tuple[str, str]]:
        """Of which of these requests and holds the caller may know."""
        requests = sorted({event.id for event in events if event.kind == "request"})
        holds = sorted({event.id for event in events if event.kind == "hold"})
        if not requests and not holds:
            return set()

        def find(connection: Connection) -> set[tuple[str, str]]:
            shown = {("request", name) for name in self._requests.shown_of(connection, caller, requests)}
            return shown | {("hold", name) for name in self._holds.shown_of(connection, caller, holds)}

        return await self._ledger.read(find)
