"""Where cameras stand: real places, inside the area that the network covers."""

import math

from adapters.conformance.bench import Bench
from adapters.conformance.reading import all_of, cameras_of
from adapters.conformance.verdicts import demand
from adapters.contract.capabilities import Capability
from adapters.contract.models import PlaceRecord, Position


async def _positions(bench: Bench) -> list[tuple[str, Position]]:
    async with bench.adapter() as adapter:
        located = [(each.native_id, each.position) for each in await cameras_of(adapter)]
        if Capability.PLACES in adapter.capabilities:
            places = await all_of(adapter.list_places())
            located += [(each.native_id, each.position) for each in places if isinstance(each, PlaceRecord)]
    return [(name, position) for name, position in located if position is not None]


async def coordinates_are_finite_and_in_range(bench: Bench) -> None:
    """Latitudes within ±90, longitudes within ±180, nothing infinite."""
    for name, position in await _positions(bench):
        numbers = [position.lat, position.lon, position.elevation_m or 0.0, position.accuracy_m or 0.0]
        demand(all(map(math.isfinite, numbers)), f"{name!r} stands where no number is finite")
        demand(abs(position.lat) <= 90 and abs(position.lon) <= 180, f"{name!r} stands outside the Earth")


async def cameras_stand_in_the_declared_area(bench: Bench) -> None:
    """Nothing lies outside the network's area; swapped latitude and longitude do."""
    if bench.area is None:
        return
    min_lon, min_lat, max_lon, max_lat = bench.area
    outside = [
        (name, position)
        for name, position in await _positions(bench)
        if not (min_lat <= position.lat <= max_lat and min_lon <= position.lon <= max_lon)
    ]
    if outside:
        name, at = outside[0]
        swapped = min_lat <= at.lon <= max_lat and min_lon <= at.lat <= max_lon
        hint = "; latitude and longitude look swapped" if swapped else ""
        demand(False, f"{len(outside)} stand outside, {name!r} at {at.lat}, {at.lon} among them{hint}")
