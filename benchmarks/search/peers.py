"""The stores that could answer a radius question with every filter: Redis and PostGIS.

Redis knows what is near (`GEOSEARCH`) and each camera's facts (`HMGET`, all of them in one pipeline); sight, rights
and the rest are decided from these by the caller. PostGIS answers by one prepared statement over a GiST index.
"""

import math
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import numpy as np
from redis import Redis

from benchmarks.search.world import KINDS, LEVELS, NOW, STATUSES, WORDS, World
from broker.catalog.questions import Question, Radius

CHUNK: Final = 5_000
FACTS: Final = (
    "owner",
    "network",
    "kind",
    "level",
    "status",
    "text",
    "begin",
    "end",
    "heading",
    "fov",
    "range",
)


class RedisPeer:
    """`GEOSEARCH` and `HMGET` over a private socket, with hiredis."""

    def __init__(self, socket: Path) -> None:
        self._redis: Any = Redis(unix_socket_path=str(socket), decode_responses=True)

    def fill(self, world: World) -> None:
        for start in range(0, len(world.columns), CHUNK):
            pipeline = self._redis.pipeline(transaction=False)
            for row, facts in _rows(world, range(start, min(start + CHUNK, len(world.columns)))):
                pipeline.geoadd("peer:places", (facts["lon"], facts["lat"], row))
                kept = {name: facts[name] for name in FACTS if facts[name] is not None}
                pipeline.hset(f"peer:{row}", mapping=kept)
            pipeline.execute()

    def answer(self, question: Question) -> int:
        area = question.area
        if not isinstance(area, Radius) or question.interval is None or question.kind is None:
            raise TypeError("the question is of a radius, with every filter")
        near = self._redis.geosearch(
            "peer:places",
            longitude=area.lon_deg,
            latitude=area.lat_deg,
            radius=area.radius_m,
            unit="m",
            sort="ASC",
            withdist=True,
            withcoord=True,
        )
        pipeline = self._redis.pipeline(transaction=False)
        for row, *_ in near:
            pipeline.hmget(f"peer:{row}", *FACTS)
        begin_s, end_s = question.interval.start.timestamp(), question.interval.end.timestamp()
        page = []
        for (row, distance_m, (lon, lat)), facts in zip(near, pipeline.execute(), strict=True):
            owner, network, kind, level, status, text, begin, end, heading, fov, reach = facts
            if (
                owner == question.agency
                and network == question.network
                and kind == question.kind.value
                and level == question.level
                and status == "up"
                and str(question.text) in text
                and begin is not None
                and float(begin) < end_s
                and float(end) > begin_s
                and _may_see(heading, fov, reach, distance_m, lat, lon, area)
            ):
                page.append((row, distance_m))
                if len(page) == question.limit:
                    break
        return len(page)


def _may_see(
    heading: str | None,
    fov: str | None,
    reach: str | None,
    distance_m: float,
    lat: float,
    lon: float,
    area: Radius,
) -> bool:
    if heading is None or fov is None or reach is None:
        return True
    if distance_m > float(reach):
        return False
    east = (area.lon_deg - lon) * math.cos(math.radians(lat))
    bearing = math.degrees(math.atan2(east, area.lat_deg - lat))
    return float(fov) >= 360 or abs((bearing - float(heading) + 180) % 360 - 180) <= float(fov) / 2


class PostgisPeer:
    """One prepared statement on `POSTGIS_URL`'s database; the table is dropped afterwards."""

    TABLE = """
        CREATE TABLE peer_cameras (
            id integer PRIMARY KEY, place geography(Point), owner text, network text, kind text, level text,
            status text, text text, begins double precision, ends double precision, heading real, fov real,
            reach real)"""
    QUERY = """
        SELECT id, distance FROM (
            SELECT id, text, heading, fov, reach, ST_Distance(place, point) AS distance,
                   degrees(ST_Azimuth(place, point)) AS bearing
            FROM peer_cameras, (SELECT ST_MakePoint(%(lon)s, %(lat)s)::geography AS point) AS asked
            WHERE ST_DWithin(place, point, %(radius_m)s) AND owner = %(owner)s AND network = %(network)s
              AND kind = %(kind)s AND level = %(level)s AND status = 'up' AND owner = ANY(%(owners)s)
              AND begins < %(end)s AND ends > %(begin)s AND text LIKE %(text)s) AS near
        WHERE heading IS NULL OR (distance <= reach AND (fov >= 360
              OR abs(bearing - heading + 180 - floor((bearing - heading + 180) / 360) * 360 - 180) <= fov / 2))
        ORDER BY distance, id LIMIT %(limit)s"""

    def __init__(self, connection: Any) -> None:
        self._connection = connection
        self._owners: list[str] = []

    def fill(self, world: World) -> None:
        """Rows by COPY, then the index and the statistics."""
        self._owners = sorted({world.agency_of(network) for network in world.networks})
        with self._connection.cursor() as cursor:
            cursor.execute("DROP TABLE IF EXISTS peer_cameras")
            cursor.execute(self.TABLE)
            with cursor.copy("COPY peer_cameras FROM STDIN") as copy:
                for row, facts in _rows(world, range(len(world.columns))):
                    copy.write_row(
                        (
                            row,
                            _point(facts["lon"], facts["lat"]),
                            *(facts[name] for name in FACTS),
                        )
                    )
            cursor.execute("CREATE INDEX ON peer_cameras USING gist (place)")
            cursor.execute("ANALYZE peer_cameras")

    def answer(self, question: Question) -> int:
        area = question.area
        if not isinstance(area, Radius) or question.interval is None or question.kind is None:
            raise TypeError("the question is of a radius, with every filter")
        values = {
            "lon": area.lon_deg,
            "lat": area.lat_deg,
            "radius_m": area.radius_m,
            "owner": question.agency,
            "network": question.network,
            "kind": question.kind.value,
            "level": question.level,
            "owners": self._owners,
            "begin": question.interval.start.timestamp(),
            "end": question.interval.end.timestamp(),
            "text": f"%{question.text}%",
            "limit": question.limit,
        }
        with self._connection.cursor() as cursor:
            return len(cursor.execute(self.QUERY, values, prepare=True).fetchall())


@contextmanager
def postgis(url: str | None) -> Iterator[PostgisPeer | None]:
    """The peer, None without an address or without the driver."""
    if url is None:
        yield None
        return
    try:
        import psycopg  # noqa: PLC0415  # of no use to anything but this peer, and it may be missing
    except ImportError:
        yield None
        return
    with psycopg.connect(url, autocommit=True) as connection:
        yield PostgisPeer(connection)
        connection.execute("DROP TABLE IF EXISTS peer_cameras")


def _rows(world: World, rows: range) -> Iterator[tuple[int, dict[str, Any]]]:
    columns, now = world.columns, NOW.timestamp()
    for row in rows:
        network = world.networks[int(columns.network[row])]
        stated = not np.isnan(columns.fov_deg[row])
        filmed = not np.isnan(columns.footage_begins_s[row])
        word = WORDS[int(columns.word[row])]
        yield (
            row,
            {
                "lat": float(columns.lat_deg[row]),
                "lon": float(columns.lon_deg[row]),
                "owner": world.agency_of(network),
                "network": network,
                "kind": KINDS[int(columns.kind[row])],
                "level": LEVELS[int(columns.level[row])],
                "status": STATUSES[int(columns.status[row])],
                "text": f"{word} {row % 997}, camera {row} {network}:{row}",
                "begin": now - float(columns.footage_begins_s[row]) if filmed else None,
                "end": now - float(columns.footage_ends_s[row]) if filmed else None,
                "heading": float(columns.heading_deg[row]) if stated else None,
                "fov": float(columns.fov_deg[row]) if stated else None,
                "range": float(columns.range_m[row]) if stated else None,
            },
        )


def _point(lon: float, lat: float) -> str:
    """A point as extended well-known binary, in hexadecimal."""
    return struct.pack("<BIIdd", 1, 0x20000001, 4326, lon, lat).hex()
