"""From one call that holds footage of many cameras until every recorder keeps it.

    python -m benchmarks.holds [--cameras 1000] [--recorders 5] [--answer-ms 50] [--rounds 5]

A whole broker in one process: embedded Valkey, SQLite with `synchronous=FULL`, its worker running. Each recorder
answers each call after the same while, however many it is asked at once. Counted is the submitting call over the
application's own interface, and the time from its beginning until the last hold is placed. `peers` has the time that
the recorders alone would take, asked one by one, and so many at a time as the broker asks one of them.
"""

import argparse
import asyncio
import json
import random
import statistics
import tempfile
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import httpx

from adapters.contract.capabilities import Capability
from adapters.contract.models import (
    CameraKind,
    CameraRecord,
    FootageListing,
    HoldOrder,
    HoldReceipt,
    Interval,
    Position,
    Span,
)
from adapters.contract.protocol import AdapterContext, AdapterFactory
from broker.agencies.models import NewOfficer, Role
from broker.api import create_api
from broker.app import Broker, Host, open_broker
from broker.background import background
from broker.catalog.embedded import OwnedData
from broker.clock import SystemClock
from broker.holds.carrying.jobs import AT_A_TIME
from broker.identifiers import RandomIdentifiers
from broker.settings import Settings

CALLS: Final = 2
"""What one hold asks of its recorder: to keep the footage, and what there is of it."""

MOST: Final = 1000


class SlowRecorder:
    """Cameras with a day of footage; each answer takes its time."""

    capabilities = frozenset({Capability.SPANS, Capability.HOLD, Capability.FOOTAGE})

    def __init__(self, name: str, cameras: int, answer_s: float) -> None:
        self._name = name
        self._cameras = cameras
        self._answer_s = answer_s
        self.holds: dict[str, HoldReceipt] = {}

    async def list_cameras(self) -> AsyncIterator[CameraRecord]:
        for n in range(self._cameras):
            yield CameraRecord(
                native_id=f"{self._name}-{n}",
                name=f"{self._name} {n}",
                kind=CameraKind.FIXED,
                position=Position(lat=48.88 + n * 1e-6, lon=2.355),
            )

    async def list_spans(self, native_id: str, interval: Interval) -> FootageListing:
        await asyncio.sleep(self._answer_s)
        return FootageListing(spans=(Span(interval=interval, overwrite_at=interval.end + timedelta(days=1)),))

    async def place_hold(self, order: HoldOrder) -> HoldReceipt:
        await asyncio.sleep(self._answer_s)
        return self.holds.setdefault(order.key, HoldReceipt(handle=order.key, held=(order.interval,)))

    async def list_holds(self) -> AsyncIterator[HoldReceipt]:
        for receipt in list(self.holds.values()):
            yield receipt

    async def aclose(self) -> None:
        """Nothing is open."""


def main() -> None:
    """Prints one JSON object a row."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--cameras", type=int, default=1000)
    parser.add_argument("--recorders", type=int, default=5)
    parser.add_argument("--answer-ms", type=float, default=50)
    parser.add_argument("--rounds", type=int, default=5)
    chosen = parser.parse_args()
    if chosen.cameras > MOST:
        parser.error(f"one call holds at most {MOST} cameras")
    rows = measure(chosen.cameras, chosen.recorders, chosen.answer_ms / 1000, chosen.rounds)
    for row in asyncio.run(rows):
        print(json.dumps(row, ensure_ascii=False), flush=True)


async def measure(cameras: int, recorders: int, answer_s: float, rounds: int) -> list[dict[str, object]]:
    """Rows of the call, and of everything until the last hold is placed."""
    with tempfile.TemporaryDirectory(prefix="benchmark-holds-") as name:
        networks = {
            f"network-{n}": SlowRecorder(f"camera-{n}", cameras // recorders, answer_s)
            for n in range(recorders)
        }
        owned = OwnedData(Path(name) / "data")
        owned.take()
        host = Host(SystemClock(), RandomIdentifiers(), random.Random(7), _loader(networks))  # noqa: S311  # only jitter
        async with open_broker(_settings(Path(name), list(networks), cameras), host, owned) as broker:
            for network in networks:
                await broker.ingest.synchronise(network)
            await broker.follower.catch_up()
            async with background(broker, ingest=False, worker=True):
                times = [await _round(broker, cameras // recorders * recorders) for _ in range(rounds)]
    each = cameras // recorders * CALLS * answer_s
    return [
        _row(f"call that holds {cameras}", [call for call, _ in times], {}),
        _row(
            f"all of {cameras} placed at {recorders} recorders",
            [whole for _, whole in times],
            {"recorders, one call at a time": each, f"recorders, {AT_A_TIME} at a time": each / AT_A_TIME},
        ),
    ]


def _settings(folder: Path, networks: list[str], most: int) -> Settings:
    return Settings(
        base_dir=folder,
        broker={"data": folder / "data", "max_items": most},
        agency=[{"id": "metro", "name": "Metro"}],
        network=[{"id": network, "agency": "metro", "adapter": network} for network in networks],
    )


def _loader(recorders: dict[str, SlowRecorder]) -> Any:
    def load(name: str) -> AdapterFactory:
        def create(options: dict[str, Any], context: AdapterContext) -> Any:
            return recorders[name]

        return create

    return load


async def _round(broker: Broker, count: int) -> tuple[float, float]:
    """Seconds until the call was answered, and until the last hold was placed."""
    officers = broker.services.officers
    operator, issued = await officers.add_officer(
        NewOfficer(
            agency="metro",
            name="Benchmark",
            service="Benchmarks",
            personnel_number=f"B-{time.monotonic_ns()}",
            roles=frozenset({Role.OPERATOR}),
            designated_by="benchmark",
        )
    )
    now = datetime.now(UTC)
    interval = Interval(start=now - timedelta(minutes=10), end=now - timedelta(minutes=5))
    body = {
        "area": {"lat": 48.88, "lon": 2.355, "radius_m": 20_000},
        "interval": str(interval),
        "reason": "A round of the benchmark",
    }
    transport = httpx.ASGITransport(create_api(broker.services))
    headers = {"Authorization": f"Bearer {issued.token}", "Entrevue-Purpose": "public_safety"}
    async with httpx.AsyncClient(
        transport=transport, base_url="http://127.0.0.1:8080", headers=headers
    ) as http:
        began = time.perf_counter()
        answer = await http.post("/v1/holds", json=body)
        answered = time.perf_counter()
        answer.raise_for_status()
        if len(answer.json()["holds"]) != count:
            raise RuntimeError(f"{len(answer.json()['holds'])} holds were ordered, not {count}")
    while await broker.ledger.read(lambda c: _placed(c, operator.id)) < count:
        await asyncio.sleep(0.02)
    return answered - began, time.perf_counter() - began


def _placed(connection: Any, officer_id: str) -> int:
    query = "SELECT count(*) FROM holds WHERE officer_id = ? AND state = 'held'"
    found: int = connection.exec_driver_sql(query, (officer_id,)).scalar_one()
    return found


def _row(case: str, times: list[float], peers: dict[str, float]) -> dict[str, object]:
    ours = statistics.median(times)
    return {
        "case": case,
        "ours": round(ours, 3),
        "worst": round(max(times), 3),
        "unit": "s",
        "peers": {name: round(figure, 3) for name, figure in peers.items()},
        "ratio": round(min(peers.values()) / ours, 2) if peers else None,
        "absent": [],
    }


if __name__ == "__main__":
    main()
