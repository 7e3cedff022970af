"""The adapter `onvif`: one camera or recorder by ONVIF's services and RTSP replay. Owns the contract's calls.

All instants are the device's own clock, as ONVIF has them.
"""

import asyncio
import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing
from datetime import timedelta
from functools import partial
from typing import Any, ClassVar, Final

from adapters.contract.capabilities import Capability
from adapters.contract.errors import Malformed, NotFound, NotSupported
from adapters.contract.models import (
    CameraRecord,
    ClockReading,
    FootageListing,
    FootageMessage,
    HealthEvent,
    Interval,
    PlaceRecord,
    Rejection,
    Snapshot,
)
from adapters.contract.options import parse_options
from adapters.contract.protocol import AdapterContext
from adapters.contract.undeclared import Undeclared
from adapters.lists.reader import stream
from adapters.onvif import mapping, requests
from adapters.onvif.client import OnvifClient
from adapters.onvif.config import OnvifOptions
from adapters.onvif.footage import messages_of
from adapters.onvif.inventory import Channel, Inventory
from adapters.onvif.listed import ListedCameras, described
from adapters.onvif.manifest import MANIFEST
from adapters.onvif.notifications import watch
from adapters.onvif.pictures import checked_picture
from adapters.onvif.recordings import footage_of, look, media_service
from adapters.onvif.replay import Replayer
from adapters.onvif.spans import listing
from adapters.transport.rtsp_translation import tls_trusting
from adapters.transport.stills import StreamReader

NONCE_BYTES: Final = 16
PICTURE_BYTES: Final = 32 * 1024 * 1024


class OnvifAdapter(Undeclared):
    """One device. What it has is looked at when cameras are listed, and when one is asked for that was not there."""

    kind: ClassVar[str] = MANIFEST.name

    def __init__(self, options: OnvifOptions, context: AdapterContext, draw: Callable[[int], bytes]) -> None:
        self._options = options
        self._now = context.now
        self._client = OnvifClient(options, context, lambda: draw(NONCE_BYTES))
        self._listed = ListedCameras(options, context.base_dir)
        ca_file = None if options.ca_file is None else context.base_dir / options.ca_file
        self._streams = StreamReader(
            self._client.credentials,
            options.rtsp_limits,
            partial(tls_trusting, ca_file),
            lambda: draw(NONCE_BYTES).hex(),
        )
        self._replayer = Replayer(self._streams)
        self._inventory: Inventory | None = None
        self._only_listed: frozenset[str] = frozenset()
        self._looking = asyncio.Lock()
        optional = {
            Capability.PLACES: self._listed.reader.has_places,
            Capability.SNAPSHOT: "snapshot" in options.offers,
            Capability.SPANS: "footage" in options.offers,
            Capability.FOOTAGE: "footage" in options.offers,
            Capability.HEALTH: "health" in options.offers,
            Capability.CLOCK: True,
        }
        self._capabilities = frozenset(name for name, present in optional.items() if present)

    @property
    def capabilities(self) -> frozenset[Capability]:
        return self._capabilities

    async def list_cameras(self) -> AsyncIterator[CameraRecord | Rejection]:
        """The device's cameras; with a list the list's, and then what the device has beside them."""
        inventory = await self._look()
        records = {
            name: inventory.record(channel, self._options.retention_days)
            for name, channel in inventory.channels.items()
        }
        for problem in inventory.problems:
            yield problem
        if not self._listed.exist:
            for record in records.values():
                yield record
            return
        listed, problems = await asyncio.to_thread(self._listed.read)
        self._only_listed = frozenset(listed.keys() - records.keys())
        for problem in problems:
            yield problem
        for name, record in listed.items():
            yield described(record, records.get(name))
        for name in records.keys() - listed.keys():
            yield Rejection(where=f"camera {name} of the device", reason="the list names no such camera")

    async def list_places(self) -> AsyncIterator[PlaceRecord | Rejection]:
        self._require(Capability.PLACES)
        async with aclosing(stream(self._listed.reader.places)) as items:
            async for item in items:
                yield item

    async def take_snapshot(self, native_id: str) -> Snapshot:
        """The device's own picture, else the next key frame of its main stream."""
        self._require(Capability.SNAPSHOT)
        channel = await self._channel(native_id)
        service = await media_service(self._client)
        if channel is None or service is None or not channel.profiles:
            raise NotFound(f"camera {native_id} has no stream that the device shows")
        profile = channel.profiles[0].token
        try:
            answer = await self._client.call(requests.get_snapshot_uri(service, profile))
            uri = mapping.media_uri(answer)
        except (NotSupported, Malformed):
            answer = await self._client.call(requests.get_stream_uri(service, profile))
            still = await self._streams.still(self._options.own_stream(mapping.media_uri(answer)))
            return Snapshot(
                native_id=native_id, captured_at=still.captured_at, media_type="image/jpeg", data=still.jpeg
            )
        return checked_picture(native_id, await self._client.picture(uri, PICTURE_BYTES))

    async def list_spans(self, native_id: str, interval: Interval) -> FootageListing:
        self._require(Capability.SPANS)
        channel = await self._channel(native_id)
        if channel is None:
            return FootageListing()
        found = await footage_of(self._client, channel, interval)
        days = self._options.retention_days
        return listing(found.pieces, found.problems, channel.keeps if days is None else timedelta(days=days))

    async def open_footage(
        self, native_id: str, interval: Interval, hold: str | None = None
    ) -> AsyncIterator[FootageMessage]:
        """Replays what the device holds of the interval, one recording after the other."""
        self._require(Capability.FOOTAGE)
        if hold is not None:
            raise NotFound(f"there is no hold {hold!r}: ONVIF has none")
        channel = await self._channel(native_id)
        if channel is None:
            return
        for piece in (await footage_of(self._client, channel, interval)).pieces:
            answer = await self._client.call(requests.get_replay_uri(piece.recording))
            address = self._options.own_stream(mapping.media_uri(answer))
            wanted = piece.interval.intersect(interval)
            if wanted is None:
                continue
            async with (
                aclosing(self._replayer.pictures(address, wanted)) as pictures,
                aclosing(messages_of(pictures, piece, wanted)) as messages,
            ):
                async for message in messages:
                    yield message

    async def read_clock(self) -> ClockReading:
        """By several readings of the device's whole seconds, to a few milliseconds."""
        bounds = await self._client.read_clock()
        offset_ms = None if bounds is None else bounds.offset.total_seconds() * 1000
        return ClockReading(offset_ms=offset_ms, measured_at=self._now())

    async def watch_health(self) -> AsyncIterator[HealthEvent]:
        """What the device notifies by its pull point."""
        self._require(Capability.HEALTH)
        inventory = self._inventory or await self._look()
        async with aclosing(watch(self._client, self._options, inventory)) as events:
            async for event in events:
                yield event

    async def aclose(self) -> None:
        await self._client.aclose()

    async def _look(self) -> Inventory:
        found = await look(self._client, with_recordings=Capability.FOOTAGE in self._capabilities)
        self._inventory = found
        return found

    async def _channel(self, native_id: str) -> Channel | None:
        """The camera as the device was last seen; looked at anew for one that was not there. None for one that only
        the list names: the device has nothing of it."""
        async with self._looking:
            inventory = self._inventory or await self._look()
            if native_id not in inventory.channels and native_id not in self._only_listed:
                inventory = await self._look()
                if native_id not in inventory.channels and self._listed.exist:
                    listed, _ = await asyncio.to_thread(self._listed.read)
                    self._only_listed = frozenset(listed.keys() - inventory.channels.keys())
        channel = inventory.channels.get(native_id)
        if channel is None and native_id not in self._only_listed:
            raise NotFound(f"the device has no camera {native_id!r}")
        return channel


def create(options: dict[str, Any], context: AdapterContext) -> OnvifAdapter:
    """The adapter for one network; `Misconfigured` names the option that is wrong."""
    return OnvifAdapter(parse_options(OnvifOptions, options), context, secrets.token_bytes)
