"""A camera outside its network's declared area is put into quarantine, and swapped coordinates are called so."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from redis.asyncio import Redis

from adapters.contract.models import Position
from broker.ingest.area import BoxArea, PolygonArea, why_outside
from broker.settings import Settings
from broker.settings.sections import NetworkSettings
from tests.world import camera, default_recorders, open_test_broker, settings

PARIS = (2.2, 48.8, 2.5, 48.95)
TRIANGLE = {"type": "Polygon", "coordinates": [[[2.0, 48.0], [3.0, 48.0], [2.0, 49.0], [2.0, 48.0]]]}


def with_area(data: Path, area: object) -> Settings:
    configured = settings(data)
    networks = tuple(
        network.model_copy(update={"area": area}) if network.id == "rail-cctv" else network
        for network in configured.network
    )
    return configured.model_copy(update={"network": networks})


async def test_a_camera_outside_is_not_used_and_says_why(tmp_path: Path, redis: Redis) -> None:
    recorders = default_recorders()
    recorders["rail-cctv"].cameras += [
        camera("swapped", position=Position(lat=2.3553, lon=48.8809)),
        camera("lyon", position=Position(lat=45.76, lon=4.83)),
        camera("nowhere", position=None, place="Gare du Nord"),
    ]
    configured = with_area(tmp_path / "data", PARIS)
    async with open_test_broker(tmp_path / "data", redis, recorders, configuration=configured) as broker:
        report = await broker.broker.ingest.synchronise("rail-cctv")
        listed = {c.id for c in await broker.broker.catalog.network_cameras("rail-cctv")}
        quarantine = await broker.broker.catalog.quarantine("rail-cctv")
    assert report.found == 4
    assert listed == {f"rail-cctv:{name}" for name in ("r1", "r2", "secret", "nowhere")}
    assert {(record.reason, record.examples) for record in quarantine} == {
        (
            "lat 2.3553, lon 48.8809 is outside the network's area; lat and lon look swapped",
            ("rail-cctv:swapped",),
        ),
        ("lat 45.76, lon 4.83 is outside the network's area", ("rail-cctv:lyon",)),
    }


@pytest.mark.parametrize("content", [None, "{", json.dumps({"type": "Point", "coordinates": [1, 2]})])
async def test_an_area_that_cannot_be_read_stops_the_network_and_says_so(
    tmp_path: Path, redis: Redis, content: str | None
) -> None:
    file = tmp_path / "area.geojson"
    if content is not None:
        file.write_text(content)
    configured = with_area(tmp_path / "data", file)
    async with open_test_broker(tmp_path / "data", redis, configuration=configured) as broker:
        report = await broker.broker.ingest.synchronise("rail-cctv")
        assert report.error is not None
        assert report.error.startswith("misconfigured: the area ")
        assert await broker.broker.catalog.network_cameras("rail-cctv") == []
        file.write_text(json.dumps(TRIANGLE))
        assert (await broker.broker.ingest.synchronise("rail-cctv")).error is None


def test_polygons_of_a_file_hold_what_is_inside(tmp_path: Path) -> None:
    file = tmp_path / "area.geojson"
    file.write_text(json.dumps({"type": "FeatureCollection", "features": [{"geometry": TRIANGLE}]}))
    area = PolygonArea(file)
    assert area.contains(48.2, 2.2)
    assert not area.contains(48.9, 2.9)
    assert why_outside(area, Position(lat=2.2, lon=48.2)) == (
        "lat 2.2, lon 48.2 is outside the network's area; lat and lon look swapped"
    )


def test_a_box_may_lie_over_the_antimeridian() -> None:
    fiji = BoxArea((176.0, -20.0, -178.0, -15.0))
    assert fiji.contains(-17, 177)
    assert fiji.contains(-17, -179)
    assert not fiji.contains(-17, 0)


@given(st.floats(-90, 90), st.floats(-180, 180))
def test_only_what_swapping_brings_inside_is_called_swapped(lat: float, lon: float) -> None:
    area = BoxArea(PARIS)
    why = why_outside(area, Position(lat=lat, lon=lon))
    assert (why is None) is area.contains(lat, lon)
    if why is not None:
        assert ("swapped" in why) is area.contains(lon, lat)


@pytest.mark.parametrize(
    "area",
    [(2, 49, 3, 48), (2, 48, 2, 49), (2, 48, 3, 91), (-181, 48, 3, 49), (2, 48, float("nan"), 49), (1, 2, 3)],
)
def test_a_box_that_is_none_is_refused(area: tuple[float, ...]) -> None:
    with pytest.raises(ValueError, match="area"):
        NetworkSettings(id="n", agency="a", adapter="x", area=area)
