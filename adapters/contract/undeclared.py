"""The ground that an adapter can stand on: every optional call refuses, so that an adapter overrides only what
its recorder can do, and none forgets to refuse the rest."""

from collections.abc import AsyncGenerator, AsyncIterator
from typing import Any, ClassVar, NoReturn

from adapters.contract.capabilities import Capability
from adapters.contract.errors import NotSupported
from adapters.contract.models import (
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


class Undeclared:
    """Declares nothing. Subclasses name their `kind`, the adapter's name, and list cameras."""

    kind: ClassVar[str]

    @property
    def capabilities(self) -> frozenset[Capability]:
        return frozenset()

    def list_places(self) -> AsyncIterator[PlaceRecord | Rejection]:
        return self._refuse_iteration(Capability.PLACES)

    async def take_snapshot(self, native_id: str) -> Snapshot:
        self._refuse(Capability.SNAPSHOT)

    async def list_spans(self, native_id: str, interval: Interval) -> FootageListing:
        self._refuse(Capability.SPANS)

    def open_footage(
        self, native_id: str, interval: Interval, hold: str | None = None
    ) -> AsyncIterator[FootageMessage]:
        return self._refuse_iteration(Capability.FOOTAGE)

    async def place_hold(self, order: HoldOrder) -> HoldReceipt:
        self._refuse(Capability.HOLD)

    async def release_hold(self, handle: str) -> None:
        self._refuse(Capability.HOLD)

    def list_holds(self) -> AsyncIterator[HoldReceipt]:
        return self._refuse_iteration(Capability.HOLD)

    async def read_clock(self) -> ClockReading:
        self._refuse(Capability.CLOCK)

    def watch_health(self) -> AsyncIterator[HealthEvent]:
        return self._refuse_iteration(Capability.HEALTH)

    async def aclose(self) -> None:
        """Nothing is open unless a subclass opens it."""

    def _require(self, capability: Capability) -> None:
        """For calls that a subclass offers on some networks only."""
        if capability not in self.capabilities:
            self._refuse(capability)

    def _refuse(self, capability: Capability) -> NoReturn:
        raise NotSupported(f"the adapter {self.kind} cannot do this for this network: {capability.value}")

    async def _refuse_iteration(self, capability: Capability) -> AsyncGenerator[Any, None]:
        """Raises at the first item, as the generators of other adapters do."""
        self._refuse(capability)
        yield
