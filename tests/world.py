"""A small world for tests: a clock that stands still, numbered ids, recorders in memory, and a whole broker.

`FakeRecorder` keeps the contract and can be told to fail; `TestBroker` is a real broker, spoken to over HTTP.
"""

import asyncio
import itertools
import random
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
from redis.asyncio import Redis

from adapters.contract.capabilities import Capability
from adapters.contract.errors import AdapterError, NotFound, NotSupported
from adapters.contract.models import (
    CameraKind,
    CameraRecord,
    ClockReading,
    FootageListing,
    FootageMessage,
    HealthEvent,
    HoldOrder,
    HoldReceipt,
    Interval,
    PlaceRecord,
    Position,
    Rejection,
    SegmentData,
    SegmentEnd,
    SegmentStart,
    Snapshot,
    Span,
    View,
)
from adapters.contract.protocol import AdapterContext, AdapterFactory
from broker.agencies.models import NewOfficer, Role
from broker.api import create_api
from broker.app import Broker, Host, build
from broker.catalog.models import NetworkReport
from broker.catalog.store import CatalogStore
from broker.identifiers import TOKEN_PREFIX
from broker.settings import Settings
from broker.stores import ledger_place, open_ledger
from tests.films import grey_jpeg, small_film
from tests.servers.buckets import BUCKETS
from tests.servers.ledgers import LEDGERS

_PERSONNEL = itertools.count(1)
NOW = datetime(2026, 6, 15, 12, 0, tzinfo=UTC)
UNLIMITED = dict.fromkeys(("officer_per_min", "agency_per_min", "sign_in_per_min"), 10**9)
"""Tests of limits set their own."""
ALL_CAPABILITIES = frozenset(Capability)


class StandingClock:
    """Time moves only when a test says so."""

    def __init__(self, now: datetime = NOW) -> None:
        self._now = now

    def now(self) -> datetime:
        return self._now

    def advance(self, **duration: float) -> None:
        self._now += timedelta(**duration)


class NumberedIdentifiers:
    """`req_000001`, `req_000002`, …; tokens that say whose turn they were."""

    def __init__(self) -> None:
        self._last = 0

    def new(self, prefix: str) -> str:
        self._last += 1
        return f"{prefix}_{self._last:06d}"

    def secret(self, prefix: str = TOKEN_PREFIX) -> str:
        self._last += 1
        return f"{prefix}test-secret-{self._last:06d}"


@dataclass
class FakeRecorder:
    """One network in memory. `footage` maps a native id to the starts of its 60 s films, recorder time.

    `failing` maps a method's name to the error that it raises; `calls` counts what was called.
    """

    cameras: list[CameraRecord | Rejection] = field(default_factory=list)
    places: list[PlaceRecord | Rejection] = field(default_factory=list)
    footage: dict[str, list[datetime]] = field(default_factory=dict)
    capabilities: frozenset[Capability] = ALL_CAPABILITIES
    clock_offset_ms: float | None = 0.0
    retention: timedelta = timedelta(days=1)
    failing: dict[str, Exception] = field(default_factory=dict)
    holds: dict[str, HoldReceipt] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    film_s: int = 60
    now: Callable[[], datetime] = lambda: NOW
    health: asyncio.Queue[HealthEvent] = field(default_factory=asyncio.Queue)

    def _called(self, name: str, capability: Capability | None = None) -> None:
        self.calls.append(name)
        if capability is not None and capability not in self.capabilities:
            raise NotSupported(f"this recorder cannot {name}")
        if name in self.failing:
            raise self.failing[name]

    async def list_cameras(self) -> AsyncIterator[CameraRecord | Rejection]:
        self._called("list_cameras")
        for record in list(self.cameras):
            yield record

    async def list_places(self) -> AsyncIterator[PlaceRecord | Rejection]:
        self._called("list_places", Capability.PLACES)
        for record in list(self.places):
            yield record

    async def take_snapshot(self, native_id: str) -> Snapshot:
        self._called("take_snapshot", Capability.SNAPSHOT)
        if not self.footage.get(native_id):
            raise NotFound(f"no picture of {native_id}")
        return Snapshot(
            native_id=native_id,
            captured_at=max(self.footage[native_id]),
            media_type="image/jpeg",
            data=grey_jpeg(),
        )

    async def list_spans(self, native_id: str, interval: Interval) -> FootageListing:
        self._called("list_spans", Capability.SPANS)
        spans = []
        for film in self._films(native_id):
            part = film.intersect(interval)
            if part is None:
                continue
            if spans and spans[-1].interval.end == part.start:
                joined = Interval(start=spans[-1].interval.start, end=part.end)
                spans[-1] = Span(interval=joined, overwrite_at=spans[-1].overwrite_at)
            else:
                spans.append(Span(interval=part, overwrite_at=film.end + self.retention))
        return FootageListing(spans=tuple(spans))

    def _films(self, native_id: str) -> list[Interval]:
        if native_id not in {*self.footage, *(getattr(each, "native_id", "") for each in self.cameras)}:
            raise NotFound(f"there is no camera {native_id}")
        starts = sorted(self.footage.get(native_id, []))
        return [Interval(start=start, end=start + timedelta(seconds=self.film_s)) for start in starts]

    async def open_footage(
        self, native_id: str, interval: Interval, hold: str | None = None
    ) -> AsyncIterator[FootageMessage]:
        self._called("open_footage", Capability.FOOTAGE)
        data = small_film(self.film_s)
        for n, film in enumerate(self._films(native_id)):
            if film.intersect(interval) is None:
                continue
            yield SegmentStart(name=f"{n}.mp4", container="mp4", starts_at=film.start, valid=film)
            yield SegmentData(data=data[: len(data) // 2])
            yield SegmentData(data=data[len(data) // 2 :])
            yield SegmentEnd(size=len(data))

    async def place_hold(self, order: HoldOrder) -> HoldReceipt:
        self._called("place_hold", Capability.HOLD)
        if order.key not in self.holds:
            listing = await self.list_spans(order.native_id, order.interval)
            held = tuple(span.interval for span in listing.spans)
            self.holds[order.key] = HoldReceipt(handle=order.key, held=held, until=order.until)
        return self.holds[order.key]

    async def release_hold(self, handle: str) -> None:
        self._called("release_hold", Capability.HOLD)
        self.holds.pop(handle, None)

    async def list_holds(self) -> AsyncIterator[HoldReceipt]:
        self._called("list_holds", Capability.HOLD)
        for receipt in list(self.holds.values()):
            yield receipt

    async def read_clock(self) -> ClockReading:
        self._called("read_clock", Capability.CLOCK)
        return ClockReading(offset_ms=self.clock_offset_ms, measured_at=self.now())

    async def watch_health(self) -> AsyncIterator[HealthEvent]:
        self._called("watch_health", Capability.HEALTH)
        while True:
            yield await self.health.get()

    async def aclose(self) -> None:
        self.calls.append("aclose")


def camera(native_id: str, **facts: Any) -> CameraRecord:
    """A camera at Gare du Nord unless told otherwise."""
    known: dict[str, Any] = {
        "native_id": native_id,
        "name": f"Camera {native_id}",
        "kind": CameraKind.FIXED,
        "position": Position(lat=48.8809, lon=2.3553, accuracy_m=2.0),
        "views": (View(heading_deg=90.0, fov_deg=90.0, range_m=50.0),),
    }
    return CameraRecord(**(known | facts))


def settings(data: Path, **broker: Any) -> Settings:
    """Railway and metro with a recorder each, police with a list; both carriers let the police do everything."""
    agreement = {
        "partners": ["police"],
        "actions": ["locate", "view_snapshot", "view_live", "hold", "request_clip"],
        "purposes": ["public_safety", "judicial_inquiry"],
        "valid": "2026-01-01T00:00:00Z/2027-01-01T00:00:00Z",
    }
    return Settings.model_validate(
        {
            "broker": {"data": data, **LEDGERS.options(), **BUCKETS.options(), **broker},
            "limits": UNLIMITED,
            "agency": [
                {"id": "rail", "name": "Railway"},
                {"id": "metro", "name": "Metro"},
                {"id": "police", "name": "Police"},
                {"id": "town", "name": "Town"},
            ],
            "network": [
                {"id": "rail-cctv", "agency": "rail", "adapter": "rail-cctv"},
                {"id": "metro-cctv", "agency": "metro", "adapter": "metro-cctv"},
                {"id": "police-list", "agency": "police", "adapter": "police-list"},
            ],
            "agreement": [
                {"id": "rail-police", "owner": "rail", **agreement},
                {"id": "metro-police", "owner": "metro", **agreement},
            ],
            "base_dir": data,
        }
    )


@dataclass(frozen=True)
class SignedIn:
    """An officer with their token; calls go out with the purpose unless it is None."""

    id: str
    token: str
    http: httpx.AsyncClient

    def headers(self, purpose: str | None = "judicial_inquiry", **more: str) -> dict[str, str]:
        stated = {"Authorization": f"Bearer {self.token}", **more}
        return stated if purpose is None else stated | {"Entrevue-Purpose": purpose}

    async def get(self, path: str, purpose: str | None = "judicial_inquiry", **more: Any) -> httpx.Response:
        return await self.http.get(path, headers=self.headers(purpose), **more)

    async def post(
        self, path: str, body: Any, purpose: str | None = "judicial_inquiry", **headers: str
    ) -> httpx.Response:
        return await self.http.post(path, json=body, headers=self.headers(purpose, **headers))


@dataclass(frozen=True)
class TestBroker:
    """A whole broker of one process. Its recorders are `rail`, `metro` (everything) and `police` (a list)."""

    __test__ = False

    broker: Broker
    clock: StandingClock
    rail: FakeRecorder
    metro: FakeRecorder
    police: FakeRecorder
    http: httpx.AsyncClient

    async def officer(self, agency: str, *roles: Role, until: datetime | None = None) -> SignedIn:
        new = NewOfficer(
            agency=agency,
            name=f"Test {agency}",
            service="Tests",
            personnel_number=f"T-{agency}-{next(_PERSONNEL)}",
            roles=frozenset(roles),
            designated_by="tests",
            until=until,
        )
        added, issued = await self.broker.services.officers.add_officer(new)
        return SignedIn(added.id, issued.token, self.http)

    async def synchronise(self) -> None:
        """Every network; a test that lists few of the cameras it had means it."""
        for network in ("rail-cctv", "metro-cctv", "police-list"):
            await self.believed(network)
        await self.broker.follower.catch_up()

    async def believed(self, network: str) -> NetworkReport:
        """One network; what is held is confirmed."""
        report = await self.broker.ingest.synchronise(network)
        if report.held is None or report.held.found == 0:
            return report
        await self.broker.ingest.confirm(network)
        return await self.broker.ingest.synchronise(network)

    async def work(self) -> int:
        """Carries out everything that is due."""
        return await self.broker.worker.run_due()


def recorded_minutes(first: datetime, count: int) -> list[datetime]:
    return [first + timedelta(minutes=n) for n in range(count)]


def default_recorders() -> dict[str, FakeRecorder]:
    """Ten minutes of footage until now on `r1`, `r2` and `m1`; `secret` is reserved."""
    films = recorded_minutes(NOW - timedelta(minutes=10), 10)
    rail = FakeRecorder(
        cameras=[camera("r1"), camera("r2"), camera("secret", tags=("reserved",))],
        footage={"r1": films, "r2": films, "secret": films},
    )
    metro = FakeRecorder(cameras=[camera("m1")], footage={"m1": films})
    police = FakeRecorder(cameras=[camera("p1", name="Street")], capabilities=frozenset())
    return {"rail-cctv": rail, "metro-cctv": metro, "police-list": police}


def loader(recorders: dict[str, FakeRecorder]) -> Callable[[str], AdapterFactory]:
    """Stands for the registry: an adapter's name is its network's."""

    def load(name: str) -> AdapterFactory:
        def create(options: dict[str, Any], context: AdapterContext) -> FakeRecorder:
            return recorders[name]

        return create

    return load


@asynccontextmanager
async def open_test_broker(
    data: Path,
    redis: Redis,
    recorders: dict[str, FakeRecorder] | None = None,
    clock: StandingClock | None = None,
    configuration: Settings | None = None,
) -> AsyncIterator[TestBroker]:
    """A broker on a temporary ledger and the given Redis; nothing runs in the background."""
    recorders = recorders or default_recorders()
    clock = clock or StandingClock()
    configured = configuration or settings(data)
    host = Host(clock, NumberedIdentifiers(), random.Random(7), loader(recorders))  # noqa: S311 - only jitter
    async with open_ledger(configured) as ledger:
        broker = build(configured, host, ledger, CatalogStore(redis))
        await broker.services.agreements.seed(configured)
        transport = httpx.ASGITransport(create_api(broker.services), raise_app_exceptions=False)

        async def catch_up(_request: httpx.Request) -> None:
            await broker.follower.catch_up()

        hooks = {"request": [catch_up]}  # what was synchronised is known before the next call
        async with httpx.AsyncClient(
            transport=transport, base_url="http://127.0.0.1:8080", event_hooks=hooks
        ) as http:
            rail, metro, police = (recorders[n] for n in ("rail-cctv", "metro-cctv", "police-list"))
            yield TestBroker(broker, clock, rail, metro, police, http)
        await broker.recorders.aclose()
        await broker.services.identity.client.aclose()
        await broker.services.authority.noted()
    LEDGERS.drop(ledger_place(configured))


def submission(camera_ids: Iterable[str], interval: Interval, **more: Any) -> dict[str, Any]:
    """A body for `POST /v1/requests`."""
    return {
        "case_ref": "PV-2026-001",
        "purpose": "judicial_inquiry",
        "legal_basis": {"kind": "judicial_requisition", "reference": "R-1"},
        "reason": "Theft",
        "items": [{"camera_id": name, "interval": str(interval)} for name in camera_ids],
    } | more


LAST_MINUTES = Interval(
    start=NOW - timedelta(minutes=5, seconds=3), end=NOW - timedelta(minutes=3, seconds=1)
)


def fail_with(error: AdapterError) -> dict[str, Exception]:
    """Every method fails."""
    names = (
        "list_cameras",
        "list_places",
        "take_snapshot",
        "list_spans",
        "open_footage",
        "place_hold",
        "release_hold",
    )
    return dict.fromkeys(names, error)
