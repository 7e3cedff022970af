"""The adapter `rtsp`: cameras that stream and record nothing. Owns the contract's calls and what proves a status.

A camera is `up` when a key frame has arrived just now, `down` when it does not answer while others do. Where no camera
answers at all, the network is out of reach, and nothing is said of its cameras.
"""

import asyncio
import secrets
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar, Final

from adapters.contract.capabilities import Capability
from adapters.contract.errors import AdapterError, NotFound, TryLater
from adapters.contract.models import (
    CameraRecord,
    CameraStatus,
    PlaceRecord,
    Rejection,
    Snapshot,
    Stream,
)
from adapters.contract.options import parse_options
from adapters.contract.protocol import AdapterContext
from adapters.contract.undeclared import Undeclared
from adapters.lists.reader import ListReader, stream
from adapters.rtsp.config import RtspOptions
from adapters.rtsp.manifest import MANIFEST
from adapters.transport.rtsp_messages import RtspAddress
from adapters.transport.rtsp_translation import tls_trusting
from adapters.transport.stills import Still, StreamReader

NONCE_BYTES: Final = 16


@dataclass(frozen=True)
class Proof:
    """What is told of one camera, and what kept its stream from being seen, or that it answered."""

    items: tuple[CameraRecord | Rejection, ...]
    error: AdapterError | None = None
    answered: bool = False


class RtspAdapter(Undeclared):
    """Keeps no connection between calls."""

    kind: ClassVar[str] = MANIFEST.name

    def __init__(self, options: RtspOptions, context: AdapterContext, draw: Callable[[int], bytes]) -> None:
        self._options = options
        self._lists = ListReader(options, context.base_dir)
        self._shared, self._own = options.credentials(context.base_dir)
        ca_file = None if options.ca_file is None else context.base_dir / options.ca_file
        self._listed_ids: frozenset[str] = frozenset()
        self._tls = partial(tls_trusting, ca_file)
        self._draw = draw
        self._asking = asyncio.Semaphore(options.max_concurrent_calls)
        places = {Capability.PLACES} if self._lists.has_places else set()
        self._capabilities = frozenset({Capability.SNAPSHOT, *places})

    @property
    def capabilities(self) -> frozenset[Capability]:
        return self._capabilities

    async def list_cameras(self) -> AsyncIterator[CameraRecord | Rejection]:
        """Every camera with what its stream proves. What is held back until one answers is told then."""
        held: list[CameraRecord | Rejection] = []
        first_error: AdapterError | None = None
        answered = False
        async with aclosing(self._proven()) as proven:
            async for proof in proven:
                first_error = first_error or proof.error
                answered = answered or proof.answered
                held += proof.items
                if answered:
                    for item in held:
                        yield item
                    held = []
        if first_error is not None and not answered:
            raise first_error
        for item in held:
            yield item

    async def list_places(self) -> AsyncIterator[PlaceRecord | Rejection]:
        self._require(Capability.PLACES)
        async with aclosing(stream(self._lists.places)) as items:
            async for item in items:
                yield item

    async def take_snapshot(self, native_id: str) -> Snapshot:
        """The next key frame. Its time is the camera's own, where it tells it."""
        address = self._options.address(native_id)
        if address is None or not await self._exists(native_id):
            raise NotFound(f"there is no camera {native_id!r} in this network")
        async with self._asking:
            still = await self._reader(native_id).still(address)
        return Snapshot(
            native_id=native_id, captured_at=still.captured_at, media_type="image/jpeg", data=still.jpeg
        )

    async def _exists(self, native_id: str) -> bool:
        """Whether a camera that only the template locates is in the list, as it was last read, else as it is now."""
        if native_id not in self._options.streams and native_id not in self._listed_ids:
            async with aclosing(self._records()) as records:
                async for _ in records:
                    pass
        return native_id in self._options.streams or native_id in self._listed_ids

    async def _records(self) -> AsyncGenerator[CameraRecord | Rejection, None]:
        """Listed cameras, then those that only the streams name."""
        unlisted = dict.fromkeys(self._options.streams)
        listed: set[str] = set()
        async with aclosing(stream(self._lists.cameras)) as items:
            async for item in items:
                if isinstance(item, CameraRecord):
                    unlisted.pop(item.native_id, None)
                    listed.add(item.native_id)
                yield item
        self._listed_ids = frozenset(listed)
        for native_id in unlisted:
            yield CameraRecord(native_id=native_id, name=native_id)

    async def _proven(
        self,
    ) -> AsyncGenerator[Proof, None]:
        """Each record with its stream's proof, in the list's order, several asked at once; or what went wrong."""
        waiting: deque[asyncio.Task[Proof]] = deque()
        try:
            async with aclosing(self._records()) as records:
                async for record in records:
                    if isinstance(record, Rejection):
                        yield Proof((record,))
                        continue
                    waiting.append(asyncio.create_task(self._prove(record)))
                    if len(waiting) >= 2 * self._options.max_concurrent_calls:
                        yield await waiting[0]
                        waiting.popleft()
            while waiting:
                yield await waiting[0]
                waiting.popleft()
        finally:
            for task in waiting:
                task.cancel()
            await asyncio.gather(*waiting, return_exceptions=True)

    async def _prove(self, record: CameraRecord) -> Proof:
        address = self._options.address(record.native_id)
        if address is None:
            where = f"camera {record.native_id}"
            return Proof((record, Rejection(where=where, reason="nothing names its stream's address")))
        try:
            async with self._asking:
                seen, status = await self._look(record.native_id, address)
        except TryLater as error:
            return Proof((record.model_copy(update={"status": CameraStatus.DOWN}),), error)
        except AdapterError as error:
            rejection = Rejection(where=f"stream of {record.native_id}", reason=error.message)
            return Proof((record.model_copy(update={"status": CameraStatus.UNKNOWN}), rejection), error)
        return Proof((record.model_copy(update={"streams": (seen,), "status": status}),), answered=True)

    async def _look(self, native_id: str, address: RtspAddress) -> tuple[Stream, CameraStatus]:
        """The stream as it is. One of a codec that is not decoded here proves nothing but its description."""
        seen = await self._reader(native_id).look(address)
        if isinstance(seen, Still):
            return seen.stream, CameraStatus.UP
        return Stream(codec=seen.codec, fps=seen.fps), CameraStatus.UNKNOWN

    def _reader(self, native_id: str) -> StreamReader:
        return StreamReader(
            credentials=self._own.get(native_id, self._shared),
            limits=self._options.limits,
            tls=self._tls,
            draw=lambda: self._draw(NONCE_BYTES).hex(),
            key_frame_within_s=self._options.key_frame_timeout_s,
        )


def create(options: dict[str, Any], context: AdapterContext) -> RtspAdapter:
    """The adapter for one network; `Misconfigured` names the option that is wrong."""
    return RtspAdapter(parse_options(RtspOptions, options), context, secrets.token_bytes)
