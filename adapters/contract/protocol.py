"""What an adapter MUST and MAY do.

MUST
- list every camera by `list_cameras`, one record or one rejection at a time, without holding all in memory;
- keep `native_id` stable over listings and restarts;
- give None for what it does not know;
- raise only the errors of `adapters.contract.errors` for what goes wrong at the recorder; an unplanned
  exception passes unchanged, so that a bug looks like a bug;
- raise `NotSupported` for every capability that it does not declare;
- stop all work and close what it opened when the calling task is cancelled or `aclose` is called;
- never write a secret to a log, an error or a repr.

MAY
- declare any of `Capability`; `capabilities` is constant for one adapter object;
- extend `adapters.contract.undeclared.Undeclared`, and override only what its recorder can do.

Methods that return `AsyncIterator` are async generators: call them without `await`.
"""

from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

from adapters.contract.capabilities import Capability
from adapters.contract.models import (
    CameraRecord,
    ClockReading,
    FootageListing,
    FootageMessage,
    HealthEvent,
    HoldOrder,
    HoldReceipt,
    Interval,
    PlaceRecord,
    Rejection,
    Snapshot,
)


@dataclass(frozen=True)
class AdapterContext:
    """What the host gives an adapter: who it is for, where relative paths of its options start, where it may
    cache, and the time."""

    network_id: str
    base_dir: Path
    cache_dir: Path
    now: Callable[[], datetime]


class Adapter(Protocol):
    """One camera network. All instants, given and returned, are the recorder's own clock."""

    @property
    def capabilities(self) -> frozenset[Capability]: ...

    def list_cameras(self) -> AsyncIterator[CameraRecord | Rejection]:
        """Every camera once. A record that cannot be used is yielded as its `Rejection`."""
        ...

    def list_places(self) -> AsyncIterator[PlaceRecord | Rejection]:
        """Every named site of the network once (`PLACES`)."""
        ...

    async def take_snapshot(self, native_id: str) -> Snapshot:
        """The latest picture (`SNAPSHOT`); `NotFound` for an unknown camera or where there is none."""
        ...

    async def list_spans(self, native_id: str, interval: Interval) -> FootageListing:
        """What the recorder holds inside the interval (`SPANS`); `NotFound` for an unknown camera."""
        ...

    def open_footage(
        self, native_id: str, interval: Interval, hold: str | None = None
    ) -> AsyncIterator[FootageMessage]:
        """The recorder's own files that cover the interval, in order of time (`FOOTAGE`).

        With `hold`, the handle of a receipt, held files are read where the originals are gone.
        Nothing is yielded where there is no footage; `NotFound` for an unknown camera or hold.
        """
        ...

    async def place_hold(self, order: HoldOrder) -> HoldReceipt:
        """Keeps the interval at the recorder (`HOLD`); idempotent by `order.key`."""
        ...

    async def release_hold(self, handle: str) -> None:
        """Lets go of a hold (`HOLD`); releasing one that is gone succeeds."""
        ...

    def list_holds(self) -> AsyncIterator[HoldReceipt]:
        """Every hold that this adapter placed and has not released (`HOLD`)."""
        ...

    async def read_clock(self) -> ClockReading:
        """The recorder's clock against UTC (`CLOCK`)."""
        ...

    def watch_health(self) -> AsyncIterator[HealthEvent]:
        """Health as it changes, without end (`HEALTH`); raises when the recorder is lost, and whoever watches
        starts anew. What was before the first event is not told."""
        ...

    async def aclose(self) -> None:
        """Closes connections; called once."""
        ...


class AdapterFactory(Protocol):
    """`create` of an adapter's module `adapter`; raises `Misconfigured` naming the option that is wrong."""

    def __call__(self, options: dict[str, Any], context: AdapterContext) -> Adapter: ...


class GazetteerReader(Protocol):
    """Reads a list of places that is no network's. Blocks while it reads; `Misconfigured` names what is wrong."""

    def __call__(self, options: dict[str, Any], base_dir: Path) -> Iterator[PlaceRecord | Rejection]: ...


@dataclass(frozen=True)
class Manifest:
    """What a registry shows of an adapter before it is loaded. `capabilities` are the most it can declare."""

    name: str
    summary: str
    capabilities: frozenset[Capability] = field(default_factory=frozenset)
