"""How long rights take after the policy changed: an agreement with an area of 200 vertices, over many cameras.

    python -m benchmarks.policy [--cameras 1000000] [--rounds 9]

Each round activates another version of one agreement, whose outline covers about half of the cameras, beside those that
every owner has already. Counted is the time in which the masks of all cameras are there for the first officer who
asks; then for a second officer of other roles, for whom nothing is measured anew; and the longest time for which
another caller's call had to wait meanwhile, told by a ticking task of the same event loop. `peers` has shapely
asked about every point for itself, which gives the area's mask alone.
"""

import argparse
import asyncio
import json
import statistics
import time
from datetime import timedelta
from typing import Final

import numpy as np
import shapely
from shapely.geometry import Polygon, mapping

from benchmarks.search.questions import Asked, asked_of
from benchmarks.search.world import NOW, PURPOSE, clustered
from broker.agencies.models import Agreement, PolicyBook, Role

VERTICES: Final = 200
TICK_S: Final = 0.001


def main() -> None:
    """Prints one JSON object a row."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--cameras", type=int, nargs="+", default=[1_000_000])
    parser.add_argument("--rounds", type=int, default=9)
    chosen = parser.parse_args()
    for count in chosen.cameras:
        for row in asyncio.run(_rows(count, chosen.rounds)):
            print(json.dumps(row, ensure_ascii=False), flush=True)


async def _rows(count: int, rounds: int) -> list[dict[str, object]]:
    asked = await asked_of(clustered(count))
    first, second, waited, peer = [], [], [], []
    for n in range(rounds):
        area = _outline(asked, n)
        book = _changed(asked, area, version=n + 2)
        times, longest = await _watched(asked, book)
        first.append(times[0])
        second.append(times[1])
        waited.append(longest)
        peer.append(_each_point(asked, area))
    return [
        _row(f"first masks after a change {count}", first, {"shapely alone": statistics.median(peer)}),
        _row(f"masks of the next sort of officer {count}", second, {}),
        _row(f"longest wait of others meanwhile {count}", waited, {}),
    ]


def _row(case: str, times_s: list[float], peers: dict[str, float]) -> dict[str, object]:
    ours = statistics.median(times_s)
    row: dict[str, object] = {
        "case": case,
        "ours": round(ours, 4),
        "unit": "s",
        "worst": round(max(times_s), 4),
    }
    row["peers"] = {name: round(figure, 4) for name, figure in peers.items()}
    if peers:
        row["ratio"] = round(min(peers.values()) / ours, 2)
    return row | {"absent": []}


async def _watched(asked: Asked, book: PolicyBook) -> tuple[tuple[float, float], float]:
    """The times of two officers, one after the other, and the longest that a tick came late."""
    late = [0.0]

    async def tick() -> None:
        while True:
            before = time.perf_counter()
            await asyncio.sleep(TICK_S)
            late.append(time.perf_counter() - before - TICK_S)

    ticking = asyncio.create_task(tick())
    await asyncio.sleep(5 * TICK_S)
    one = asked.world.officer
    other = one.model_copy(update={"roles": frozenset({Role.OPERATOR})})
    times = []
    for officer in (one, other):
        before = time.perf_counter()
        asked.index.rights(officer, PURPOSE, book, NOW)
        times.append(time.perf_counter() - before)
        await asyncio.sleep(5 * TICK_S)
    ticking.cancel()
    return (times[0], times[1]), max(late)


def _outline(asked: Asked, seed: int) -> Polygon:
    """Round the middle of the cameras, as far out as every second of them stands, with an edge like a town's."""
    columns = asked.index.table.policy_columns()
    lon, lat = float(np.nanmedian(columns.lon_deg)), float(np.nanmedian(columns.lat_deg))
    reach = float(np.nanmedian(np.hypot(columns.lon_deg - lon, columns.lat_deg - lat)))
    chance = np.random.default_rng(seed)
    angle = np.linspace(0, 2 * np.pi, VERTICES, endpoint=False)
    radius = reach * (0.9 + 0.2 * chance.random(VERTICES))
    return Polygon(np.column_stack((lon + radius * np.cos(angle), lat + radius * np.sin(angle))))


def _changed(asked: Asked, area: Polygon, version: int) -> PolicyBook:
    """Every owner's agreement as it was, and the new version of the one whose area changed."""
    agreements = asked.world.book.agreements
    changed: list[Agreement] = [
        each.model_copy(
            update={
                "id": f"{each.id}-area",
                "version": version,
                "activated_at": NOW + timedelta(seconds=version),
                "terms": each.terms.model_copy(update={"area": mapping(area)}),
            }
        )
        for each in agreements[:1]
    ]
    return PolicyBook(version=version, agreements=(*agreements, *changed))


def _each_point(asked: Asked, area: Polygon) -> float:
    columns = asked.index.table.policy_columns()
    lon, lat = columns.lon_deg.copy(), columns.lat_deg.copy()
    fresh = shapely.from_wkb(shapely.to_wkb(area))
    before = time.perf_counter()
    shapely.prepare(fresh)
    shapely.intersects_xy(fresh, lon, lat)
    return time.perf_counter() - before


if __name__ == "__main__":
    main()
