"""Camera networks that look like cities: seeded, dense in their quarters, of several owners."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from adapters.contract.models import Interval
from broker.agencies.models import (
    Agreement,
    AgreementState,
    Approval,
    Designation,
    Officer,
    PolicyBook,
    Role,
    Terms,
)
from broker.catalog.models import NetworkReport

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]

NOW: Final = datetime(2026, 6, 15, 20, tzinfo=UTC)
PURPOSE: Final = "public_safety"
ASKER: Final = "prefecture"
SHARED_NETWORKS: Final = ("rail", "metro")
A_QUARTER: Final = 500
QUARTER_M: Final = 420.0
METRES_A_DEGREE: Final = 111_195.0
KINDS: Final = ("fixed", "dome", "ptz")
STATUSES: Final = ("up", "down", "unknown")
LEVELS: Final = ("0", "-1", "1")
WORDS: Final = ("rue", "place", "quai")


@dataclass(frozen=True)
class Columns:
    """The facts of n cameras; NaN where unknown. `network` is a code of `World.networks`, the times are seconds
    before `NOW`."""

    lat_deg: Floats
    lon_deg: Floats
    network: Codes
    kind: Codes
    level: Codes
    status: Codes
    word: Codes
    heading_deg: Floats
    fov_deg: Floats
    range_m: Floats
    footage_begins_s: Floats
    footage_ends_s: Floats
    snapshot_s: Floats

    def __len__(self) -> int:
        return len(self.lat_deg)


@dataclass(frozen=True)
class World:
    """Cameras, the networks that they belong to, and an officer who may use most of them."""

    name: str
    columns: Columns
    networks: tuple[str, ...]

    @property
    def ids(self) -> list[str]:
        names = self.networks
        return [f"{names[code]}:{row}" for row, code in enumerate(self.columns.network.tolist())]

    def agency_of(self, network: str) -> str:
        return network.partition("-")[0]

    @property
    def officer(self) -> Officer:
        always = Designation(
            designated_by="benchmark", valid_from=NOW - timedelta(days=9000), valid_until=None
        )
        return Officer(
            id="off",
            agency=ASKER,
            name="Benchmark",
            service="Benchmark",
            personnel_number="B",
            roles=frozenset({Role.OPERATOR, Role.INVESTIGATOR}),
            designations=(always,),
        )

    @property
    def book(self) -> PolicyBook:
        """One agreement an owner: everything but what is tagged, for public safety."""
        owners = sorted({self.agency_of(network) for network in self.networks})
        return PolicyBook(version=1, agreements=tuple(_agreement(owner) for owner in owners))

    @property
    def reports(self) -> dict[str, NetworkReport]:
        """Every network was just synchronised, and stays proven for the benchmark's day."""
        return {
            network: NetworkReport(
                network=network,
                agency=self.agency_of(network),
                synchronised_at=NOW,
                succeeded_at=NOW,
                refresh_s=86_400.0 * 10_000,
                found=0,
                added=0,
                changed=0,
                vanished=0,
                rejected=0,
            )
            for network in self.networks
        }

    def bodies(self, rows: range | None = None) -> Iterator[tuple[str, str, bytes]]:
        """Network, id and stored body of each camera, as a synchronisation writes them."""
        columns, encode = self.columns, msgspec.json.encode
        for row in rows if rows is not None else range(len(columns)):
            network = self.networks[int(columns.network[row])]
            camera = _body(columns, row, network, self.agency_of(network))
            yield network, camera["id"], encode(camera)


def _agreement(owner: str) -> Agreement:
    terms = Terms(
        owner=owner,
        partners=(ASKER,),
        networks=None,
        area=None,
        kinds=None,
        tags_any=None,
        tags_none=("private",),
        actions=("locate", "view_snapshot", "hold", "request_clip"),
        purposes=(PURPOSE,),
        valid=Interval(start=NOW - timedelta(days=9000), end=NOW + timedelta(days=9000)),
        approval=Approval.MANUAL,
        max_clip_s=None,
        hold_max_days=None,
        grace_days=0,
        audio=False,
    )
    return Agreement(
        id=f"{owner}-{ASKER}",
        version=1,
        state=AgreementState.ACTIVE,
        terms=terms,
        proposed_at=NOW,
        activated_at=NOW,
        ended_at=None,
    )


def _body(columns: Columns, row: int, network: str, agency: str) -> dict[str, Any]:
    word = WORDS[int(columns.word[row])]
    camera: dict[str, Any] = {
        "id": f"{network}:{row}",
        "network": network,
        "agency": agency,
        "name": f"{word.capitalize()} {row % 997}, caméra {row}",
        "kind": KINDS[int(columns.kind[row])],
        "position": {
            "lat": round(float(columns.lat_deg[row]), 7),
            "lon": round(float(columns.lon_deg[row]), 7),
            "accuracy_m": 3.0,
        },
        "level": LEVELS[int(columns.level[row])],
        "streams": [{"role": "main", "codec": "h264", "width": 1920, "height": 1080, "fps": 25.0}],
        "status": STATUSES[int(columns.status[row])],
        "status_since": NOW - timedelta(days=3),
        "retention_days": 30.0,
        "tags": ["private"] if row % 97 == 0 else ["street", word],
        "offers": ["clock", "footage", "snapshot", "spans"],
        "clock_offset_ms": 120.0,
    }
    if not math.isnan(columns.fov_deg[row]):
        view = {"fov_deg": float(columns.fov_deg[row]), "range_m": float(columns.range_m[row])}
        camera["views"] = [{"heading_deg": round(float(columns.heading_deg[row]), 1), **view}]
    begin, end = columns.footage_begins_s[row], columns.footage_ends_s[row]
    if not math.isnan(begin):
        start = NOW - timedelta(seconds=round(float(begin)))
        span = {"start": start, "end": NOW - timedelta(seconds=round(float(end)))}
        camera["spans"] = [{"interval": span, "overwrite_at": start + timedelta(days=30)}]
    if not math.isnan(columns.snapshot_s[row]):
        at = NOW - timedelta(seconds=round(float(columns.snapshot_s[row])))
        camera["snapshot"] = {
            "captured_at": at,
            "fetched_at": at,
            "vault_key": f"snapshots/{network}/{row}.jpg",
            "digest": f"{row:064x}",
        }
    return camera


def clustered(count: int, seed: int = 1) -> World:
    """Cities over France, one for about 20,000 cameras, each of quarters as dense whatever the count is."""
    chance = np.random.default_rng(seed)
    cities = max(3, count // 20_000)
    centres = np.column_stack((chance.uniform(43.5, 49.5, cities), chance.uniform(-1.0, 6.5, cities)))
    shares = 1 / np.arange(1, cities + 1) ** 0.7
    city_of_quarter = chance.choice(cities, max(1, count // A_QUARTER), p=shares / shares.sum())
    spread_m = 600.0 * np.sqrt(np.bincount(city_of_quarter, minlength=cities))
    lat, lon = centres[city_of_quarter].T
    quarters = _scatter(chance, lat, lon, spread_m[city_of_quarter])
    quarter = chance.integers(0, len(city_of_quarter), count)
    lat, lon = _scatter(chance, quarters[0][quarter], quarters[1][quarter], np.full(count, QUARTER_M))
    return dressed(f"{count}", lat, lon, city_of_quarter[quarter], chance)


def dressed(name: str, lat: Floats, lon: Floats, city: Codes, chance: np.random.Generator) -> World:
    """Cameras at these points, most of them their city's, the others the railway's and the metro's."""
    count = len(lat)
    networks = tuple(f"town{code}-streets" for code in range(int(city.max()) + 1)) + SHARED_NETWORKS
    shared = chance.integers(len(networks) - len(SHARED_NETWORKS), len(networks), count)
    network = np.where(chance.random(count) < 0.9, city, shared)
    stated = chance.random(count) < 0.25
    filmed = chance.random(count) < 0.97
    begins = chance.uniform(86_400 * 2, 86_400 * 29, count)
    return World(
        name=name,
        columns=Columns(
            lat_deg=lat,
            lon_deg=lon,
            network=network,
            kind=chance.choice(3, count, p=(0.9, 0.06, 0.04)),
            level=chance.choice(3, count, p=(0.95, 0.03, 0.02)),
            status=chance.choice(3, count, p=(0.96, 0.03, 0.01)),
            word=chance.choice(3, count, p=(0.96, 0.02, 0.02)),
            heading_deg=chance.uniform(0, 359, count),
            fov_deg=np.where(stated, chance.choice((60.0, 90.0, 360.0), count), np.nan),
            range_m=np.where(stated, 400.0, np.nan),
            footage_begins_s=np.where(filmed, begins, np.nan),
            footage_ends_s=np.where(filmed, 30.0, np.nan),
            snapshot_s=np.where(filmed, chance.uniform(10, 900, count), np.nan),
        ),
        networks=networks,
    )


def _scatter(
    chance: np.random.Generator, lat: Floats, lon: Floats, spread_m: Floats
) -> tuple[Floats, Floats]:
    north, east = chance.normal(0.0, spread_m), chance.normal(0.0, spread_m)
    return lat + north / METRES_A_DEGREE, lon + east / (METRES_A_DEGREE * np.cos(np.radians(lat)))
