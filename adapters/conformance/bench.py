"""What a check works with: a network, adapters made for it, and faulty servers put before it."""

import itertools
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

from adapters.conformance.faults.listener import FaultyServer
from adapters.conformance.faults.models import Exchange, Fault
from adapters.conformance.faults.server import faulty_server, tls_server
from adapters.conformance.harness import IMPATIENT, KnownFootage, Site
from adapters.conformance.reading import cameras_of
from adapters.contract.capabilities import Capability
from adapters.contract.models import Interval
from adapters.contract.protocol import Adapter, AdapterContext, AdapterFactory, Manifest

SAMPLED_CAMERAS: Final = 5
SAMPLE: Final = timedelta(seconds=30)
LOOKED_BACK: Final = timedelta(days=1)


@dataclass(frozen=True)
class FaultyNetwork:
    """The network behind faulty servers, one before each of its addresses, all with the same fault."""

    servers: tuple[FaultyServer, ...]
    options: Mapping[str, Any]

    async def use(self, fault: Fault) -> None:
        for server in self.servers:
            await server.use(fault)

    @property
    def asked(self) -> tuple[Exchange, ...]:
        return tuple(exchange for server in self.servers for exchange in server.asked)

    @property
    def visits_elsewhere(self) -> int:
        return sum(server.elsewhere.visits for server in self.servers)

    @property
    def addresses_replaced(self) -> int:
        return sum(server.addresses_replaced for server in self.servers)

    async def until_idle(self) -> None:
        for server in self.servers:
            await server.until_idle()

    async def until_unconnected(self) -> None:
        for server in self.servers:
            await server.until_unconnected()


@dataclass(frozen=True)
class Bench:
    """One check's workplace. Of a live network nothing is known beforehand, and nothing in it is changed; its `clock`
    goes on."""

    create: AdapterFactory
    manifest: Manifest
    site: Site
    folder: Path
    area: tuple[float, float, float, float] | None
    expected: Path | None = None
    impatient: Mapping[str, Any] = field(default_factory=lambda: IMPATIENT)
    offline: frozenset[str] = frozenset()
    planted_at: str = ""
    live: bool = False
    clock: Callable[[], datetime] | None = None
    _numbers: "itertools.count[int]" = field(default_factory=itertools.count)

    def empty_folder(self, name: str) -> Path:
        made = self.folder / f"{name}-{next(self._numbers)}"
        made.mkdir(parents=True)
        return made

    @asynccontextmanager
    async def adapter(self, options: Mapping[str, Any] | None = None) -> AsyncIterator[Adapter]:
        """A fresh adapter that remembers nothing, closed at the end."""
        now = self.clock or (lambda: self.site.now)
        context = AdapterContext("checked", self.site.base_dir, self.empty_folder("cache"), now)
        adapter = self.create(dict(self.site.options if options is None else options), context)
        try:
            yield adapter
        finally:
            await adapter.aclose()

    @asynccontextmanager
    async def faulty(self, *, impatient: bool = False) -> AsyncIterator[FaultyNetwork]:
        """The network behind servers that misbehave once they are told to."""
        async with AsyncExitStack() as stack:
            servers = [await stack.enter_async_context(faulty_server(each)) for each in self.site.addresses]
            moved = readdressed(self.site.options, self.site.addresses, [each.address for each in servers])
            yield FaultyNetwork(tuple(servers), {**moved, **(self.impatient if impatient else {})})

    @asynccontextmanager
    async def over_tls(self, *, trusted: bool) -> AsyncIterator[FaultyNetwork]:
        """The network over TLS under certificates of its own, which the options name or not."""
        async with AsyncExitStack() as stack:
            made = [
                await stack.enter_async_context(tls_server(each, self.empty_folder("tls")))
                for each in self.site.addresses
            ]
            bundle = self.empty_folder("trusted") / "authorities.pem"
            bundle.write_text("".join(authority.read_text() for _, authority in made))
            servers = tuple(server for server, _ in made)
            moved = readdressed(self.site.options, self.site.addresses, [each.address for each in servers])
            yield FaultyNetwork(servers, {**moved, **({"ca_file": str(bundle)} if trusted else {})})

    async def a_camera(self) -> str | None:
        """The id of one camera, one with footage or a picture where that is known; None where there is none."""
        known = [each.native_id for each in self.site.truth.footage] or sorted(self.site.truth.snapshot_times)
        if known:
            return known[0]
        async with self.adapter() as adapter:
            cameras = await cameras_of(adapter)
        return cameras[0].native_id if cameras else None

    async def footage(self) -> tuple[KnownFootage, ...]:
        """Footage to look at: what is known to be there, else the last half minute of some cameras."""
        if not self.live:
            return self.site.truth.footage
        found: list[KnownFootage] = []
        window = Interval(start=self.site.now - LOOKED_BACK, end=self.site.now)
        async with self.adapter() as adapter:
            if Capability.SPANS not in adapter.capabilities:
                return ()
            for camera in (await cameras_of(adapter))[:SAMPLED_CAMERAS]:
                listing = await adapter.list_spans(camera.native_id, window)
                if listing.spans:
                    last = listing.spans[-1].interval
                    asked = Interval(start=max(last.start, last.end - SAMPLE), end=last.end)
                    found.append(KnownFootage(camera.native_id, asked, (asked,)))
        return tuple(found)


def readdressed(options: Mapping[str, Any], old: Sequence[str], new: Sequence[str]) -> dict[str, Any]:
    """The options with addresses replaced in every text, however deep."""

    def moved(value: Any) -> Any:
        if isinstance(value, str):
            for before, after in zip(old, new, strict=True):
                if value == before or value.startswith(f"{before}/"):
                    return after + value[len(before) :]
            return value
        if isinstance(value, Mapping):
            return {key: moved(inner) for key, inner in value.items()}
        return [moved(inner) for inner in value] if isinstance(value, list | tuple) else value

    return {key: moved(value) for key, value in options.items()}
